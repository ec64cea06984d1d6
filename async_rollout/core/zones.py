"""How the members lie in the group's zones: how many in each, how uneven that is, where AWS cannot launch now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from async_rollout.core.actions import Wait
from async_rollout.core.journal import Goal, Journal
from async_rollout.core.launch_failures import Failure, failure_of
from async_rollout.core.observation import Activity, Observation
from async_rollout.core.policy import ZONE_RESTS

AVOIDED: Mapping[Failure, float] = {Failure.ZONE: float("inf"), Failure.CAPACITY: ZONE_RESTS}
"""Seconds for which a zone that failed is not tried again: one that does not offer the type stays so (RULES §14)."""


def zone_counts(observation: Observation) -> Counter[str]:
    """Members by zone, zones without any included."""
    counts = Counter(dict.fromkeys(observation.group.zones, 0))
    counts.update(one.zone for one in observation.instances if one.takes_part)
    return counts


def spread(counts: Mapping[str, int]) -> int:
    """By how many the fullest zone has more than the emptiest."""
    return max(counts.values(), default=0) - min(counts.values(), default=0)


def emptiest(observation: Observation) -> str:
    """Where AWS launches next: the zone with the fewest members, by the group's order."""
    counts = zone_counts(observation)
    return min(counts, key=lambda zone: counts[zone], default="")


def is_evening(record: Journal, observation: Observation) -> bool:
    """All old ones are gone, and what is more than the owner wants has come for even zones, or is to go for them."""
    old = any(not departure.surplus for departure in record.departures)
    more = max(record.asked, observation.group.desired) > record.base or bool(record.departures)
    return record.evened > 0 and record.goal is Goal.REPLACE and more and not old


def evening(observation: Observation, since: float) -> Wait:
    """What is waited for while the zones are evened out, and why that is done."""
    zones = ", ".join(f"{count} in {zone}" for zone, count in sorted(zone_counts(observation).items()))
    why = f"{zones}: one more comes, one of the fullest goes; AZRebalance would do that without our floor"
    return Wait(on="even zones", why=why, since=since)


def barren(activities: Iterable[Activity], at: float) -> frozenset[str]:
    """Zones in which a launch failed for the zone's own sake, and not too long ago."""
    failed = (one for one in activities if one.kind == "launch" and one.failed and one.zone)
    return frozenset(one.zone for one in failed if at - one.started_at <= AVOIDED.get(failure_of(one.message), -1.0))
