"""Auto Scaling's lesser reads: activities, refreshes, tags, warm pools, configurations."""

from __future__ import annotations

import json
import uuid
from itertools import chain
from math import floor

from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table, listing, moment, page, required
from async_rollout.sandbox.records import Activity, Group, Tag
from async_rollout.sandbox.simulation import EPOCH
from async_rollout.sandbox.state import State
from async_rollout.sandbox.words import invalid, no_group

WARM_POOL = {"MinSize": 0, "PoolState": "Stopped"}


def traffic_sources(group: Group) -> list[tuple[str, str]]:
    """(identifier, type) of each."""
    classics, targets = ((id, "elb") for id in group.classics), ((arn, "elbv2") for arn in group.target_groups)
    return [*classics, *targets, *group.other_sources]


def tag_row(group: str, tag: Tag) -> Params:
    return {
        "ResourceId": group,
        "ResourceType": "auto-scaling-group",
        "Key": tag.key,
        "Value": tag.value,
        "PropagateAtLaunch": tag.propagate,
    }


def asked_group(asked: Asked) -> Group:
    name = required(asked, "AutoScalingGroupName")
    if name not in asked.state.groups:
        raise no_group(name)
    return asked.state.groups[name]


def paged(key: str, rows: list[Params], asked: Asked, size: int = 50, most: int = 100) -> Params:
    shown, following = page(rows, asked, size=size, most=most, limit="MaxRecords", token="NextToken")
    return listing(key, shown, "NextToken", following)


def describe_activities(asked: Asked) -> Params:
    """In progress first, then newest first; without a group the whole account's."""
    name, ids = asked.params.get("AutoScalingGroupName"), asked.names("ActivityIds")
    groups = [asked_group(asked).name] if name else list(asked.state.activities)
    several = list(chain.from_iterable(asked.state.activities_of(group) for group in groups))
    if not name:
        several.sort(key=lambda one: (one.ended_at is not None, -one.started_at))
    rows = [activity_row(asked.state, one) for one in several if not ids or one.id in ids]
    return paged("Activities", rows, asked, size=100)


def activity_row(state: State, one: Activity) -> Params:
    """As AWS writes it: EndTime in whole seconds, so it may lie before StartTime; Details as JSON in a string."""
    group = state.groups.get(one.group)
    ended = None if one.ended_at is None else moment(floor(one.ended_at))
    details = {"Subnet ID": one.subnet, "Availability Zone": one.zone} if one.zone else {}
    return {
        "ActivityId": one.id,
        "AutoScalingGroupName": one.group,
        "Description": one.description,
        "Cause": one.cause,
        "StartTime": moment(one.started_at),
        "EndTime": ended,
        "StatusCode": one.status,
        "StatusMessage": one.message or None,
        "Progress": one.progress,
        "Details": json.dumps(details, separators=(",", ":")),
        "AutoScalingGroupState": "InService" if group else None,
        "AutoScalingGroupARN": group.arn if group else None,
    }


def describe_refreshes(asked: Asked) -> Params:
    group = asked_group(asked)
    if group.refresh is None:
        return {"InstanceRefreshes": []}
    refresh = {
        "InstanceRefreshId": str(uuid.uuid5(uuid.NAMESPACE_URL, group.arn)),
        "AutoScalingGroupName": group.name,
        "Status": group.refresh,
        "StartTime": moment(group.created_at),
        "PercentageComplete": 0,
    }
    return {"InstanceRefreshes": [refresh]}


def describe_tags(asked: Asked) -> Params:
    rows = [tag_row(group.name, tag) for group in asked.state.groups.values() for tag in group.tags]
    for filter, values in asked.filters():
        key, wanted = _tag_filter(filter), {value.lower() for value in values}
        rows = [row for row in rows if str(row[key]).lower() in wanted]
    return paged("Tags", rows, asked)


def _tag_filter(name: str) -> str:
    known = {
        "auto-scaling-group": "ResourceId",
        "key": "Key",
        "value": "Value",
        "propagate-at-launch": "PropagateAtLaunch",
    }
    if name not in known:
        raise invalid(f"Filter type {name} is not correct. Allowed Filter types are: {' '.join(known)}")
    return known[name]


def describe_warm_pool(asked: Asked) -> Params:
    group = asked_group(asked)
    return {"Instances": []} | ({"WarmPoolConfiguration": WARM_POOL} if group.warm_pool else {})


def describe_configurations(asked: Asked) -> Params:
    """Those that a group uses, and those that were made beside. One that is not there is silently absent."""
    names, world = asked.names("LaunchConfigurationNames"), asked.world
    rows: list[Params] = [
        {
            "LaunchConfigurationName": name,
            "LaunchConfigurationARN": f"arn:aws:autoscaling:{world.region}:{world.account}:"
            f"launchConfiguration:{uuid.uuid5(uuid.NAMESPACE_URL, name)}:launchConfigurationName/{name}",
            "ImageId": f"ami-{name}",
            "InstanceType": "t3.micro",
            "CreatedTime": moment(EPOCH),
        }
        for name in asked.state.configurations
        if not names or name in names
    ]
    return paged("LaunchConfigurations", rows, asked)


TABLE: Table = {
    "DescribeScalingActivities": describe_activities,
    "DescribeInstanceRefreshes": describe_refreshes,
    "DescribeTags": describe_tags,
    "DescribeWarmPool": describe_warm_pool,
    "DescribeLaunchConfigurations": describe_configurations,
}
