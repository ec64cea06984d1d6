"""Standby: out of service by its owner's wish, still a row, no health checks.

It holds no place in DesiredCapacity: ended from here (`leaving`), nothing comes for it, and a decrement is one more.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox import balancers, launching
from async_rollout.sandbox.chronicle import What
from async_rollout.sandbox.ground import Ground
from async_rollout.sandbox.words import invalid, no_instance


def enter(ground: Ground, name: str, ids: tuple[str, ...], *, decrement: bool, who: str) -> None:
    """EnterStandby: deregistered and drained first. Without decrement AWS launches in their place."""
    group = ground.known(name)
    for id in ids:
        if id not in ground.state.rosters[name]:
            raise no_instance(id)
        if not ground.state.instances[id].in_service:
            raise invalid(f"The instance {id} is not in InService.")
    if decrement and group.desired - len(ids) < group.minimum:
        raise invalid(
            f"AutoScalingGroup {name} has min-size={group.minimum}, max-size={group.maximum}, and"
            f" desired-size={group.desired}. To place into standby {len(ids)} instance, please update the"
            " AutoScalingGroup sizes appropriately."
        )
    if decrement:
        ground.put_group(replace(group, desired=group.desired - len(ids)))
    for id in ids:
        _enter_one(ground, name, id, who)
    ground.unsettled(name)


def _enter_one(ground: Ground, name: str, id: str, who: str) -> None:
    ground.happened(What.STANDBY, who, name, id, "enter")
    ground.put_instance(replace(ground.state.instances[id], lifecycle="EnteringStandby"))
    until = balancers.remove(ground, ground.state.groups[name], id)
    ground.after(until - ground.now, lambda: _entered(ground, id))


def _entered(ground: Ground, id: str) -> None:
    if ground.state.instances[id].lifecycle == "EnteringStandby":
        ground.put_instance(replace(ground.state.instances[id], lifecycle="Standby"))


def leave(ground: Ground, name: str, ids: tuple[str, ...], who: str) -> None:
    """ExitStandby: desired rises by as many; they boot no more, but are registered anew."""
    group = ground.known(name)
    if group.desired + len(ids) > group.maximum:
        raise invalid(f"AutoScalingGroup {name} has max-size={group.maximum}: no room for {len(ids)} more.")
    for id in ids:
        if id not in ground.state.rosters[name]:
            raise no_instance(id)
        if ground.state.instances[id].lifecycle != "Standby":
            raise invalid(f"The instance {id} is not in Standby.")
    ground.put_group(replace(group, desired=group.desired + len(ids)))
    for id in ids:
        ground.happened(What.STANDBY, who, name, id, "exit")
        ground.put_instance(replace(ground.state.instances[id], lifecycle="Pending"))
        launching.enter_service(ground, id)
