"""Auto Scaling's scaling policies: put, deleted and shown. What calls them is a simulated load (`scalers`)."""

from __future__ import annotations

import json
import uuid

from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table
from async_rollout.sandbox.doors.answers.autoscaling_facts import paged
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.words import AwsError, invalid
from async_rollout.sandbox.world import World

MOST = 50
"""Scaling policies of one group (its quotas)."""
ADJUSTMENTS = ("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")
NEEDS = {
    "SimpleScaling": ("AdjustmentType", "ScalingAdjustment"),
    "StepScaling": ("AdjustmentType", "StepAdjustments"),
    "TargetTrackingScaling": ("TargetTrackingConfiguration",),
    "PredictiveScaling": ("PredictiveScalingConfiguration",),
}
"""What a policy of each type has to say."""


def put(asked: Asked) -> Params:
    """What is not given of one that is there stays as it is."""
    group, name = asked.world.group(asked.params["AutoScalingGroupName"]), asked.params["PolicyName"]
    was = _settings(group).get(name, {"PolicyType": "SimpleScaling", "Enabled": True})
    given = {key: value for key, value in asked.params.items() if key not in ("AutoScalingGroupName", "PolicyName")}
    if name in _settings(group) and given.get("PolicyType", was["PolicyType"]) != was["PolicyType"]:
        raise invalid("The policy type of a scaling policy cannot be changed")
    policy = was | given
    _check(policy)
    policies = _settings(group) | {name: policy}
    if len(policies) > MOST:
        raise AwsError("LimitExceeded", f"AutoScalingGroup {group.name} would have more than {MOST} scaling policies")
    _keep(asked.world, group, policies, asked.who)
    return {"PolicyARN": _arn(group, name), "Alarms": []}


def _settings(group: Group) -> dict[str, Params]:
    return {name: json.loads(text) for name, text in group.policies}


def _keep(world: World, group: Group, policies: dict[str, Params], who: str) -> None:
    world.keep_policies(group.name, {name: json.dumps(one) for name, one in policies.items()}, who=who)


def _check(policy: Params) -> None:
    kind = policy["PolicyType"]
    if kind not in NEEDS:
        raise invalid(f"PolicyType should be one of: {', '.join(NEEDS)}")
    for one in NEEDS[kind]:
        if one not in policy:
            raise invalid(f"{one} must be specified for a policy of type {kind}")
    if policy.get("AdjustmentType", ADJUSTMENTS[0]) not in ADJUSTMENTS:
        raise invalid(f"AdjustmentType should be one of: {', '.join(ADJUSTMENTS)}")


def _arn(group: Group, name: str) -> str:
    """It holds an id of its own, the group's name and the policy's."""
    head, _, tail = group.arn.partition(":autoScalingGroup:")
    id = uuid.uuid5(uuid.NAMESPACE_URL, f"{group.arn} {name}")
    return f"{head}:scalingPolicy:{id}:{tail.partition(':')[2]}:policyName/{name}"


def delete(asked: Asked) -> Params:
    """By name, then with its group; or by ARN."""
    policy, group = asked.params["PolicyName"], asked.params.get("AutoScalingGroupName")
    if group is None and not policy.startswith("arn:"):
        raise invalid("AutoScalingGroupName must be specified with the name of a policy")
    groups = asked.world.look().groups.values() if group is None else [asked.world.group(group)]
    found = next(((one, name) for one in groups for name, _ in one.policies if policy in (name, _arn(one, name))), None)
    if found is None:
        raise invalid(f"Policy {policy} not found")
    owner, name = found
    _keep(asked.world, owner, {key: one for key, one in _settings(owner).items() if key != name}, asked.who)
    return {}


def describe(asked: Asked) -> Params:
    """An unknown group has no policies: that is no error here."""
    name, names, kinds = (
        asked.params.get("AutoScalingGroupName"),
        asked.names("PolicyNames"),
        asked.names("PolicyTypes"),
    )
    groups = [group for group in asked.state.groups.values() if name in (None, group.name)]
    rows = [_row(group, policy, one) for group in groups for policy, one in _settings(group).items()]
    rows = [row for row in rows if not names or row["PolicyName"] in names or row["PolicyARN"] in names]
    return paged("ScalingPolicies", [row for row in rows if not kinds or row["PolicyType"] in kinds], asked)


def _row(group: Group, name: str, policy: Params) -> Params:
    names = {"AutoScalingGroupName": group.name, "PolicyName": name, "PolicyARN": _arn(group, name)}
    return {**names, "StepAdjustments": [], "Alarms": [], **policy}


TABLE: Table = {"PutScalingPolicy": put, "DeletePolicy": delete, "DescribePolicies": describe}
