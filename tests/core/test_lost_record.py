"""A record that went away, or that cannot be read: what is waited for, written again, refused (RULES §4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Erase, Outcome, Record, Resume
from async_rollout.core.decide import decide
from async_rollout.core.history import Odd
from async_rollout.core.journal import QUICK, Cause, Goal, Unreadable
from async_rollout.core.recall import recall
from async_rollout.core.snapshot import Snapshot
from support.beginnings import SPEC, end, free, the_record
from support.drafts import NOW, snapshot_of
from support.drawn import observation


def vanished(*, looks: int = 3, ago: float = 30.0, suspended: bool = True, **belief: Any) -> Snapshot:
    snapshot = snapshot_of("SSS")
    group = snapshot.observation.group if suspended else replace(snapshot.observation.group, suspended=frozenset())
    seen = replace(snapshot.observation, journal=None, group=group)
    torn = Odd("gone", NOW - ago, looks)
    return Snapshot(observation=seen, belief=replace(snapshot.belief, torn=torn, **belief))


@pytest.mark.parametrize(("looks", "ago"), [(2, 30.0), (3, 29.0)])
def test_a_record_out_of_sight_may_be_a_gap(looks: int, ago: float) -> None:
    decision = decide(SPEC, vanished(looks=looks, ago=ago))
    assert (decision.actions, [wait.on for wait in decision.waits]) == ((), ["the record"])


def test_one_that_was_taken_off_is_written_again_then_put_back_then_left() -> None:
    again = the_record(decide(SPEC, vanished()))
    assert (again.serial, again.goal) == (8, Goal.REPLACE)
    back = the_record(decide(SPEC, vanished(rewritten=1)))
    assert (back.goal, back.cause) == (Goal.RESTORE, Cause(code=1, text="our tags were taken off twice"))
    last = decide(SPEC, vanished(rewritten=2))
    assert end(last) == (Outcome.STUCK, 10)
    assert the_record(last).goal is Goal.RESTORE  # whoever restores it needs a record
    assert [set(act.processes) for act in last.actions if isinstance(act, Resume)] == [set(QUICK)]
    assert last.verdict is not None
    assert any(line.startswith("suspended by us") for line in last.verdict.left)


@pytest.mark.parametrize(
    ("suspended", "left", "newest", "old"),
    [
        (True, 60, 7, False),  # tags are gone and nothing else: somebody took them off
        (False, 60, 7, True),  # as it was before us
        (False, -1, 7, False),  # another may have ended what we had begun
        (False, 60, 0, False),  # nobody knows whether our record was ever taken
    ],
)
def test_no_record_where_our_processes_run_is_an_old_answer(
    *, suspended: bool, left: int, newest: int, old: bool
) -> None:
    snapshot = vanished(suspended=suspended, newest=newest)
    journal = replace(snapshot.belief.journal, until=int(NOW) + left)  # type: ignore[type-var]
    belief = replace(snapshot.belief, journal=journal)
    assert recall(SPEC, belief, snapshot.observation).blinded is old


@pytest.mark.parametrize(("seconds", "old"), [(179.0, True), (180.0, False)])
def test_no_answer_is_as_old_as_that(seconds: float, *, old: bool) -> None:
    """Another's doing is believed in the end: the record stays older than the one we wrote."""
    snapshot = snapshot_of("SSS", newest=9)
    once = recall(SPEC, snapshot.belief, snapshot.observation)
    late = recall(SPEC, once, replace(snapshot.observation, at=snapshot.observation.at + seconds))
    assert (once.blinded, late.blinded) == (True, old)
    assert late.newest == (9 if old else 7)


def test_one_that_another_run_has_ended_meanwhile_is_not_written_again() -> None:
    snapshot = vanished(suspended=False)
    journal = replace(snapshot.belief.journal, until=int(NOW) - 1)  # type: ignore[type-var]
    gone = replace(snapshot, belief=replace(snapshot.belief, journal=journal))
    assert end(decide(SPEC, gone)) == (Outcome.HELD, 5)
    kept = replace(gone, observation=vanished().observation)
    assert the_record(decide(SPEC, kept)).run == "run0"


def unreadable(*, torn: bool, looks: int = 3, **belief: Any) -> Snapshot:
    snapshot = free(**belief)
    record = Unreadable(why="nonsense", torn=torn)
    belief_ = replace(snapshot.belief, torn=Odd("torn", NOW - 30.0, looks))
    return replace(snapshot, observation=replace(snapshot.observation, journal=record), belief=belief_)


def test_a_record_that_cannot_be_read_is_refused_and_not_touched() -> None:
    decision = decide(SPEC, unreadable(torn=False))
    assert end(decision) == (Outcome.REFUSED, 3)
    assert not any(isinstance(act, Record | Erase) for act in decision.actions)


def test_one_that_is_just_being_written_is_looked_at_again() -> None:
    assert [wait.on for wait in decide(SPEC, unreadable(torn=True, looks=2)).waits] == ["the record"]


def test_one_of_ours_that_was_damaged_is_written_again() -> None:
    ours = snapshot_of("SSS").belief.journal
    assert the_record(decide(SPEC, unreadable(torn=True, journal=ours))).serial == 8


@pytest.mark.parametrize("until", [NOW - 10, NOW + 100])
def test_whose_tags_are_off_leaves_the_record_of_who_came_since(until: float) -> None:
    """It could not see AWS while another run began, and was killed: that one's record is no more ours to take off."""
    theirs = {"run": "theirs", "holder": "there/b/9", "until": int(until)}
    snapshot = snapshot_of("NNN", record=theirs, erased=observation("NNN").journal)
    decision = decide(SPEC, snapshot)
    assert end(decision) == (Outcome.DONE, 0)
    assert not any(isinstance(act, Erase | Record) for act in decision.actions)
