"""What moves capacity by itself: scaling policies on alarms. (Scheduled actions: `schedules`.)"""

from __future__ import annotations

from collections.abc import Callable

from async_rollout.sandbox import calls
from async_rollout.sandbox.chronicle import Census, What
from async_rollout.sandbox.ground import AWS, Ground


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
