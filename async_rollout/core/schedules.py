"""Scheduled actions that fall due while we keep them suspended: AWS drops them, so they are noted, and made up for.

When each is due next says AWS, after each time anew; nothing here reads a recurrence.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from async_rollout.core.due import due_of, fitting
from async_rollout.core.journal import Due, Found, Journal
from async_rollout.core.observation import Group, Scheduled, Survey
from async_rollout.core.policy import OLD_RECORD

SCHEDULES = "ScheduledActions"


def fell_due(known: Mapping[str, Scheduled], since: float, until: float) -> tuple[Scheduled, ...]:
    """Those that fell due in that time, in the order in which they did."""
    due = (one for one in known.values() if one.at is not None and since < one.at <= until)
    return tuple(sorted(due, key=lambda one: (one.at or 0.0, one.name)))


def passed(known: Mapping[str, Scheduled], survey: Survey | None, since: float) -> tuple[Scheduled, ...]:
    """Those that fell due after the look itself and before its survey was answered, which does not list them so."""
    coming = {(one.name, one.at) for one in survey.scheduled} if survey else set()
    due = fell_due(known, since, survey.at) if survey else ()
    return tuple(one for one in due if (one.name, one.at) not in coming)


def to_ask(known: Mapping[str, Scheduled], asked_at: float, at: float) -> bool:
    """One has fallen due since AWS was asked, or shortly before it, so that the answer was an old one.

    When it is due again, AWS says now.
    """
    return bool(fell_due(known, asked_at - OLD_RECORD.seconds, at))


def noted(
    journal: Journal,
    known: Mapping[str, Scheduled],
    at: float,
    *,
    missed: Container[Due] = frozenset(),
    fired: Container[Due] = frozenset(),
) -> tuple[Due, ...]:
    """For the record: those that have fallen due, then those to come, the soonest first, as many as its tag holds.

    missed: those that have, by AWS's last answer; fired: those that were not lost.
    """
    past = [due for due in journal.scheduled if (due.at <= at or due in missed) and due not in fired]
    coming = sorted(due_of(one.name, one.at) for one in known.values() if one.at is not None and one.at > at)
    return fitting([*past, *coming])


def inherited(record: Journal, group: Group) -> tuple[Due, ...]:
    """What another's record names, as far as it was lost: where schedules run again, not what fell due after its lease.

    Whoever ends with his record standing lets them run, and gives the lease up.
    """
    return tuple(due for due in record.scheduled if SCHEDULES in group.suspended or due.at <= record.until)


def folded(sizes: Found, actions: Iterable[Scheduled]) -> tuple[Found, tuple[Scheduled, ...]]:
    """The sizes after all of them, field by field and in this order, and those that AWS would have taken.

    As AWS does it: sizes that contradict each other are refused as a whole; a desired capacity that is not given is
    kept within the new minimum and maximum.
    """
    taken = []
    for one in actions:
        low = sizes.minimum if one.minimum is None else one.minimum
        high = sizes.maximum if one.maximum is None else one.maximum
        desired = min(max(sizes.desired, low), high) if one.desired is None else one.desired
        if low <= desired <= high:
            sizes = Found(minimum=low, desired=desired, maximum=high)
            taken.append(one)
    return sizes, tuple(taken)
