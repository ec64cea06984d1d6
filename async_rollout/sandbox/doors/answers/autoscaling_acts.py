"""Auto Scaling's changes: each is one call of the world, which checks it as AWS would."""

from __future__ import annotations

from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table, required
from async_rollout.sandbox.doors.answers.autoscaling_facts import activity_row
from async_rollout.sandbox.records import Tag
from async_rollout.sandbox.world import Moved


def name_of(asked: Asked) -> str:
    return str(required(asked, "AutoScalingGroupName"))


def put_tags(asked: Asked) -> Params:
    for group, tags in _by_group(asked).items():
        asked.world.put_tags(group, [_tag(one) for one in tags], who=asked.who)
    return {}


def _tag(one: Params) -> Tag:
    return Tag(key=one["Key"], value=one.get("Value", ""), propagate=one.get("PropagateAtLaunch", False))


def delete_tags(asked: Asked) -> Params:
    for group, tags in _by_group(asked).items():
        asked.world.delete_tags(group, [one["Key"] for one in tags], who=asked.who)
    return {}


def _by_group(asked: Asked) -> dict[str, list[Params]]:
    """The tags of the call by their group; none is touched if one group is unknown."""
    sorted_out: dict[str, list[Params]] = {}
    for one in required(asked, "Tags"):
        asked.world.group(one.get("ResourceId", ""))
        sorted_out.setdefault(one["ResourceId"], []).append(one)
    return sorted_out


def suspend(asked: Asked) -> Params:
    asked.world.suspend(name_of(asked), asked.names("ScalingProcesses"), who=asked.who)
    return {}


def resume(asked: Asked) -> Params:
    asked.world.resume(name_of(asked), asked.names("ScalingProcesses"), who=asked.who)
    return {}


def set_desired(asked: Asked) -> Params:
    asked.world.set_desired_capacity(name_of(asked), required(asked, "DesiredCapacity"), who=asked.who)
    return {}


def terminate(asked: Asked) -> Params:
    id, decrement = required(asked, "InstanceId"), required(asked, "ShouldDecrementDesiredCapacity")
    activity = asked.world.terminate(id, decrement=decrement, who=asked.who)
    return {"Activity": activity_row(asked.world.state, activity)}


def set_health(asked: Asked) -> Params:
    asked.world.set_health(required(asked, "InstanceId"), required(asked, "HealthStatus"), who=asked.who)
    return {}


def protect(asked: Asked) -> Params:
    protected = required(asked, "ProtectedFromScaleIn")
    asked.world.protect(name_of(asked), asked.names("InstanceIds"), protected=protected, who=asked.who)
    return {}


def enter_standby(asked: Asked) -> Params:
    decrement = required(asked, "ShouldDecrementDesiredCapacity")
    moved = asked.world.enter_standby(name_of(asked), asked.names("InstanceIds"), decrement=decrement, who=asked.who)
    return _told(asked, moved)


def exit_standby(asked: Asked) -> Params:
    return _told(asked, asked.world.exit_standby(name_of(asked), asked.names("InstanceIds"), who=asked.who))


def _told(asked: Asked, moved: Moved) -> Params:
    return {"Activities": [activity_row(asked.world.state, one) for one in moved]}


def attach(asked: Asked) -> Params:
    asked.world.attach(name_of(asked), asked.names("InstanceIds"), who=asked.who)
    return {}


def detach(asked: Asked) -> Params:
    decrement = required(asked, "ShouldDecrementDesiredCapacity")
    moved = asked.world.detach(name_of(asked), asked.names("InstanceIds"), decrement=decrement, who=asked.who)
    return _told(asked, moved)


TABLE: Table = {
    "CreateOrUpdateTags": put_tags,
    "DeleteTags": delete_tags,
    "SuspendProcesses": suspend,
    "ResumeProcesses": resume,
    "SetDesiredCapacity": set_desired,
    "TerminateInstanceInAutoScalingGroup": terminate,
    "SetInstanceHealth": set_health,
    "SetInstanceProtection": protect,
    "EnterStandby": enter_standby,
    "ExitStandby": exit_standby,
    "AttachInstances": attach,
    "DetachInstances": detach,
}
