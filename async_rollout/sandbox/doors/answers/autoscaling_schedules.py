"""Auto Scaling's scheduled actions: put, deleted and shown, one by one and many at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from async_rollout.sandbox import cron, schedules
from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table, moment
from async_rollout.sandbox.doors.answers.autoscaling_facts import paged
from async_rollout.sandbox.records import Group, ScheduledAction
from async_rollout.sandbox.words import AwsError, invalid

AT_ONCE = 50
"""Actions of one batch (its documents)."""


def describe(asked: Asked) -> Params:
    """An unknown group has no actions: that is no error here."""
    name, names = asked.params.get("AutoScalingGroupName"), asked.names("ScheduledActionNames")
    groups = [group for group in asked.state.groups.values() if name in (None, group.name)]
    pairs = [(group, one) for group in groups for one in group.scheduled if not names or one.name in names]
    rows = [_row(group, one) for group, one in pairs if _within(asked.params, one.at)]
    return paged("ScheduledUpdateGroupActions", rows, asked)


def _within(params: Params, at: float) -> bool:
    begin, end = _time(params, "StartTime"), _time(params, "EndTime")
    return (begin is None or at >= begin) and (end is None or at <= end)


def _time(params: Params, key: str) -> float | None:
    """The codec's times are UTC without saying so."""
    naive: datetime | None = params.get(key)
    return None if naive is None else naive.replace(tzinfo=UTC).timestamp()


def _row(group: Group, one: ScheduledAction) -> Params:
    at = moment(one.at)
    return {
        "AutoScalingGroupName": group.name,
        "ScheduledActionName": one.name,
        "ScheduledActionARN": group.arn.replace(":autoScalingGroup:", ":scheduledUpdateGroupAction:")
        + f":scheduledActionName/{one.name}",
        "Time": at,
        "StartTime": at,
        "EndTime": None if one.until is None else moment(one.until),
        "Recurrence": one.recurrence or (at.strftime("%-M %-H * * *") if one.every else None),
        "TimeZone": one.zone,
        "MinSize": one.minimum,
        "MaxSize": one.maximum,
        "DesiredCapacity": one.desired,
    }


def put(asked: Asked) -> Params:
    _put(asked, asked.params["AutoScalingGroupName"], asked.params)
    return {}


def _put(asked: Asked, name: str, row: Params) -> None:
    """What is not given of one that is there stays as it is."""
    group = asked.world.group(name)
    was = next((one for one in group.scheduled if one.name == row["ScheduledActionName"]), None)
    at = _time(row, "StartTime") if "StartTime" in row else _time(row, "Time")
    action = was or ScheduledAction(name=row["ScheduledActionName"], at=0.0)
    for key, field in _FIELDS.items():
        action = replace(action, **({field: row[key]} if key in row else {}))
    if "Recurrence" in row:
        action = replace(action, every=None)
    if "EndTime" in row:
        action = replace(action, until=_time(row, "EndTime"))
    again = _checked(action, asked.world.now)
    if at is not None:
        action = replace(action, at=at)
    elif was is None or "Recurrence" in row or "TimeZone" in row:
        if again is None:
            raise invalid("Either StartTime or Recurrence must be specified")
        action = replace(action, at=again)
    asked.world.put_scheduled(name, action, who=asked.who)


_FIELDS = {
    "Recurrence": "recurrence",
    "TimeZone": "zone",
    "MinSize": "minimum",
    "MaxSize": "maximum",
    "DesiredCapacity": "desired",
}


def _checked(action: ScheduledAction, now: float) -> float | None:
    """Its next time by its recurrence, None without one."""
    try:
        ZoneInfo(action.zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise invalid(f"Given time zone:{action.zone} is invalid") from unknown
    if action.recurrence is None:
        return None
    try:
        cron.parse(action.recurrence)
    except ValueError as wrong:
        raise invalid(f"Given recurrence string:{action.recurrence} is invalid") from wrong
    following = schedules.next_time(replace(action, at=now))
    if following is None:
        raise invalid(f"Given recurrence string:{action.recurrence} is invalid")
    return following


def delete(asked: Asked) -> Params:
    asked.world.delete_scheduled(
        asked.params["AutoScalingGroupName"], asked.params["ScheduledActionName"], who=asked.who
    )
    return {}


def put_many(asked: Asked) -> Params:
    """Each for itself: what fails is named in the answer, the others are done."""
    name = asked.world.group(asked.params["AutoScalingGroupName"]).name
    rows = asked.rows("ScheduledUpdateGroupActions")
    _check_number(len(rows))
    failed = [_tried(row["ScheduledActionName"], partial(_put, asked, name, row)) for row in rows]
    return {"FailedScheduledUpdateGroupActions": [one for one in failed if one]}


def delete_many(asked: Asked) -> Params:
    name = asked.world.group(asked.params["AutoScalingGroupName"]).name
    names = asked.names("ScheduledActionNames")
    _check_number(len(names))
    failed = [_tried(one, partial(asked.world.delete_scheduled, name, one, who=asked.who)) for one in names]
    return {"FailedScheduledActions": [one for one in failed if one]}


def _check_number(number: int) -> None:
    if not 1 <= number <= AT_ONCE:
        raise invalid(f"A batch must have 1 to {AT_ONCE} scheduled actions")


def _tried(name: str, act: partial[None]) -> Params | None:
    try:
        act()
    except AwsError as no:
        return {"ScheduledActionName": name, "ErrorCode": no.code, "ErrorMessage": no.message}
    return None


TABLE: Table = {
    "DescribeScheduledActions": describe,
    "PutScheduledUpdateGroupAction": put,
    "DeleteScheduledAction": delete,
    "BatchPutScheduledUpdateGroupAction": put_many,
    "BatchDeleteScheduledAction": delete_many,
}
