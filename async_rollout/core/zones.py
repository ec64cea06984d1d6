"""How the members lie in the group's zones: how many in each, how uneven that is, where AWS cannot launch now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice, repeat

from async_rollout.core.actions import Wait
from async_rollout.core.activity import Activity
from async_rollout.core.journal import Goal, Journal
from async_rollout.core.launch_failures import Failure, failure_of
from async_rollout.core.observation import Observation
from async_rollout.core.policy import RETRIED, ZONE_RESTS

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


def resting(launches: Sequence[Activity], at: float, most: float = ZONE_RESTS) -> dict[str, float]:
    """Until when each zone is left alone in which AWS has refused a launch of ours, epoch seconds.

    A minute after its first no since it took one, or after one that it took in part; then longer, at the most so many
    seconds; for ever where only the owner can mend it. All of them, as the zone "", for a minute where a quota is full.
    launches: the answers, newest first.
    """
    came = {one.zone: one.started_at for one in reversed([*launches]) if not one.failed}
    noes = [one for one in launches if one.failed and one.started_at >= came.get(one.zone, float("-inf"))]
    ends = dict[str, float]()
    for zone in {no.zone for no in noes}:
        here = [no for no in noes if no.zone == zone]
        again = len({no.id for no in here}) > 1 and zone
        whole = any(no.started_at > came.get(zone, float("-inf")) for no in here)
        owners = whole and any(failure_of(no.message) is Failure.PERMANENT for no in here)
        ends[zone] = float("inf") if owners else here[0].started_at + (min(most, ZONE_RESTS) if again else RETRIED)
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
