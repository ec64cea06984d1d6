"""Standby: out of service by its owner's wish, still a row, no health checks.

It holds no place in DesiredCapacity: ended from here (`leaving`), nothing comes for it, and a decrement is one more.
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox import activities, balancers, launching
from async_rollout.sandbox.chronicle import What
from async_rollout.sandbox.ground import Ground
from async_rollout.sandbox.membership import places_given_up
from async_rollout.sandbox.records import Activity
from async_rollout.sandbox.words import invalid, no_instance, not_running


def enter(ground: Ground, name: str, ids: tuple[str, ...], *, decrement: bool, who: str) -> tuple[Activity, ...]:
    """EnterStandby: deregistered and drained first. Without decrement AWS launches in their place."""
    group = ground.known(name)
    for id in ids:
        if id not in ground.state.rosters[name]:
            raise no_instance(id)
        if not ground.state.instances[id].in_service:
            raise invalid(f"The instance {id} is not in InService.")
    shrinks = places_given_up(ground, group, "place into standby", len(ids)) if decrement else ""
    told = tuple(_enter_one(ground, name, id, shrinks, who) for id in ids)
    ground.unsettled(name)
    return told


def _enter_one(ground: Ground, name: str, id: str, shrinks: str, who: str) -> Activity:
    ground.happened(What.STANDBY, who, name, id, "enter")
    why = f"instance {id} was moved to standby in response to a user request{shrinks}"
    told = activities.moved(ground, name, id, "Moving EC2 instance to Standby", why, launch=False)
    ground.put_instance(replace(ground.state.instances[id], lifecycle="EnteringStandby"))
    until = balancers.remove(ground, ground.state.groups[name], id)
    ground.after(until - ground.now, lambda: _entered(ground, id))
    return told


def _entered(ground: Ground, id: str) -> None:
    one = ground.state.instances[id]
    if one.lifecycle == "EnteringStandby":
        ground.put_instance(replace(one, lifecycle="Standby"))
        activities.move(ground, one.group, id, "Successful", launch=False)


def leave(ground: Ground, name: str, ids: tuple[str, ...], who: str) -> tuple[Activity, ...]:
    """ExitStandby: desired rises by as many; they boot no more, but are registered anew."""
    group = ground.known(name)
    if group.desired + len(ids) > group.maximum:
        raise invalid(f"AutoScalingGroup {name} has max-size={group.maximum}: no room for {len(ids)} more.")
    for id in ids:
        if id not in ground.state.rosters[name]:
            raise no_instance(id)
        if ground.state.instances[id].lifecycle != "Standby":
            raise invalid(f"The instance {id} is not in Standby.")
        if ground.state.instances[id].ec2 != "running":  # no load balancer would take it
            raise not_running(ground.state.instances[id])
    ground.put_group(replace(group, desired=group.desired + len(ids)))
    grows = f", increasing the capacity from {group.desired} to {group.desired + len(ids)}"
    return tuple(_leave_one(ground, name, id, grows, who) for id in ids)


def _leave_one(ground: Ground, name: str, id: str, grows: str, who: str) -> Activity:
    ground.happened(What.STANDBY, who, name, id, "exit")
    why = f"instance {id} was moved out of standby in response to a user request{grows}"
    told = activities.moved(ground, name, id, "Moving EC2 instance out of Standby", why, launch=True)
    ground.put_instance(replace(ground.state.instances[id], lifecycle="Pending"))
    launching.enter_service(ground, id)
    return told
