"""Auto Scaling's changes: each is one call of the world, which checks it as AWS would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table, required
from async_rollout.sandbox.doors.answers.autoscaling_facts import activity_row
from async_rollout.sandbox.records import Group, Tag, TemplateRef
from async_rollout.sandbox.state import State
from async_rollout.sandbox.words import AwsError, invalid


def _name(asked: Asked) -> str:
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
    asked.world.suspend(_name(asked), asked.names("ScalingProcesses"), who=asked.who)
    return {}


def resume(asked: Asked) -> Params:
    asked.world.resume(_name(asked), asked.names("ScalingProcesses"), who=asked.who)
    return {}


def set_desired(asked: Asked) -> Params:
    asked.world.set_desired_capacity(_name(asked), required(asked, "DesiredCapacity"), who=asked.who)
    return {}


def update_group(asked: Asked) -> Params:
    """Sizes, health check, what to launch, protection of new ones, termination policies."""
    name, given = _name(asked), asked.params.keys()
    asked.world.group(name)
    if unknown := given - _SIZES - _EDITS.keys() - {"AutoScalingGroupName"}:
        raise invalid(f"The sandbox cannot change {', '.join(sorted(unknown))} of a group.")
    changes = [edit(asked.state, asked.params[key]) for key, edit in _EDITS.items() if key in given]
    if given & _SIZES:
        _update_sizes(asked, name)
    if changes:
        asked.world.human_edits(name, _all_of(changes), who=asked.who, why="UpdateAutoScalingGroup")
    return {}


_SIZES = {"MinSize", "MaxSize", "DesiredCapacity", "HealthCheckType", "HealthCheckGracePeriod"}


def _update_sizes(asked: Asked, name: str) -> None:
    asked.world.update_group(
        name,
        minimum=asked.params.get("MinSize"),
        maximum=asked.params.get("MaxSize"),
        desired=asked.params.get("DesiredCapacity"),
        health_check_type=asked.params.get("HealthCheckType"),
        grace=asked.params.get("HealthCheckGracePeriod"),
        who=asked.who,
    )


Change = Callable[[Group], Group]


def _all_of(changes: list[Change]) -> Change:
    def change(group: Group) -> Group:
        for one in changes:
            group = one(group)
        return group

    return change


def _launch_template(state: State, value: Params) -> Change:
    template = _template(state, value)
    return lambda group: replace(group, template=template, configuration=None)


def _template(state: State, value: Params) -> TemplateRef:
    id, name = value.get("LaunchTemplateId"), value.get("LaunchTemplateName")
    found = next((one for one in state.templates.values() if one.id == id or (id is None and one.name == name)), None)
    if found is None:
        raise invalid(
            "You must use a valid fully-formed launch template. The specified launch template does not exist."
        )
    return TemplateRef(id=found.id, name=found.name, version=value.get("Version"))


def _configuration(state: State, value: str) -> Change:
    return lambda group: replace(group, template=None, configuration=value, overrides=())


def _protects_new(state: State, value: object) -> Change:
    return lambda group: replace(group, new_protected=value is True)


def _policies(state: State, value: list[str]) -> Change:
    return lambda group: replace(group, termination_policies=tuple(value))


_EDITS: dict[str, Callable[[State, Any], Change]] = {
    "LaunchTemplate": _launch_template,
    "LaunchConfigurationName": _configuration,
    "NewInstancesProtectedFromScaleIn": _protects_new,
    "TerminationPolicies": _policies,
}


def terminate(asked: Asked) -> Params:
    id, decrement = required(asked, "InstanceId"), required(asked, "ShouldDecrementDesiredCapacity")
    activity = asked.world.terminate(id, decrement=decrement, who=asked.who)
    return {"Activity": activity_row(asked.world.state, activity)}


def set_health(asked: Asked) -> Params:
    asked.world.set_health(required(asked, "InstanceId"), required(asked, "HealthStatus"), who=asked.who)
    return {}


def protect(asked: Asked) -> Params:
    protected = required(asked, "ProtectedFromScaleIn")
    asked.world.protect(_name(asked), asked.names("InstanceIds"), protected=protected, who=asked.who)
    return {}


def enter_standby(asked: Asked) -> Params:
    decrement = required(asked, "ShouldDecrementDesiredCapacity")
    asked.world.enter_standby(_name(asked), asked.names("InstanceIds"), decrement=decrement, who=asked.who)
    return {"Activities": []}


def exit_standby(asked: Asked) -> Params:
    asked.world.exit_standby(_name(asked), asked.names("InstanceIds"), who=asked.who)
    return {"Activities": []}


def complete_lifecycle(asked: Asked) -> Params:
    """By instance id: the world hands out no tokens."""
    asked.world.group(_name(asked))
    result = required(asked, "LifecycleActionResult")
    if result not in ("CONTINUE", "ABANDON"):
        raise AwsError("ValidationError", "Lifecycle action result should be CONTINUE or ABANDON.")
    hook = required(asked, "LifecycleHookName")
    asked.world.complete_lifecycle(required(asked, "InstanceId"), hook, result, who=asked.who)
    return {}


TABLE: Table = {
    "CreateOrUpdateTags": put_tags,
    "DeleteTags": delete_tags,
    "SuspendProcesses": suspend,
    "ResumeProcesses": resume,
    "SetDesiredCapacity": set_desired,
    "UpdateAutoScalingGroup": update_group,
    "TerminateInstanceInAutoScalingGroup": terminate,
    "SetInstanceHealth": set_health,
    "SetInstanceProtection": protect,
    "EnterStandby": enter_standby,
    "ExitStandby": exit_standby,
    "CompleteLifecycleAction": complete_lifecycle,
}
