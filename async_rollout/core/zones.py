"""How the members lie in the group's zones: how many in each, how uneven that is, where AWS cannot launch now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from async_rollout.core.launch_failures import Failure, failure_of
from async_rollout.core.sight import Activity, Sight

AVOIDED: Mapping[Failure, float] = {Failure.ZONE: float("inf"), Failure.CAPACITY: 300.0}
"""Seconds for which a zone that failed is not tried again: one that does not offer the type stays so (ROLLOUT §14)."""


def zone_counts(sight: Sight) -> Counter[str]:
    """Members by zone, zones without any included."""
    counts = Counter(dict.fromkeys(sight.group.zones, 0))
    counts.update(one.zone for one in sight.instances if one.takes_part)
    return counts


def spread(counts: Mapping[str, int]) -> int:
    """By how many the fullest zone has more than the emptiest."""
    return max(counts.values(), default=0) - min(counts.values(), default=0)


def barren(activities: Iterable[Activity], at: float) -> frozenset[str]:
    """Zones in which a launch failed for the zone's own sake, and not too long ago."""
    failed = (one for one in activities if one.kind == "launch" and one.failed and one.zone)
    return frozenset(one.zone for one in failed if at - one.started_at <= AVOIDED.get(failure_of(one.message), -1.0))
