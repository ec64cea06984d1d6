"""What moves capacity by itself: scaling policies on alarms, scheduled actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from async_rollout.sandbox import calls
from async_rollout.sandbox.chronicle import Census, What
from async_rollout.sandbox.ground import AWS, Ground
from async_rollout.sandbox.records import ScheduledAction


def autoscale(ground: Ground, seconds: float, name: str, delta: int | Callable[[Census], int], who: str) -> None:
    ground.known(name)
    ground.after(seconds, lambda: _alarm(ground, name, delta, who))


def _alarm(ground: Ground, name: str, delta: int | Callable[[Census], int], who: str) -> None:
    group = ground.state.groups.get(name)
    if group is None:
        return
    if not group.runs("AlarmNotification"):
        ground.happened(What.ALARM_IGNORED, AWS, name)
        return
    step = delta if isinstance(delta, int) else delta(ground.census(name))
    desired = min(max(group.desired + step, group.minimum), group.maximum)
    ground.happened(What.ALARM, who, name, detail=f"{step:+d}")
    if desired != group.desired:
        calls.update_sizes(ground, name, None, None, desired, who)


def schedule(ground: Ground, name: str, action: ScheduledAction) -> None:
    group = ground.known(name)
    others = tuple(one for one in group.scheduled if one.name != action.name)
    ground.put_group(replace(group, scheduled=(*others, action)))
    ground.after(action.at - ground.now, lambda: _due(ground, name, action))


def _due(ground: Ground, name: str, action: ScheduledAction) -> None:
    """It fires, or is lost: AWS never makes up for what fell into a suspension."""
    group = ground.state.groups.get(name)
    if group is None or action not in group.scheduled:
        return
    left = tuple(one for one in group.scheduled if one != action)
    ground.put_group(replace(group, scheduled=left))
    if group.runs("ScheduledActions"):
        ground.happened(What.SCHEDULED, AWS, name, detail=action.name)
        calls.update_sizes(ground, name, action.minimum, action.maximum, action.desired, f"schedule {action.name}")
    else:
        ground.happened(What.SCHEDULED_LOST, AWS, name, detail=action.name)
    if action.every is not None:
        schedule(ground, name, replace(action, at=action.at + action.every))
