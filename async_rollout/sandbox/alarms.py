"""What moves capacity by itself: scaling policies on alarms. (Scheduled actions: `schedules`.)"""

from __future__ import annotations

from collections.abc import Callable

from async_rollout.sandbox import calls
from async_rollout.sandbox.history import Census, What
from async_rollout.sandbox.simulation import AWS, Simulation


def autoscale(
    simulation: Simulation, seconds: float, name: str, delta: int | Callable[[Census], int], who: str
) -> None:
    simulation.known(name)
    simulation.after(seconds, lambda: _alarm(simulation, name, delta, who))


def _alarm(simulation: Simulation, name: str, delta: int | Callable[[Census], int], who: str) -> None:
    group = simulation.state.groups.get(name)
    if group is None:
        return
    if not group.runs("AlarmNotification"):
        simulation.happened(What.ALARM_IGNORED, AWS, name)
        return
    step = delta if isinstance(delta, int) else delta(simulation.census(name))
    desired = min(max(group.desired + step, group.minimum), group.maximum)
    simulation.happened(What.ALARM, who, name, detail=f"{step:+d}")
    if desired != group.desired:
        calls.update_sizes(simulation, name, None, None, desired, who)
