"""Whose before-command has begun or failed, while all is put back: finished, or parked in Standby, step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Action, EnterStandby, Record, Register, SetCapacity, Terminate
from async_rollout.core.activity import Activity
from async_rollout.core.decide import decide
from async_rollout.core.history import Odd
from async_rollout.core.journal import Cause, Departure, Goal, Journal, Mark, Removal
from async_rollout.core.moves import move
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import Hooks, RolloutSpec
from async_rollout.core.stages import Stage
from support.drafts import NOW, draft_of, snapshot_of
from support.drawn import AT, ident

GIVEN = RolloutSpec(hooks=Hooks(before_terminate="leave"))
BACK: dict[str, Any] = {"goal": Goal.RESTORE, "cause": Cause(code=130, text="stopped")}


def departure(number: int = 0, **fields: Any) -> Departure:
    return Departure(id=ident(number), at=int(AT), **fields)


def done(snapshot: Snapshot) -> tuple[Action, ...]:
    """What is done beside writing the record."""
    return tuple(act for act in decide(GIVEN, snapshot).actions if not isinstance(act, Record))


def test_one_whose_command_has_begun_is_finished_where_the_floor_allows() -> None:
    begun = {"departures": (departure(before=Mark.ENDED),), **BACK}
    low = snapshot_of("DSS", GIVEN, record=begun)
    assert not any(isinstance(act, Register | Terminate) for act in done(low))
    assert done(let_go(low)) == (SetCapacity(desired=4),)  # it is parked, once there is another place for it
    high = snapshot_of("DSSN", GIVEN, record=begun)
    assert any(isinstance(act, Terminate) for act in done(let_go(high)))


def let_go(snapshot: Snapshot) -> Snapshot:
    """The same, the first one listed nowhere any more."""
    bare = tuple(replace(one, targets=()) if one.id == ident(0) else one for one in snapshot.observation.instances)
    return replace(snapshot, observation=replace(snapshot.observation, instances=bare))


@pytest.mark.parametrize(
    ("drawing", "fields"),
    [
        ("DSSP", {}),
        ("DSDN", {"departures": (departure(before=Mark.ENDED), departure(2))}),
    ],
)
def test_and_it_waits_while_others_come_or_come_back_but_not_for_ever(drawing: str, fields: dict[str, Any]) -> None:
    record = {"departures": (departure(before=Mark.ENDED),), "asked": len(drawing), **BACK, **fields}
    for ago, parks in ((800.0, False), (901.0, True)):
        seen = let_go(snapshot_of(drawing, GIVEN, record=record, progress=Odd("p", NOW - ago, 9)))
        assert (EnterStandby(instance=ident(0)) in done(seen)) is parks
    seen = let_go(snapshot_of(drawing, GIVEN, record=record))
    assert any(one.on == f"{ident(0)} going" for one in decide(GIVEN, seen).waits)


FAILED_AND_OUT = {"departures": (departure(before=Mark.FAILED),), **BACK}


def test_it_is_not_parked_on_a_look_that_does_not_explain_desired() -> None:
    draft = draft_of("DSSN", GIVEN, record=FAILED_AND_OUT)
    bare = tuple(replace(one, targets=()) if one.id == ident(0) else one for one in draft.observation.instances)
    out = replace(draft, observation=replace(draft.observation, instances=bare))
    assert move(out, ident(0)).acts == (EnterStandby(instance=ident(0)),)
    assert move(replace(out, explained=False), ident(0)).acts == ()


def test_behind_no_load_balancer_it_serves_on_and_waits_while_the_floor_needs_it() -> None:
    out = departure(before=Mark.FAILED, missing=("x",))
    for drawing, acts in (("SSS", ()), ("SSSN", (EnterStandby(instance=ident(0)),))):
        draft = draft_of(drawing, GIVEN, record={**FAILED_AND_OUT, "departures": (out,)})
        bare = tuple(replace(one, targets=()) for one in draft.observation.instances)
        belief = draft.belief.noted(ident(0), relisted=None)  # none lists it, so none has listed it again
        alone = replace(draft, observation=replace(draft.observation, sources=(), instances=bare), belief=belief)
        assert move(alone, ident(0)).acts == acts


@pytest.mark.parametrize(
    ("looks", "ago", "stays"), [(1, 0.0, True), (2, 40.0, True), (3, 29.0, True), (3, 30.0, False), (None, 0.0, True)]
)
def test_who_is_listed_again_is_looked_at_until_that_is_no_old_answer(
    looks: int | None, ago: float, *, stays: bool
) -> None:
    """Listed again by others' doing it is neither parked nor left in the record."""
    draft = draft_of("SSSN", GIVEN, record=FAILED_AND_OUT)
    relisted = None if looks is None else Odd("listed", NOW - ago, looks)
    draft = replace(
        draft, observation=replace(draft.observation, at=NOW), belief=draft.belief.noted(ident(0), relisted=relisted)
    )
    done = move(draft, ident(0))
    assert (done.journal.departure(ident(0)) is not None) is stays
    assert (done.acts == ()) is (looks is not None)


@pytest.mark.parametrize(("launches", "acts"), [(0, (SetCapacity(desired=4),)), (99, ())])
def test_one_more_is_asked_for_only_where_that_may_be(launches: int, acts: tuple[Action, ...]) -> None:
    seen = let_go(snapshot_of("DSS", GIVEN, record={**FAILED_AND_OUT, "launches": launches}))
    assert done(seen) == acts
    assert f"{ident(0)} parking" in [wait.on for wait in decide(GIVEN, seen).waits]


def test_one_whose_command_failed_is_parked() -> None:
    failed = {"departures": (departure(before=Mark.FAILED),), **BACK}
    record, act = decide(GIVEN, let_go(snapshot_of("DSSN", GIVEN, record=failed))).actions
    assert act == EnterStandby(instance=ident(0)) and isinstance(record, Record)
    assert [one.removal for one in record.journal.departures] == [Removal.PARKED]


SENT = departure(before=Mark.FAILED, removal=Removal.PARKED)


def told(*, at: float = NOW - 40, status: str = "InProgress", over: bool = False) -> Activity:
    return Activity(
        id="1", kind="standby", status=status, message="", started_at=at, ended_at=at + 1 if over else None,
        instance=ident(0),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("activities", "asked", "again"),
    [
        ((), NOW - 10, True),  # nothing came of it
        ((), NOW - 60, False),  # nobody has asked since
        ((told(),), NOW - 10, False),
        ((told(status="Successful", over=True),), NOW - 10, False),
        ((told(status="Failed", over=True),), NOW - 10, True),
        ((told(at=NOW - 900, status="Successful", over=True),), NOW - 10, True),  # of another time
    ],
)
def test_what_does_not_show_is_sent_again_as_a_terminate_is(
    activities: tuple[Activity, ...], asked: float, again: bool
) -> None:
    fields: dict[str, Any] = {"activities": activities, "activities_at": asked}
    seen = let_go(snapshot_of("DSSN", GIVEN, record={"departures": (SENT,), **BACK}, **fields))
    seen = replace(seen, belief=seen.belief.noted(ident(0), removal=Odd("recorded", NOW - 45, 9)))
    assert (EnterStandby(instance=ident(0)) in done(seen)) is again
    early = replace(seen, belief=seen.belief.noted(ident(0), removal=Odd("recorded", NOW - 25, 9)))
    assert done(early) == ()


def test_who_was_brought_back_between_two_looks_is_its_owners() -> None:
    """AWS tells that it stood by, and it reads InService for longer than any answer is old."""
    for ago, activities, left in ((115, True, True), (121, True, False), (121, False, True)):
        told_of = (told(at=NOW - ago, status="Successful" if activities else "Failed", over=True),)
        seen = let_go(snapshot_of("DSSN", GIVEN, record={"departures": (SENT,), **BACK}, activities=told_of))
        seen = replace(seen, belief=seen.belief.noted(ident(0), removal=Odd("recorded", NOW - ago, 9)))
        meant = decide(GIVEN, seen).meant
        assert meant is not None and (meant.departure(ident(0)) is not None) is left


def test_a_run_that_goes_on_tries_the_command_again_where_nothing_came_of_it() -> None:
    fields: dict[str, Any] = {"activities_at": NOW - 10}
    seen = let_go(snapshot_of("DSSN", GIVEN, record={"departures": (SENT,)}, **fields))
    seen = replace(seen, belief=seen.belief.noted(ident(0), removal=Odd("recorded", NOW - 45, 9)))
    written = next(act.journal for act in decide(GIVEN, seen).actions if isinstance(act, Record))
    assert written.departures == (replace(SENT, removal=Removal.NOT, before=Mark.BEGUN),)


@pytest.mark.parametrize(
    ("fields", "removal", "left"),
    [
        ({"lifecycle": "EnteringStandby"}, Removal.ASIDE, True),
        ({"lifecycle": "Standby"}, Removal.ASIDE, True),
        ({"lifecycle": "Pending"}, Removal.ASIDE, False),  # its owner brings it back
        ({"lifecycle": "InService"}, Removal.ASIDE, False),
        ({"lifecycle": "Standby"}, Removal.NOT, True),  # its owner was first
    ],
)
def test_who_stands_by_is_left_alone_and_who_is_brought_back_is_its_owners(
    fields: dict[str, Any], removal: Removal, left: bool
) -> None:
    out = departure(before=Mark.FAILED, removal=removal)
    draft = draft_of("DSSN", GIVEN, record={"departures": (out,), **BACK})
    first, *rest = draft.observation.instances
    seen = replace(draft, observation=replace(draft.observation, instances=(replace(first, **fields), *rest)))
    after = move(seen, ident(0))
    assert after.acts == ()
    expected = (replace(out, removal=Removal.ASIDE),) if left else ()
    assert after.journal.departures == expected


def test_once_it_is_there_a_run_that_goes_on_lets_it_be() -> None:
    draft = draft_of("DSSN", GIVEN, record={"departures": (replace(SENT, removal=Removal.ASIDE),)})
    first, *rest = draft.observation.instances
    idle = replace(first, lifecycle="Standby", targets=())
    seen = replace(draft, observation=replace(draft.observation, instances=(idle, *rest)))
    assert seen.stage(ident(0)) is Stage.PARKED
    assert move(seen, ident(0)).journal.departures == ()


def test_its_place_is_counted_when_it_stands_by() -> None:
    """Desired fell with it: that is nobody's cut."""
    seen = snapshot_of("DSSN", GIVEN, record={"departures": (SENT,), "asked": 4, **BACK}, group={"desired": 3})
    first, *rest = seen.observation.instances
    idle = replace(first, lifecycle="Standby", targets=())
    seen = replace(seen, observation=replace(seen.observation, instances=(idle, *rest)))
    written = next(act.journal for act in decide(GIVEN, seen).actions if isinstance(act, Record))
    assert isinstance(written, Journal)
    assert (written.base, written.asked, written.departures[0].removal) == (3, 3, Removal.ASIDE)
