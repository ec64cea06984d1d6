"""Auto Scaling's load balancers and target groups: shown, attached, let go of."""

from __future__ import annotations

from collections.abc import Callable

from async_rollout.sandbox.doors.answers.asked import Answer, Asked, Params, Table
from async_rollout.sandbox.doors.answers.autoscaling_facts import asked_group, paged, traffic_sources
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.words import not_simulated

KINDS = ("elb", "elbv2")


def _attached(group: Group) -> str:
    """Only with health checks of load balancers does AWS look whether a source has anyone in service."""
    return "InService" if "ELB" in group.health_check_type.split(",") else "Added"


def describe(asked: Asked) -> Params:
    group, wanted = asked_group(asked), asked.params.get("TrafficSourceType")
    rows: list[Params] = [
        {"TrafficSource": id, "Identifier": id, "Type": kind, "State": _attached(group)}
        for id, kind in traffic_sources(group)
        if wanted in (None, kind)
    ]
    return paged("TrafficSources", rows, asked, most=50)


def describe_classics(asked: Asked) -> Params:
    group = asked_group(asked)
    rows: list[Params] = [{"LoadBalancerName": name, "State": _attached(group)} for name in group.classics]
    return paged("LoadBalancers", rows, asked, size=100)


def describe_target_groups(asked: Asked) -> Params:
    group = asked_group(asked)
    rows: list[Params] = [{"LoadBalancerTargetGroupARN": arn, "State": _attached(group)} for arn in group.target_groups]
    return paged("LoadBalancerTargetGroups", rows, asked, size=100)


def _names(key: str) -> Callable[[Asked], list[str]]:
    return lambda asked: asked.names(key)


def _of_traffic(asked: Asked) -> list[str]:
    """The type may be left out: AWS tells it from the identifier."""
    rows = asked.rows("TrafficSources")
    if any(row.get("Type", "elb") not in KINDS for row in rows):
        raise not_simulated("traffic sources of other types than elb and elbv2")
    return [row["Identifier"] for row in rows]


def _moves(ids: Callable[[Asked], list[str]], *, attach: bool) -> Answer:
    def move(asked: Asked) -> Params:
        act = asked.world.attach_sources if attach else asked.world.detach_sources
        act(asked.params["AutoScalingGroupName"], ids(asked), who=asked.who)
        return {}

    return move


TABLE: Table = {
    "DescribeTrafficSources": describe,
    "DescribeLoadBalancers": describe_classics,
    "DescribeLoadBalancerTargetGroups": describe_target_groups,
    "AttachLoadBalancers": _moves(_names("LoadBalancerNames"), attach=True),
    "DetachLoadBalancers": _moves(_names("LoadBalancerNames"), attach=False),
    "AttachLoadBalancerTargetGroups": _moves(_names("TargetGroupARNs"), attach=True),
    "DetachLoadBalancerTargetGroups": _moves(_names("TargetGroupARNs"), attach=False),
    "AttachTrafficSources": _moves(_of_traffic, attach=True),
    "DetachTrafficSources": _moves(_of_traffic, attach=False),
}
