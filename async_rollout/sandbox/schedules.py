"""Scheduled actions: put and deleted, due at their time or lost, and told when AWS could not do them."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from async_rollout.sandbox import activities, calls, cron
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group, ScheduledAction
from async_rollout.sandbox.simulation import AWS, Simulation
from async_rollout.sandbox.words import AwsError, invalid

MOST = 125
"""Scheduled actions of one group (its quotas)."""
EARLIER = 1.0
"""Seconds: a time that AWS writes without fractions is not past before its second is over."""


def put(simulation: Simulation, name: str, action: ScheduledAction, who: str) -> None:
    """PutScheduledUpdateGroupAction: a new one or another in the place of the one of its name.

    Its sizes are held against each other here; whether they fit the group is seen when it is due.
    """
    group = simulation.known(name)
    others = [one for one in group.scheduled if one.name != action.name]
    _check(simulation, action)
    if any(one.at == action.at for one in others):
        raise AwsError("AlreadyExists", "A scheduled action with this scheduled start time already exists")
    if len(others) >= MOST:
        raise AwsError("LimitExceeded", f"AutoScalingGroup {name} would have more than {MOST} scheduled actions")
    schedule(simulation, name, action)
    simulation.happened(What.EDIT, who, name, detail=f"scheduled action {action.name}")


def _check(simulation: Simulation, action: ScheduledAction) -> None:
    if action.at < simulation.now - EARLIER:
        raise invalid("Given start time is in the past")
    if action.until is not None and action.until <= action.at:
        raise invalid("Given end time is not after the start time")
    given = [one for one in (action.minimum, action.desired, action.maximum) if one is not None]
    if not given:
        raise invalid("At least one of MinSize, MaxSize and DesiredCapacity must be specified")
    if given != sorted(given) or given[0] < 0:
        raise invalid("MinSize, DesiredCapacity and MaxSize of a scheduled action must not be below zero nor fall")


def delete(simulation: Simulation, name: str, action: str, who: str) -> None:
    """DeleteScheduledAction."""
    group = simulation.known(name)
    left = tuple(one for one in group.scheduled if one.name != action)
    if len(left) == len(group.scheduled):
        raise invalid("Scheduled action name not found")
    simulation.put_group(replace(group, scheduled=left))
    simulation.happened(What.EDIT, who, name, detail=f"no scheduled action {action}")


def schedule(simulation: Simulation, name: str, action: ScheduledAction) -> None:
    group = simulation.known(name)
    others = tuple(one for one in group.scheduled if one.name != action.name)
    simulation.put_group(replace(group, scheduled=(*others, action)))
    simulation.after(action.at - simulation.now, lambda: _due(simulation, name, action))


def _due(simulation: Simulation, name: str, action: ScheduledAction) -> None:
    """It fires, or is lost: AWS never makes up for what fell into a suspension."""
    group = simulation.state.groups.get(name)
    if group is None or action not in group.scheduled:
        return
    left = tuple(one for one in group.scheduled if one != action)
    simulation.put_group(replace(group, scheduled=left))
    if group.runs("ScheduledActions"):
        simulation.happened(What.SCHEDULED, AWS, name, detail=action.name)
        _do(simulation, group, action)
    else:
        simulation.happened(What.SCHEDULED_LOST, AWS, name, detail=action.name)
    following = next_time(action)
    if following is not None and (action.until is None or following <= action.until):
        schedule(simulation, name, replace(action, at=following))


def _do(simulation: Simulation, group: Group, action: ScheduledAction) -> None:
    """Sizes that do not fit the group by now are nobody's error: they show in its activities."""
    who = f"schedule {action.name}"
    try:
        calls.update_sizes(simulation, group.name, action.minimum, action.maximum, action.desired, who)
    except AwsError as refused:
        asked = {"min": action.minimum, "max": action.maximum, "desired": action.desired}
        told = ", ".join(f"{key}: {value}" for key, value in asked.items() if value is not None)
        why = f"a scheduled action update of AutoScalingGroup constraints to {told}"
        activities.not_done(simulation, group.name, why, f"Executing scheduled action {action.name}", refused.message)


def next_time(action: ScheduledAction) -> float | None:
    """When it is due the next time after its own; None: never again."""
    if action.recurrence is not None:
        return cron.parse(action.recurrence).following(action.at, ZoneInfo(action.zone or "UTC"))
    return None if action.every is None else action.at + action.every
