"""A group's load balancers and target groups: attached, and let go of."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox import balancers
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.simulation import AWS, Simulation
from async_rollout.sandbox.words import invalid

MOST = 10
"""Sources of one call (the user guide's quotas)."""


def attach(simulation: Simulation, name: str, ids: tuple[str, ...], who: str) -> None:
    """Every member in service is registered there, unless AddToLoadBalancer is suspended; one attached twice is none.

    ids: names of Classic Load Balancers, ARNs of target groups.
    """
    group = simulation.known(name)
    _check(simulation, ids)
    new = tuple(one for one in ids if one not in group.source_ids)
    _change(simulation, group, (*group.source_ids, *new), who, f"attached {' '.join(ids)}")
    if group.runs("AddToLoadBalancer"):
        for one in simulation.state.members(name):
            for source in new if one.in_service and one.ec2 == "running" else ():
                balancers.register(simulation, source, one.id, None, AWS)


def detach(simulation: Simulation, name: str, ids: tuple[str, ...], who: str) -> None:
    """Every member is deregistered there, and drains."""
    group = simulation.known(name)
    _check(simulation, ids)
    if missing := [one for one in ids if one not in group.source_ids]:
        raise invalid(f"Trying to remove {_kind(missing[0])} that are not part of the group")
    left = tuple(one for one in group.source_ids if one not in ids)
    _change(simulation, group, left, who, f"detached {' '.join(ids)}")
    for one in simulation.state.members(name):
        for source in ids:
            for each in simulation.state.registered(source, one.id):
                balancers.deregister(simulation, source, one.id, each.port, AWS)


def _check(simulation: Simulation, ids: tuple[str, ...]) -> None:
    if not 1 <= len(ids) <= MOST:
        raise invalid(f"Between 1 and {MOST} load balancers or target groups must be specified")
    for one in ids:
        if one not in simulation.state.sources:
            raise invalid(f"Provided {_kind(one)} may not be valid. Please ensure they exist and try again.")


def _kind(id: str) -> str:
    return "Target Groups" if id.startswith("arn:") else "Load Balancers"


def _change(simulation: Simulation, group: Group, ids: tuple[str, ...], who: str, why: str) -> None:
    classics = tuple(one for one in ids if simulation.state.sources[one].classic)
    targets = tuple(one for one in ids if not simulation.state.sources[one].classic)
    simulation.put_group(replace(group, classics=classics, target_groups=targets))
    simulation.happened(What.EDIT, who, group.name, detail=why)
    simulation.disturbed(group.name)
