"""Auto Scaling: the groups and their instances. The table at the end is the whole service."""

from __future__ import annotations

from async_rollout.sandbox.doors.answers import (
    autoscaling_acts,
    autoscaling_facts,
    autoscaling_hooks,
    autoscaling_launches,
    autoscaling_policies,
    autoscaling_schedules,
    autoscaling_settings,
    autoscaling_sources,
    autoscaling_types,
    settings,
)
from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table, listing, moment, page
from async_rollout.sandbox.records import Group, Instance, Override, TemplateRef
from async_rollout.sandbox.state import State
from async_rollout.sandbox.words import invalid


def describe_groups(asked: Asked) -> Params:
    """Unknown names are silently absent."""
    names = asked.names("AutoScalingGroupNames")
    shown = [group for group in asked.state.groups.values() if not names or group.name in names or group.arn in names]
    for filter, values in asked.filters():
        shown = [group for group in shown if _passes(group, filter, values)]
    rows, following = page(shown, asked, size=50, most=100, limit="MaxRecords", token="NextToken")
    instances = asked.params.get("IncludeInstances", True)
    groups = [_group(asked.state, one) | (_instances(asked.state, one) if instances else {}) for one in rows]
    return listing("AutoScalingGroups", groups, "NextToken", following)


def _passes(group: Group, name: str, values: set[str]) -> bool:
    match name:
        case "tag-key":
            return any(tag.key in values for tag in group.tags)
        case "tag-value":
            return any(tag.value in values for tag in group.tags)
        case _ if name.startswith("tag:"):
            return any(tag.key == name[4:] and tag.value in values for tag in group.tags)
    raise invalid(f"Filter type {name} is not correct. Allowed Filter types are: tag-key, tag-value, tag:<key>")


def _group(state: State, group: Group) -> Params:
    return {
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "MinSize": group.minimum,
        "MaxSize": group.maximum,
        "DesiredCapacity": group.desired,
        "DefaultCooldown": 300,
        "AvailabilityZones": list(group.zones),
        "VPCZoneIdentifier": ",".join(group.subnets),
        "HealthCheckType": group.health_check_type,
        "HealthCheckGracePeriod": int(group.grace),
        "CreatedTime": moment(group.created_at),
        "TerminationPolicies": list(group.termination_policies),
        "NewInstancesProtectedFromScaleIn": group.new_protected,
        "EnabledMetrics": [],
        "ServiceLinkedRoleARN": "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/"
        "AWSServiceRoleForAutoScaling",
        "Status": group.status,
        "CapacityRebalance": group.rebalances,
        "MaxInstanceLifetime": group.lifetime,
        "CapacityReservationSpecification": _RESERVED if group.reserved else None,
        "Operator": {"Principal": group.operator} if group.operator else None,
        **_launched_from(group),
        **_lists(group),
        **autoscaling_settings.shown(group),
    }


def _lists(group: Group) -> Params:
    pool = {"WarmPoolConfiguration": autoscaling_facts.WARM_POOL, "WarmPoolSize": 0} if group.warm_pool else {}
    return {
        "LoadBalancerNames": list(group.classics),
        "TargetGroupARNs": list(group.target_groups),
        "TrafficSources": [{"Identifier": id, "Type": kind} for id, kind in autoscaling_facts.traffic_sources(group)],
        "SuspendedProcesses": [{"ProcessName": name, "SuspensionReason": why} for name, why in group.suspended],
        "Tags": [autoscaling_facts.tag_row(group.name, tag) for tag in group.tags],
        **pool,
    }


def _launched_from(group: Group) -> Params:
    """Exactly one of the three ways. A version that was never given is absent."""
    if group.overrides and group.template:
        template = {
            "LaunchTemplateSpecification": template_row(group.template),
            "Overrides": [_override(one) for one in group.overrides],
        }
        spread = _DISTRIBUTION | (settings.kept(group, "InstancesDistribution") or {})
        spread |= {
            "OnDemandBaseCapacity": group.on_demand_base,
            "OnDemandPercentageAboveBaseCapacity": 100 - group.spot,
        }
        return {"MixedInstancesPolicy": {"LaunchTemplate": template, "InstancesDistribution": spread}}
    if group.template:
        return {"LaunchTemplate": template_row(group.template)}
    return {"LaunchConfigurationName": group.configuration}


_RESERVED = {"CapacityReservationPreference": "capacity-reservations-only"}
_DISTRIBUTION = {
    "OnDemandAllocationStrategy": "prioritized",
    "SpotAllocationStrategy": "lowest-price",
    "SpotInstancePools": 2,
}


def _override(one: Override) -> Params:
    return {
        "InstanceType": one.instance_type,
        "WeightedCapacity": None if one.weight is None else str(one.weight),
        "LaunchTemplateSpecification": template_row(one.template) if one.template else None,
        "ImageId": one.image,
    }


def template_row(ref: TemplateRef) -> Params:
    return {"LaunchTemplateId": ref.id, "LaunchTemplateName": ref.name, "Version": ref.version}


def _instances(state: State, group: Group) -> Params:
    return {"Instances": [_instance(group, one) for one in state.members(group.name)]}


def _instance(group: Group, one: Instance) -> Params:
    weight = next((each.weight for each in group.overrides if each.instance_type == one.instance_type), None)
    return {
        "InstanceId": one.id,
        "InstanceType": one.instance_type,
        "AvailabilityZone": one.zone,
        "LifecycleState": one.lifecycle,
        "HealthStatus": one.health,
        "LaunchConfigurationName": one.configuration,
        "LaunchTemplate": template_row(one.template) if one.template else None,
        "ProtectedFromScaleIn": one.protected,
        "ImageId": one.image,
        "WeightedCapacity": None if weight is None else str(weight),
    }


def describe_instances(asked: Asked) -> Params:
    """Unknown ids are silently absent; here, and only here, AWS writes the health in capitals."""
    ids = asked.names("InstanceIds")
    everyone = [(group, one) for group in asked.state.groups.values() for one in asked.state.members(group.name)]
    shown = [(group, one) for group, one in everyone if not ids or one.id in ids]
    rows, following = page(shown, asked, size=50, most=50, limit="MaxRecords", token="NextToken")
    instances = [
        _instance(group, one) | {"AutoScalingGroupName": group.name, "HealthStatus": one.health.upper()}
        for group, one in rows
    ]
    return listing("AutoScalingInstances", instances, "NextToken", following)


TABLE: Table = {
    "DescribeAutoScalingGroups": describe_groups,
    "DescribeAutoScalingInstances": describe_instances,
    **autoscaling_facts.TABLE,
    **autoscaling_acts.TABLE,
    **autoscaling_launches.TABLE,
    **autoscaling_hooks.TABLE,
    **autoscaling_schedules.TABLE,
    **autoscaling_policies.TABLE,
    **autoscaling_sources.TABLE,
    **autoscaling_types.TABLE,
    **autoscaling_settings.TABLE,
}
