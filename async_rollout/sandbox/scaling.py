"""The group's control loop: as many instances as DesiredCapacity says, spread over the zones."""

from __future__ import annotations

from collections import Counter

from async_rollout.sandbox import activities, launching, leaving, victims
from async_rollout.sandbox.records import Group, Instance
from async_rollout.sandbox.simulation import AWS, Simulation
from async_rollout.sandbox.words import ALL_PROTECTED


def reconcile(simulation: Simulation, name: str) -> None:
    """Launch what is missing, terminate what is too much, even out the zones; each unless its process is suspended."""
    group = simulation.state.groups[name]
    counted = _counted(simulation, name)
    if group.status:
        _end(simulation, name)
        return
    settling = sum(one.rebalances and one.booting for one in counted)
    surplus = _untolerated(simulation, name, len(counted) - settling - group.desired)
    if surplus < 0 and group.runs("Launch"):
        _grow(simulation, group, -surplus)
    elif surplus > 0 and group.runs("Terminate"):
        _shrink(simulation, group, surplus)
    elif not surplus and not settling:
        _rebalance(simulation, group, counted)


def _counted(simulation: Simulation, name: str) -> list[Instance]:
    return [one for one in simulation.state.members(name) if one.counts]


def _untolerated(simulation: Simulation, name: str, surplus: int) -> int:
    """Without those that were launched beside DesiredCapacity. Where others went meanwhile they have their places."""
    tolerated = simulation.tolerated[name] = min(simulation.tolerated[name], max(surplus, 0))
    return surplus - tolerated


def _end(simulation: Simulation, name: str) -> None:
    for one in simulation.state.members(name):
        if not one.leaving:
            leaving.begin(simulation, one.id, "the group is being deleted", AWS)
    if not simulation.state.members(name):
        simulation.drop_group(name)


def _grow(simulation: Simulation, group: Group, missing: int) -> None:
    why = (
        "an instance was started in response to a difference between desired and actual capacity, increasing the"
        f" capacity from {group.desired - missing} to {group.desired}"
    )
    for _ in range(missing):
        if not launching.launch(simulation, group, by_emptiness(group, _counted(simulation, group.name)), why):
            return


def by_emptiness(group: Group, members: list[Instance]) -> list[str]:
    """The zones, those with the fewest members first, else in the group's order."""
    count = Counter(one.zone for one in members)
    return sorted(group.zones, key=lambda zone: count[zone])


def _shrink(simulation: Simulation, group: Group, surplus: int) -> None:
    for _ in range(surplus):
        victim = victims.choose(simulation.state, group, _counted(simulation, group.name))
        if victim is None:
            activities.cancelled(simulation, group.name, "group reached equilibrium", ALL_PROTECTED)
            return
        leaving.begin(simulation, victim.id, "a difference between desired and actual capacity", AWS)


def _rebalance(simulation: Simulation, group: Group, counted: list[Instance]) -> None:
    """AZRebalance launches first; the one too many then goes from the fullest zone."""
    count = Counter(one.zone for one in counted)
    sizes = [count[zone] for zone in group.zones]
    if max(sizes) - min(sizes) >= 2 and group.runs("AZRebalance") and group.runs("Launch"):
        why = "an instance was launched to rebalance the zones"
        launching.launch(simulation, group, by_emptiness(group, counted)[:1], why, rebalances=True)
