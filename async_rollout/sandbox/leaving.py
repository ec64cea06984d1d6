"""How an instance goes: Terminating, drained by AWS, terminating hooks, shutting down, gone."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox import activities, balancers, hooks
from async_rollout.sandbox.chronicle import What
from async_rollout.sandbox.ground import AWS, Ground
from async_rollout.sandbox.records import Activity, Group
from async_rollout.sandbox.words import at_minimum, no_instance

RETAINED = "The instance is retained: its terminating lifecycle action was abandoned or timed out"


def asked(ground: Ground, id: str, *, decrement: bool, who: str) -> Activity:
    """TerminateInstanceInAutoScalingGroup. Scale-in protection does not stop it."""
    one = ground.state.instances.get(id)
    if one is None or not one.member:
        raise no_instance(id)
    group = ground.state.groups[one.group]
    if one.leaving:
        return _again(ground, group, id, decrement=decrement, who=who)
    if decrement:
        _shrink(ground, group)
    ground.happened(What.TERMINATE, who, group.name, id, "decrement" if decrement else "replace")
    begin(ground, id, "a user request", who)
    ground.unsettled(group.name)
    return _activity(ground, group.name, id)


def _shrink(ground: Ground, group: Group) -> None:
    if group.desired <= group.minimum:
        raise at_minimum(group.minimum)
    ground.put_group(replace(group, desired=group.desired - 1))


def _again(ground: Ground, group: Group, id: str, *, decrement: bool, who: str) -> Activity:
    """It is Terminating already; what AWS does then is not documented, so the world can be told.

    One that is retained ends, and takes nothing out of DesiredCapacity, as it holds no place there.
    """
    if ground.state.instances[id].retained:
        ground.happened(What.TERMINATE, who, group.name, id, "retained no longer")
        _shut_down(ground, id)
        return _activity(ground, group.name, id)
    if ground.second_terminate == "refuse":
        raise no_instance(id)
    if ground.second_terminate == "decrement" and decrement:
        _shrink(ground, group)
    ground.happened(What.TERMINATE, who, group.name, id, "again")
    ground.unsettled(group.name)
    return _activity(ground, group.name, id)


def _activity(ground: Ground, group: str, id: str) -> Activity:
    return next(one for one in reversed(ground.state.activities[group]) if one.instance == id and not one.launch)


def begin(ground: Ground, id: str, why: str, who: str) -> None:
    """Terminating, out of DesiredCapacity's count; AWS deregisters what is still registered and lets it drain."""
    one = ground.state.instances[id]
    group = ground.state.groups[one.group]
    if who == AWS:
        ground.happened(What.TERMINATE, who, group.name, id, why)
    ground.hook_waits.pop(id, None)
    for launch in (True, False):  # whatever was going on with it; a detachment, too
        activities.move(ground, group.name, id, "Cancelled", launch=launch)
    cause = f"instance {id} was taken out of service in response to {why}"
    activities.start(ground, group.name, id, one.zone, cause, launch=False)
    ground.put_instance(replace(one, lifecycle="Terminating"))
    until = balancers.remove(ground, group, id) if one.ec2 == "running" else ground.now
    if until > ground.now:
        activities.move(ground, group.name, id, "WaitingForELBConnectionDraining", launch=False)
        ground.after(until - ground.now, lambda: _drained(ground, id))
    else:
        _drained(ground, id)


def _drained(ground: Ground, id: str) -> None:
    one = ground.state.instances[id]
    activities.move(ground, one.group, id, "InProgress", launch=False)
    if one.ec2 != "running":
        _shut_down(ground, id)
        return
    group = ground.state.groups[one.group]
    hooks.wait(ground, group, id, lambda result: _hooked(ground, id, result), launching=False)


def _hooked(ground: Ground, id: str, result: str) -> None:
    """The instance lifecycle policy: whoever's hook was abandoned is kept, running, as it is."""
    one = ground.state.instances[id]
    if result == "ABANDON" and ground.state.groups[one.group].retains and one.ec2 == "running":
        activities.move(ground, one.group, id, "Cancelled", launch=False, message=RETAINED)
        ground.put_instance(replace(one, lifecycle="Terminating:Retained"))
        ground.happened(What.HOOK, AWS, one.group, id, "Terminating:Retained")
    else:
        _shut_down(ground, id)


def _shut_down(ground: Ground, id: str) -> None:
    one = ground.state.instances[id]
    ec2 = one.ec2 if one.ec2 == "terminated" else "shutting-down"
    lifecycle = "Terminating:Proceed" if one.retained else one.lifecycle
    ground.put_instance(replace(one, ec2=ec2, lifecycle=lifecycle))
    ground.after(ground.state.groups[one.group].physics.terminate, lambda: _gone(ground, id))


def _gone(ground: Ground, id: str) -> None:
    one = ground.state.instances[id]
    balancers.forget(ground, id)
    activities.move(ground, one.group, id, "Successful", launch=False)
    ground.put_instance(replace(one, ec2="terminated", lifecycle="Terminated"))
    ground.happened(What.GONE, AWS, one.group, id)
    if ground.state.groups[one.group].status and not ground.state.rosters[one.group]:
        ground.drop_group(one.group)


def die(ground: Ground, id: str, who: str) -> None:
    """EC2 ends the instance behind its group's back; the group's health check finds out."""
    one = ground.state.instances[id]
    if one.ec2 in ("pending", "running"):
        ground.put_instance(replace(one, ec2="terminated"))
        balancers.application_changed(ground, id)
        ground.happened(What.DIED, who, one.group, id)
        ground.disturbed(one.group)
