"""When the next look is worth its calls: asked for nothing, AWS's buckets stay full for those who need them.

A target shows `draining` until its deregistration delay is over, to the second; so a group that waits for nothing
but drains sleeps until the first one's end.
"""

from __future__ import annotations

from async_rollout.core.journal import Journal, Removal
from async_rollout.core.sight import Sight, TargetState
from async_rollout.core.spec import RolloutSpec

LONGEST_SLEEP = 30.0
"""Never blind for longer: no act may rest on an older sight, and the lease must be seen."""


def look_again(spec: RolloutSpec, sight: Sight, journal: Journal, at: float) -> float:
    """Seconds until the next look, at the most; hooks that end and orders to stop wake earlier."""
    ends = [lane.at + _delay(sight, lane.id) for lane in journal.lanes if _only_draining(sight, lane.id)]
    if not ends or len(ends) < len(journal.lanes) or _moving(sight, journal):
        return spec.check_interval
    return min(LONGEST_SLEEP, max(spec.check_interval, min(ends) - at))


def _only_draining(sight: Sight, id: str) -> bool:
    one = sight.instance(id)
    return one is not None and any(target.state is TargetState.DRAINING for target in one.targets)


def _delay(sight: Sight, id: str) -> float:
    """The longest delay among the sources where it still drains. A Classic one may end early: it is polled."""
    one = sight.instance(id)
    draining = {target.source for target in one.targets if target.state is TargetState.DRAINING} if one else set()
    delays = [source.drain_delay for source in sight.sources if source.id in draining and source.kind != "classic"]
    return max(delays, default=0.0)


def _moving(sight: Sight, journal: Journal) -> bool:
    """Something else is under way: a boot, a registration, a shutdown."""
    busy = any(not one.in_service and not one.standby for one in sight.instances)
    unsure = any(lane.removal is not Removal.NOT for lane in journal.lanes)
    healthy = all(
        target.state in (TargetState.HEALTHY, TargetState.DRAINING) for one in sight.instances for target in one.targets
    )
    return busy or unsure or not healthy or sight.group.desired != sum(one.in_service for one in sight.instances)
