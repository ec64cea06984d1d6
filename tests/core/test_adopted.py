"""What a look adds to the record: sizes that the owner set, newcomers that vanished; and what it is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.actions import Action, Deregister, Erase, Need, Record, Resume, SetCapacity
from async_rollout.core.carried import carried
from async_rollout.core.decide import decide
from async_rollout.core.history import Odd, Since
from async_rollout.core.journal import SUSPENDED_BY_US, Cause, Departure, Goal, Journal, Removal
from async_rollout.core.observation import Survey
from async_rollout.core.outcomes import ActOutcome
from async_rollout.core.policy import GONE, ONE_LOOK, REFRESH_AGE, REFRESH_EVERY
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import Stage
from support.drafts import NOW, snapshot_of
from support.drawn import SOURCES, ident

SPEC = RolloutSpec()


def done(snapshot: Snapshot, spec: RolloutSpec = SPEC) -> tuple[Action, ...]:
    """What is done beside writing the record."""
    return tuple(act for act in decide(spec, snapshot).actions if not isinstance(act, Record))


@pytest.mark.parametrize(("looks", "ago", "base"), [(2, 30.0, 4), (1, 30.0, 3), (2, 29.0, 3)])
def test_the_owners_new_minimum_lifts_the_base_when_it_is_steady(looks: int, ago: float, base: int) -> None:
    snapshot = snapshot_of("SSSN", group={"minimum": 4}, record={"asked": 4}, minimum=Odd("4", NOW - ago, looks))
    assert written_or_seen(snapshot).base == base


@pytest.mark.parametrize(("looks", "ago", "maximum"), [(2, 30.0, 8), (1, 30.0, 10), (2, 29.0, 10)])
def test_the_owners_new_maximum_is_the_one_to_keep(looks: int, ago: float, maximum: int) -> None:
    snapshot = snapshot_of("SSS", group={"maximum": 8}, maximum=Odd("8", NOW - ago, looks))
    assert written_or_seen(snapshot).found.maximum == maximum


def test_our_maximum_that_was_seen_is_the_only_one_of_ours() -> None:
    snapshot = snapshot_of("SSS", group={"maximum": 12}, record={"raised": 12, "raised_from": 10})
    assert written_or_seen(snapshot).raised_from == 12


def test_newcomers_that_failed_are_counted() -> None:
    """Those that others have counted before us stay counted."""
    snapshot = snapshot_of("SSS", record={"lost": 1}, histories={"i-1": {"failed": "it left before it served"}})
    counted = replace(snapshot, belief=replace(snapshot.belief, failed_before=1))
    assert (written_or_seen(snapshot).lost, written_or_seen(counted).lost) == (1, 2)


def written_or_seen(snapshot: Snapshot) -> Journal:
    records = [act.journal for act in decide(SPEC, snapshot).actions if isinstance(act, Record)]
    found = records[0] if records else snapshot.observation.journal
    assert isinstance(found, Journal)
    return found


@pytest.mark.parametrize(("drawing", "age"), [("SSS", REFRESH_AGE), ("SSSP", REFRESH_EVERY)])
def test_what_else_may_be_at_work_is_asked_now_and_then(drawing: str, age: float) -> None:
    """More often where somebody might be taken out next."""
    assert Need.REFRESH not in decide(SPEC, snapshot_of(drawing, survey=Survey(at=NOW - age + 1))).needs
    assert Need.REFRESH in decide(SPEC, snapshot_of(drawing, survey=Survey(at=NOW - age))).needs


def blind(snapshot: Snapshot) -> Snapshot:
    """The same look, but no source was asked in it."""
    sources = tuple(replace(one, seen_at=None) for one in snapshot.observation.sources)
    return replace(snapshot, observation=replace(snapshot.observation, sources=sources))


def test_a_look_without_health_may_ask_for_more() -> None:
    assert [type(act) for act in done(blind(snapshot_of("SSS")))] == [SetCapacity]


def test_a_look_without_health_removes_nobody_and_asks_for_everything() -> None:
    seen = snapshot_of("SSSN", group={"desired": 4}, record={"asked": 4})
    assert Deregister in [type(act) for act in done(seen)]
    decision = decide(SPEC, blind(seen))
    assert (decision.actions, decision.look_again) == ((), 0.0)
    assert decision.needs == {Need.TARGETS}


def test_a_restore_always_looks_at_everything() -> None:
    turned = {"goal": Goal.RESTORE, "cause": Cause(code=1, text="why")}
    decision = decide(SPEC, blind(snapshot_of("SSS", record=turned)))
    assert (decision.actions, decision.look_again) == ((), 0.0)
    assert decision.needs >= {Need.TARGETS}


def test_what_was_not_asked_stands_as_it_was_seen_before() -> None:
    seen = snapshot_of("SSS").observation
    bare = replace(
        seen,
        instances=tuple(replace(one, targets=()) for one in seen.instances),
        sources=tuple(replace(one, seen_at=None) for one in seen.sources),
    )
    later = replace(bare, at=seen.at + ONE_LOOK + 1)
    shown = carried(later, seen, snapshot_of("SSS").belief, ())
    assert shown.instances == seen.instances
    assert not shown.health_seen


def test_what_was_asked_a_moment_before_is_of_the_same_look_where_nothing_was_done_since() -> None:
    first, second = (replace(one, seen_at=NOW) for one in SOURCES)
    half = replace(snapshot_of("SSS").observation, at=NOW, sources=(first, replace(second, seen_at=None)))
    rest = replace(half, at=half.at + ONE_LOOK, sources=(replace(first, seen_at=None), second))
    belief = snapshot_of("SSS").belief
    assert not half.health_seen and carried(rest, half, belief, ()).health_seen
    assert not carried(replace(rest, at=half.at + ONE_LOOK + 1), half, belief, ()).health_seen
    whole = replace(half, sources=(first, second))
    rows = replace(rest, sources=tuple(replace(one, seen_at=None) for one in rest.sources))
    assert not carried(rows, half, belief, ()).health_seen, "nobody was asked"
    assert not carried(rest, whole, belief, ()).health_seen, "one answer would count in two looks"
    did = ActOutcome(action=Resume(processes=("Launch",)), ok=True, at=half.at)
    assert not carried(rest, half, belief, (did,)).health_seen


def test_an_old_answer_decides_nothing() -> None:
    assert decide(SPEC, snapshot_of("SSS", blinded=True)).actions == ()


def test_once_our_tags_are_off_an_older_answer_that_shows_them_takes_them_off_again() -> None:
    snapshot = snapshot_of("NNN")
    ours = snapshot.observation.journal
    assert done(replace(snapshot, belief=replace(snapshot.belief, erased=ours))) == (Erase(),)


def test_what_a_rollout_needs_is_resumed_first_with_force() -> None:
    spec = RolloutSpec(require_healthy_group=False)
    suspended = frozenset({"Launch", *SUSPENDED_BY_US})
    assert done(snapshot_of("SSS", spec, group={"suspended": suspended}), spec) == (Resume(processes=("Launch",)),)


def test_stage_of_a_drain_begins_anew_in_a_resumed_run() -> None:
    snapshot = snapshot_of("DSSN", histories={ident(0): {"stage": Since(Stage.DRAINING, NOW)}})
    (wait,) = [one for one in decide(SPEC, snapshot).waits if "draining" in one.on]
    assert wait.since == NOW


def test_that_a_departure_is_over_is_written_with_what_is_next() -> None:
    over = Departure(id=ident(9), at=int(NOW) - 100, removal=Removal.COUNTED)
    gone = snapshot_of("NNNSP", group={"desired": 5}, record={"asked": 5, "base": 4, "departures": (over,)})
    gone = replace(gone, belief=gone.belief.noted(over.id, absent=GONE.looks))
    decision = decide(SPEC, gone)
    assert decision.actions == ()
    assert decision.meant is not None
    assert decision.meant.departures == ()


def test_what_a_terminate_took_out_of_desired_is_written_at_once() -> None:
    """Else a raise by others to what was asked for before would look like our own."""
    sent = Departure(id=ident(9), at=int(NOW) - 100, removal=Removal.SHRINK)
    seen = snapshot_of("NNNSP", group={"desired": 5}, record={"asked": 6, "base": 4, "departures": (sent,)})
    assert written_or_seen(seen).asked == 5
    assert [type(act) for act in decide(SPEC, seen).actions] == [Record]
