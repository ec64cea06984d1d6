"""The group's control loop: as many instances as DesiredCapacity says, spread over the zones."""

from __future__ import annotations

from collections import Counter

from async_rollout.sandbox import activities, launching, leaving, victims
from async_rollout.sandbox.ground import AWS, Ground
from async_rollout.sandbox.records import Group, Instance
from async_rollout.sandbox.words import ALL_PROTECTED


def reconcile(ground: Ground, name: str) -> None:
    """Launch what is missing, terminate what is too much, even out the zones; each unless its process is suspended."""
    group = ground.state.groups[name]
    counted = _counted(ground, name)
    if group.status:
        _end(ground, name)
        return
    settling = sum(one.rebalances and one.booting for one in counted)
    surplus = len(counted) - settling - group.desired
    if surplus < 0 and group.runs("Launch"):
        _grow(ground, group, -surplus)
    elif surplus > 0 and group.runs("Terminate"):
        _shrink(ground, group, surplus)
    elif not surplus and not settling:
        _rebalance(ground, group, counted)


def _counted(ground: Ground, name: str) -> list[Instance]:
    return [one for one in ground.state.members(name) if one.counts]


def _end(ground: Ground, name: str) -> None:
    for one in ground.state.members(name):
        if not one.leaving:
            leaving.begin(ground, one.id, "the group is being deleted", AWS)
    if not ground.state.members(name):
        ground.drop_group(name)


def _grow(ground: Ground, group: Group, missing: int) -> None:
    why = (
        "an instance was started in response to a difference between desired and actual capacity, increasing the"
        f" capacity from {group.desired - missing} to {group.desired}"
    )
    for _ in range(missing):
        if not launching.launch(ground, group, by_emptiness(group, _counted(ground, group.name)), why):
            return


def by_emptiness(group: Group, members: list[Instance]) -> list[str]:
    """The zones, those with the fewest members first, else in the group's order."""
    count = Counter(one.zone for one in members)
    return sorted(group.zones, key=lambda zone: count[zone])


def _shrink(ground: Ground, group: Group, surplus: int) -> None:
    for _ in range(surplus):
        victim = victims.choose(ground.state, group, _counted(ground, group.name))
        if victim is None:
            activities.cancelled(ground, group.name, "group reached equilibrium", ALL_PROTECTED)
            return
        leaving.begin(ground, victim.id, "a difference between desired and actual capacity", AWS)


def _rebalance(ground: Ground, group: Group, counted: list[Instance]) -> None:
    """AZRebalance launches first; the one too many then goes from the fullest zone."""
    count = Counter(one.zone for one in counted)
    sizes = [count[zone] for zone in group.zones]
    if max(sizes) - min(sizes) >= 2 and group.runs("AZRebalance") and group.runs("Launch"):
        why = "an instance was launched to rebalance the zones"
        launching.launch(ground, group, by_emptiness(group, counted)[:1], why, rebalances=True)
