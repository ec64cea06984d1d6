"""Scheduled actions that fall due meanwhile: which were lost, which fired, which are made up for, which are named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Record, Resume, SetSizes
from async_rollout.core.catch_up import is_owed, lived_through, noted_of, unfired
from async_rollout.core.decide import decide
from async_rollout.core.journal import Due, Found, Journal
from async_rollout.core.observation import Observation, Scheduled, Survey
from async_rollout.core.outcomes import ActOutcome, Outcomes
from async_rollout.core.policy import LEASE
from async_rollout.core.recall import recall
from async_rollout.core.schedules import SCHEDULES, inherited, to_ask
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec
from support.drawn import AT, looked, observation, recorded

SPEC = RolloutSpec()
LAST = AT + 30.0
"""When `looked` has looked last."""
EVENING = Scheduled(name="evening", at=LAST + 5.0, desired=5)
DUE = Due(int(LAST) + 5, "evening")


def known(seen: Observation, *actions: Scheduled) -> Observation:
    return replace(seen, survey=Survey(at=seen.at, scheduled=actions))


def awake(seen: Observation) -> Observation:
    return replace(seen, group=replace(seen.group, suspended=seen.group.suspended - {SCHEDULES}))


def after(snapshot: Snapshot, seconds: float, outcomes: Outcomes = (), **changes: Any) -> Snapshot:
    """One more look, so many seconds later. changes: of its fields."""
    seen = replace(snapshot.observation, at=snapshot.observation.at + seconds, survey=None, **changes)
    return Snapshot(observation=seen, belief=recall(SPEC, snapshot.belief, seen, outcomes))


def named(snapshot: Snapshot) -> tuple[str, ...]:
    return unfired(snapshot.belief)


def test_what_falls_due_while_schedules_are_suspended_is_missed() -> None:
    found = after(looked(SPEC, known(recorded(observation("SSS"), scheduled=(DUE,)), EVENING)), 10.0)
    assert found.belief.missed == (EVENING,) and named(found) == ("evening",)


def test_what_falls_due_while_they_run_all_the_same_has_fired() -> None:
    """A run before this one has let them run at its end, and its record names what was to come."""
    found = after(looked(SPEC, awake(recorded(observation("SSS"), scheduled=(DUE,)))), 10.0)
    assert found.belief.fired == {DUE} and named(found) == ()
    assert isinstance(found.observation.journal, Journal)
    assert noted_of(found.observation.journal, found.belief, found.observation.at) == ()


@pytest.mark.parametrize(("resumed", "names"), [(LAST + 1.0, ()), (LAST + 6.0, ("evening",))], ids=["before", "after"])
def test_it_has_fired_where_it_fell_due_after_they_were_told_to_run(resumed: float, names: tuple[str, ...]) -> None:
    asleep = looked(SPEC, known(recorded(observation("SSS"), scheduled=(DUE,)), EVENING))
    told = ActOutcome(action=Resume(processes=(SCHEDULES,)), at=resumed, ok=True)
    assert named(after(asleep, 10.0, (told,), group=awake(asleep.observation).group)) == names


def test_a_survey_that_does_not_list_it_any_more_says_that_it_fell_due() -> None:
    """It was answered later than the look itself; what it lists is still to come."""
    asleep = looked(SPEC, known(recorded(observation("SSS"), scheduled=(DUE,)), EVENING))
    for listed, missed in (((), (EVENING,)), ((EVENING,), ())):
        survey = Survey(at=LAST + 6.0, scheduled=listed)
        seen = replace(asleep.observation, at=LAST + 4.0, survey=survey)
        belief = recall(SPEC, asleep.belief, seen)
        assert belief.missed == missed
        assert isinstance(seen.journal, Journal) and noted_of(seen.journal, belief, seen.at) == (DUE,)


def test_nothing_is_made_up_for_that_falls_due_after_all_sizes_are_recorded() -> None:
    found = looked(SPEC, known(recorded(observation("SSS"), scheduled=(DUE,), caught_up=True), EVENING))
    found = after(found, 10.0)
    assert found.belief.missed == () and named(found) == ("evening",)


def test_what_is_to_come_is_noted_as_soon_as_schedules_are_about_to_be_suspended() -> None:
    seen = known(recorded(observation("SSS"), cutoff=None, began=0), EVENING)
    running = replace(seen, group=replace(seen.group, suspended=frozenset()))
    written = [act.journal for act in decide(SPEC, looked(SPEC, running)).actions if isinstance(act, Record)]
    assert [one.scheduled for one in written] == [(DUE,)]


@pytest.mark.parametrize(("suspended", "left"), [(True, (DUE,)), (False, ())])
def test_of_another_s_record_what_fell_due_after_its_end_was_lost_only_if_they_are_suspended(
    suspended: bool, left: tuple[Due, ...]
) -> None:
    seen = recorded(observation("SSS"), scheduled=(DUE,), until=int(LAST))
    group = seen.group if suspended else awake(seen).group
    assert isinstance(seen.journal, Journal) and inherited(seen.journal, group) == left
    assert inherited(replace(seen.journal, until=DUE.at), group) == (DUE,)


def test_sizes_that_are_recorded_and_not_set_yet_are_nobody_s_change() -> None:
    """The record's own answer was lost: AWS has written it, and nothing was set."""
    missed = replace(EVENING, at=AT + 15.0, desired=5, maximum=7)
    asleep = looked(SPEC, known(observation("NNN"), missed), looks=8)
    assert asleep.belief.missed == (missed,)
    sizes = {"caught_up": True, "found": Found(minimum=1, desired=5, maximum=7), "base": 5, "asked": 5}
    seen = recorded(asleep.observation, **sizes)
    owing = Snapshot(observation=seen, belief=asleep.belief)
    assert isinstance(seen.journal, Journal) and is_owed(seen.journal, owing.belief)
    acts = decide(SPEC, owing).actions
    assert SetSizes(minimum=1, desired=5, maximum=7) in acts
    assert all(act.journal.found.maximum == 7 for act in acts if isinstance(act, Record))
    assert not is_owed(seen.journal, replace(owing.belief, sized=True))


def test_what_fell_due_when_nobody_looked_is_newer_than_all_before_it() -> None:
    """Half of them set would be what nobody has scheduled."""
    night = Scheduled(name="night", at=LAST + 200.0, desired=1)
    found = after(looked(SPEC, known(observation("SSS"), EVENING, night)), 10.0)
    assert lived_through(found.belief) == (EVENING,)
    found = after(found, LEASE + 30.0)
    assert found.belief.missed == (EVENING,) and lived_through(found.belief) == ()


@pytest.mark.parametrize(("ago", "asked"), [(20.0, True), (170.0, True), (190.0, False), (-20.0, False)])
def test_an_answer_that_lists_what_has_passed_is_an_old_one_and_asked_for_again(ago: float, asked: bool) -> None:
    known = {"evening": replace(EVENING, at=AT - ago)}
    assert to_ask(known, AT, AT + 10.0) is asked
