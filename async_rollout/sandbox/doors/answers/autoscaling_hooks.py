"""Auto Scaling's lifecycle hooks: put, deleted, shown, and the actions that they hold."""

from __future__ import annotations

from collections.abc import Callable

from async_rollout.sandbox import hooks
from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table, required
from async_rollout.sandbox.doors.answers.autoscaling_facts import asked_group
from async_rollout.sandbox.records import Group, Hook
from async_rollout.sandbox.words import invalid, no_action

TRANSITIONS = ("autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING")
RESULTS = ("CONTINUE", "ABANDON")
NOTIFIED = ("NotificationTargetARN", "RoleARN", "NotificationMetadata")


def describe(asked: Asked) -> Params:
    group, names = asked_group(asked), asked.names("LifecycleHookNames")
    return {"LifecycleHooks": [_row(group, one) for one in group.hooks if not names or one.name in names]}


def _row(group: Group, one: Hook) -> Params:
    return {
        "LifecycleHookName": one.name,
        "AutoScalingGroupName": group.name,
        "LifecycleTransition": TRANSITIONS[not one.launching],
        "HeartbeatTimeout": int(one.heartbeat),
        "GlobalTimeout": int(hooks.longest(one)),
        "DefaultResult": one.default_result,
        **dict(one.notified),
    }


def describe_types(asked: Asked) -> Params:
    return {"LifecycleHookTypes": list(TRANSITIONS)}


def put(asked: Asked) -> Params:
    """What is not given stays as it is; a new one has to say when it comes, and has AWS's defaults."""
    group, name = asked.world.group(asked.params["AutoScalingGroupName"]), asked.params["LifecycleHookName"]
    was = next((one for one in group.hooks if one.name == name), None)
    transition = asked.params.get("LifecycleTransition", TRANSITIONS[not was.launching] if was else None)
    result = asked.params.get("DefaultResult", was.default_result if was else "ABANDON")
    if transition not in TRANSITIONS:
        raise invalid(f"LifecycleTransition should be one of: {', '.join(TRANSITIONS)}")
    if result not in RESULTS:
        raise invalid("DefaultResult should be CONTINUE or ABANDON.")
    told = dict(was.notified if was else ()) | {key: asked.params[key] for key in NOTIFIED if key in asked.params}
    hook = Hook(
        name=name,
        launching=transition == TRANSITIONS[0],
        heartbeat=float(asked.params.get("HeartbeatTimeout", was.heartbeat if was else 3600)),
        default_result=result,
        completes_after=was.completes_after if was else None,
        notified=tuple((key, value) for key, value in told.items() if value),
    )
    asked.world.put_hook(group.name, hook, who=asked.who)
    return {}


def delete(asked: Asked) -> Params:
    asked.world.delete_hook(asked.params["AutoScalingGroupName"], asked.params["LifecycleHookName"], who=asked.who)
    return {}


def complete(asked: Asked) -> Params:
    result = required(asked, "LifecycleActionResult")
    if result not in RESULTS:
        raise invalid("Lifecycle action result should be CONTINUE or ABANDON.")
    return _act(asked, lambda held, hook: asked.world.complete_lifecycle(held, hook, result, who=asked.who))


def heartbeat(asked: Asked) -> Params:
    return _act(asked, lambda held, hook: asked.world.heartbeat(held, hook, who=asked.who))


def _act(asked: Asked, act: Callable[[str, str], None]) -> Params:
    """By instance id: tokens come with notifications, and the sandbox sends none."""
    group = asked.world.group(required(asked, "AutoScalingGroupName"))
    id, token = asked.params.get("InstanceId"), asked.params.get("LifecycleActionToken")
    if id is None and token is None:
        raise invalid("Either LifecycleActionToken or InstanceId must be specified.")
    if token is not None:
        raise no_action(f"token {token}")
    if id not in asked.world.state.rosters[group.name]:
        raise no_action(f"instance ID {id}")
    act(id, required(asked, "LifecycleHookName"))
    return {}


TABLE: Table = {
    "DescribeLifecycleHooks": describe,
    "DescribeLifecycleHookTypes": describe_types,
    "PutLifecycleHook": put,
    "DeleteLifecycleHook": delete,
    "CompleteLifecycleAction": complete,
    "RecordLifecycleActionHeartbeat": heartbeat,
}
