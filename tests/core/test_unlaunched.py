"""What AWS surely never got is no launch; what may have been taken, or stands in no record, is left as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.actions import Record, SetCapacity
from async_rollout.core.attribution import unlaunched
from async_rollout.core.belief import Belief, Me
from async_rollout.core.journal import Journal
from async_rollout.core.outcomes import ActOutcome
from async_rollout.core.recall import recall
from async_rollout.core.spec import RolloutSpec
from support.drawn import AT, journal, observation

SEEN = observation("S S S")
NOW = replace(journal(SEEN.group, asked=3), launches=1, serial=7)
RAISED = replace(NOW, asked=4, launches=2, serial=8)
AGAIN = replace(RAISED, launches=3, serial=9)
RAISE = SetCapacity(desired=4)


def after(*outcomes: tuple[Record | SetCapacity, bool | None, bool]) -> Belief:
    """What is known after these answers: the act, how it was answered, and whether it was sent at all."""
    belief = recall(RolloutSpec(), Belief(me=Me(run="run0", holder="host/boot/1")), replace(SEEN, journal=NOW))
    told = tuple(ActOutcome(action=act, at=AT, ok=ok, sent=sent) for act, ok, sent in outcomes)
    return recall(RolloutSpec(), belief, replace(SEEN, journal=NOW, at=AT + 5.0), told)


def counted(belief: Belief, record: Journal) -> tuple[int, int]:
    left = unlaunched(record, belief)
    return left.asked, left.launches


def test_a_raise_that_was_refused_is_none() -> None:
    belief = after((Record(journal=RAISED), True, True), (RAISE, False, True))
    assert counted(belief, RAISED) == (3, 1)


@pytest.mark.parametrize("taken", [None, False])
def test_one_whose_record_was_not_taken_either_undoes_nothing_in_the_record_before(taken: bool | None) -> None:
    """The first raise was not answered. The next record is lost, so the raise behind it was never sent."""
    first = ((Record(journal=RAISED), True, True), (RAISE, None, True))
    belief = after(*first, (Record(journal=AGAIN), taken, True), (RAISE, False, False))
    assert counted(belief, RAISED) == (4, 2)


def test_a_whole_decision_that_came_too_late_undoes_nothing() -> None:
    belief = after((Record(journal=RAISED), False, False), (RAISE, False, False))
    assert counted(belief, replace(RAISED, launches=1)) == (4, 1)


def test_what_may_have_been_taken_is_not_undone_by_a_later_no() -> None:
    belief = after((Record(journal=RAISED), True, True), (RAISE, None, True), (RAISE, False, True))
    assert counted(belief, RAISED) == (4, 2)


def test_what_was_taken_and_does_not_show_yet_is_not_undone_by_the_same_that_was_never_sent() -> None:
    """An old answer had it asked for once more; once it has shown, a no to the next one is a no."""
    taken = after((Record(journal=RAISED), True, True), (RAISE, True, True), (RAISE, False, False))
    assert counted(taken, RAISED) == (4, 2)
    record = replace(RAISED, serial=10)
    shown = recall(RolloutSpec(), taken, replace(observation("S S S S"), journal=record, at=AT + 10.0))
    refused = (ActOutcome(action=SetCapacity(desired=5), at=AT + 10.0, ok=False),)
    later = recall(RolloutSpec(), shown, replace(observation("S S S S"), journal=record, at=AT + 15.0), refused)
    assert counted(later, replace(record, asked=5, launches=3)) == (4, 2)
