"""How the members lie in the group's zones: how many in each, how uneven that is, where AWS cannot launch now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain, islice, repeat

from async_rollout.core.actions import Wait
from async_rollout.core.journal import Goal, Journal
from async_rollout.core.launch_failures import Failure, failure_of
from async_rollout.core.observation import Activity, Observation
from async_rollout.core.policy import RETRIED, ZONE_RESTS

AVOIDED: Mapping[Failure, float] = {Failure.ZONE: float("inf"), Failure.CAPACITY: ZONE_RESTS}
"""Seconds for which a zone that failed is not tried again: one that does not offer the type stays so (RULES §14)."""
UNTRIED: Mapping[Failure, float] = {
    **AVOIDED,
    Failure.PERMANENT: float("inf"),
    Failure.QUOTA: ZONE_RESTS,
    Failure.SETTLES: RETRIED,
    Failure.UNKNOWN: RETRIED,
}
"""The same where AWS has answered us: what fails for another reason fails in each zone once, no more."""


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


def barren(activities: Iterable[Activity], at: float) -> dict[str, float]:
    """Zones in which a launch failed for the zone's own sake, or AWS has refused ours, each with when it rests no more.

    Those that rested long enough are left out.
    """
    ends: dict[str, float] = {}
    for failed in activities:
        if failed.kind == "launch" and failed.failed and failed.zone:
            rests = (UNTRIED if failed.answered else AVOIDED).get(failure_of(failed.message), float("-inf"))
            ends[failed.zone] = max(failed.started_at + rests, ends.get(failed.zone, float("-inf")))
    return {zone: end for zone, end in ends.items() if at <= end}


def chosen(counts: Mapping[str, int], number: int, homes: Iterable[str] = ()) -> Counter[str]:
    """How many of so many new ones come into which zone: each where the fewest are then.

    counts: those that stay, by zone, of the zones that may be launched in, in the group's order. homes: the zones of
    those that they replace, one after the other: among equals that one is taken, else the first. Worked examples:
    three old ones, one in each of a, b and c, all to go: none stays, the first to go is in b, so the new one comes to
    b; the next, with b counted, to the home of the second. Two stay in a and one in b: of three, two come to c, one
    to b. Zone a rests, and is left out: b and c take turns.
    """
    more = Counter[str]()
    for home in islice(chain(homes, repeat("")), number if counts else 0):
        more[min(counts, key=lambda zone: (counts[zone] + more[zone], zone != home))] += 1
    return more
