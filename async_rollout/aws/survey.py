"""Facts asked rarely: lifecycle hooks, scheduled actions, instance refreshes; and the scaling activities."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime

from async_rollout.aws.calls import Ask, Body, autoscaling, pages
from async_rollout.aws.faults import CallFailedError, FaultKind
from async_rollout.aws.together import Part, together
from async_rollout.core.activity import Activity
from async_rollout.core.observation import Scheduled, Survey
from async_rollout.core.others import Trait, hook_traits, policy_traits

REFRESHING = ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking")
"""Instance refreshes of these statuses are active; a group has at most one."""

ACTIVITIES = 50
"""One page: those in progress come first, then the newest. A rollout never needs older ones."""

_INSTANCE = re.compile(r"\bi-[0-9a-f]{8,17}\b")


async def survey_of(ask: Ask, group: str) -> Survey:
    """All three, asked at once."""
    name = {"AutoScalingGroupName": group}
    hooks = Part(lambda: ask(autoscaling("DescribeLifecycleHooks", **name)))
    scheduled = Part(lambda: pages(ask, autoscaling("DescribeScheduledActions", **name)))
    refreshes = Part(lambda: refreshing(ask, group))
    await together(hooks, scheduled, refreshes)
    found = hooks.value.body.get("LifecycleHooks", ())
    return Survey(
        at=max(hooks.value.at, *(page.at for page in scheduled.value)),
        launch_heartbeat=_heartbeat(found, "LAUNCHING"),
        terminate_heartbeat=_heartbeat(found, "TERMINATING"),
        scheduled=tuple(
            _scheduled(row) for page in scheduled.value for row in page.body.get("ScheduledUpdateGroupActions", ())
        ),
        refresh=next(iter(refreshes.value), None),
        traits=hook_traits(row.get("LifecycleHookName", "") for row in found),
    )


async def refreshing(ask: Ask, group: str) -> tuple[str, ...]:
    """The statuses of its active instance refreshes."""
    found = await pages(ask, autoscaling("DescribeInstanceRefreshes", AutoScalingGroupName=group))
    statuses = (row.get("Status", "") for page in found for row in page.body.get("InstanceRefreshes", ()))
    return tuple(status for status in statuses if status in REFRESHING)


async def forecasting(ask: Ask, group: str) -> frozenset[Trait]:
    """Whether a policy of the group scales by a forecast. One question for all groups there are, so many share it."""
    try:
        found = await pages(ask, autoscaling("DescribePolicies", PolicyTypes=["PredictiveScaling"]))
    except CallFailedError as failed:
        if failed.fault.kind is FaultKind.DENIED:
            return frozenset({Trait.UNTOLD})
        raise
    rows = (row for page in found for row in page.body.get("ScalingPolicies", ()))
    return policy_traits(row for row in rows if row.get("AutoScalingGroupName") == group)


async def activities_of(ask: Ask, group: str) -> tuple[Activity, ...]:
    """The group's newest scaling activities, as AWS orders them."""
    call = autoscaling("DescribeScalingActivities", AutoScalingGroupName=group, MaxRecords=ACTIVITIES)
    reply = await ask(call)
    return tuple(activity(row) for row in reply.body.get("Activities", ()))


def activity(row: Body) -> Activity:
    """One scaling activity. AWS has no field for the instance: it is named in the description."""
    words = row.get("Description", "")
    named = _INSTANCE.search(words)
    return Activity(
        id=row["ActivityId"],
        kind=_kind(words),
        status=row.get("StatusCode", ""),
        message=row.get("StatusMessage") or row.get("Cause", ""),
        started_at=row["StartTime"].timestamp(),
        ended_at=_time(row.get("EndTime")),
        instance=named[0] if named else None,
        zone=_zone(row.get("Details")),
    )


def _zone(details: str | None) -> str:
    """Details is JSON in a string, and what it holds is not promised anywhere."""
    try:
        told = json.loads(details or "{}")
    except ValueError:
        return ""
    zone = told.get("Availability Zone") if isinstance(told, dict) else None
    return zone if isinstance(zone, str) else ""


def _kind(words: str) -> str:
    if words.startswith("Launching"):
        return "launch"
    if words.startswith("Moving EC2 instance to Standby"):
        return "standby"
    return "terminate" if words.startswith("Terminating") else "other"


def _time(at: datetime | None) -> float | None:
    return at.timestamp() if at else None


def _heartbeat(hooks: Iterable[Body], transition: str) -> float:
    """The longest of one kind; AWS's own default is an hour."""
    found = (hook for hook in hooks if str(hook.get("LifecycleTransition", "")).endswith(transition))
    return max((float(hook.get("HeartbeatTimeout") or 3600) for hook in found), default=0.0)


def _scheduled(row: Body) -> Scheduled:
    return Scheduled(
        name=row["ScheduledActionName"],
        at=_time(row.get("StartTime") or row.get("Time")),
        minimum=row.get("MinSize"),
        maximum=row.get("MaxSize"),
        desired=row.get("DesiredCapacity"),
    )
