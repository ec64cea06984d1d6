"""The loop, look by look: when one goes, when more is asked for, and what is waited for otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Action, Deregister, Need, Registration, RunHook, SetCapacity, Suspend, Terminate
from async_rollout.core.advance import advance
from async_rollout.core.budget import crowded
from async_rollout.core.decide import decide
from async_rollout.core.draft import Draft
from async_rollout.core.history import Ended, Odd, Sent
from async_rollout.core.journal import Departure, Mark, Removal, digest
from async_rollout.core.moves import move
from async_rollout.core.outcomes import HookOutcome
from async_rollout.core.spec import HookPoint, Hooks, RolloutSpec
from support.drafts import NOW, draft_of, snapshot_of
from support.drawn import AT, SOURCES, ident

SPEC = RolloutSpec()
EACH = [one.id for one in SOURCES]
IN_PLACE = RolloutSpec(max_surge=0, max_unavailable=1)


def departure(number: int = 0, **fields: Any) -> Departure:
    return Departure(**{"id": ident(number), "at": int(AT)} | fields)


def out(acts: tuple[Action, ...]) -> list[str]:
    return sorted({one.instance for act in acts if isinstance(act, Deregister) for one in act.registrations})


@pytest.mark.parametrize(
    ("drawing", "spec", "goes", "asks"),
    [
        ("SSS", SPEC, [], 4),
        ("SSSP", SPEC, [], None),
        ("SSSW", SPEC, [], None),
        ("SSSN", SPEC, [0], 5),  # its place under the ceiling is used while it drains
        ("DSSN", SPEC, [], 5),
        ("SSS", IN_PLACE, [0], None),
        ("SSS", RolloutSpec(max_surge=2), [], 5),
        ("SSSNN", RolloutSpec(max_surge=2), [0, 1], 6),
        ("SSSNN", RolloutSpec(max_surge=2, max_draining=1), [0], 6),
        ("SSSNN", RolloutSpec(max_surge=2, wait_before_terminate=9.0), [0], 6),  # one by one
        ("SSSN", RolloutSpec(max_unavailable=1, max_draining=2), [0, 1], 6),
        ("SUSN", SPEC, [1], 5),
    ],
)
def test_who_goes_and_what_is_asked_for(drawing: str, spec: RolloutSpec, goes: list[int], asks: int | None) -> None:
    draft = advance(draft_of(drawing, spec))
    assert out(draft.acts) == [ident(number) for number in goes]
    assert [act.desired for act in draft.acts if isinstance(act, SetCapacity)] == ([] if asks is None else [asks])


@pytest.mark.parametrize(
    ("group", "belief", "record", "acts"),
    [
        ({"maximum": 3}, {}, {"raised": 3}, [SetCapacity(maximum=5), SetCapacity(desired=4)]),
        ({"maximum": 4}, {}, {"raised": 4}, [SetCapacity(maximum=5), SetCapacity(desired=4)]),
        ({"maximum": 8}, {}, {}, []),  # somebody's, not steady yet
        (
            {},
            {"histories": {ident(1): {"removal": Odd("k", NOW, 1)}}},
            {},
            [],
        ),  # a terminate whose effect is not known yet
    ],
)
def test_the_maximum_first_and_nothing_while_something_is_unknown(
    group: dict[str, Any], belief: dict[str, Any], record: dict[str, Any], acts: list[SetCapacity]
) -> None:
    draft = advance(draft_of("SSS", group=group, record=record, **belief))
    assert [one for one in draft.acts if isinstance(one, SetCapacity)] == acts


def test_where_the_maximum_holds_the_field_the_place_of_the_one_that_drains_is_waited_for() -> None:
    draft = advance(draft_of("NNSD", group={"maximum": 4}, record={"raised": 4}))
    assert draft.tally.room == 1
    assert not any(isinstance(act, SetCapacity) for act in draft.acts)


def test_why_none_goes_is_said() -> None:
    (wait,) = advance(draft_of("SSS", histories={ident(1): {"removal": Odd("k", NOW, 1)}})).waits
    assert (wait.on, wait.why) == ("the floor", "3 available, the floor is 3")


def test_a_process_that_runs_again_is_suspended_before_anything_else() -> None:
    draft = advance(draft_of("SSSN", group={"suspended": frozenset({"AZRebalance"})}))
    (act,) = draft.acts
    assert isinstance(act, Suspend)
    assert "ReplaceUnhealthy" in act.processes


def test_an_unexplained_field_is_looked_at_again() -> None:
    draft = advance(replace(draft_of("SSSN"), explained=False))
    assert (draft.acts, draft.waits[-1].on) == ((), "desired capacity")


UP = RolloutSpec(hooks=Hooks(up_check="true"))


def checked(*, ok: bool, ago: float, tries: int = 2) -> dict[str, Any]:
    outcome = HookOutcome(point=HookPoint.UP_CHECK, instance=ident(3), ok=ok, code=0 if ok else 1)
    return {"ended": {HookPoint.UP_CHECK: Ended(outcome, NOW - ago, tries)}}


@pytest.mark.parametrize(
    ("history", "attempt"),
    [
        ({}, 1),
        ({"running": frozenset({HookPoint.UP_CHECK})}, None),
        (checked(ok=False, ago=4.9), None),
        (checked(ok=False, ago=5.0), 3),
        (checked(ok=True, ago=5.0), None),
    ],
)
def test_the_up_check_runs_once_a_check_interval_until_it_returns_0(
    history: dict[str, Any], attempt: int | None
) -> None:
    acts = advance(draft_of("SSSN", UP, histories={ident(3): history})).acts
    assert [act.attempt for act in acts if isinstance(act, RunHook)] == ([] if attempt is None else [attempt])


@pytest.mark.parametrize(
    ("ago", "asked_at", "asks"), [(29.0, 0.0, False), (30.0, 0.0, True), (90.0, NOW - 29.0, False)]
)
def test_a_launch_that_is_overdue_is_worth_a_look_at_the_activities(ago: float, asked_at: float, *, asks: bool) -> None:
    draft = advance(draft_of("SSS", group={"desired": 4}, hollow=Odd("4", NOW - ago, 5), activities_at=asked_at))
    assert (Need.ACTIVITIES in draft.needs) is asks


# --- one departure


def test_a_departure_whose_command_failed_goes_no_further() -> None:
    spec = RolloutSpec(hooks=Hooks(before_terminate="x"))
    failed = departure(before=Mark.FAILED)
    draft = draft_of("DSSN", spec, record={"departures": (failed,)})
    bare = tuple(replace(one, targets=()) for one in draft.observation.instances)
    drained = replace(draft, observation=replace(draft.observation, instances=bare))
    assert move(drained, failed.id) == drained


def drained(*, explained: bool, unlisted: int = 3, asked: Sequence[str] = ()) -> Draft:
    """Of the first, with so many looks that list it nowhere, and the sources that took our call."""
    calls = {Registration(source=id, instance=ident(0), port=None): Sent(NOW - 60) for id in asked}
    history = {"unlisted": unlisted, "calls": calls}
    draft = draft_of("DSSN", record={"departures": (departure(),)}, histories={ident(0): history})
    bare = tuple(replace(one, targets=()) for one in draft.observation.instances)
    return replace(draft, observation=replace(draft.observation, instances=bare), explained=explained)


def test_nobody_is_terminated_while_the_field_is_not_explained() -> None:
    assert move(drained(explained=False), ident(0)).acts == ()
    assert move(drained(explained=True), ident(0)).acts == (Terminate(instance=ident(0), shrink=True),)


@pytest.mark.parametrize(
    ("unlisted", "asked", "fields", "goes"),
    [
        (2, [], {}, False),
        (3, [], {}, True),
        (1, EACH, {"at": int(NOW) - 60}, True),  # the delay of 60 s is over
        (1, EACH, {"at": int(NOW) - 59}, False),
        (1, EACH[:1], {"at": int(NOW) - 60}, False),  # the other one's call failed: it may serve there still
        (3, EACH[:1], {"at": int(NOW) - 60}, True),
        (1, [], {"missing": tuple(digest(one, 6) for one in EACH)}, True),  # it was registered nowhere before
        (1, EACH[:1], {"at": int(NOW) - 60, "missing": (digest(EACH[1], 6),)}, True),
        (1, [], {"before": Mark.ENDED}, True),
    ],
)
def test_listed_nowhere_sooner_than_its_delay_allows_may_be_a_gap(
    unlisted: int, asked: list[str], fields: dict[str, Any], *, goes: bool
) -> None:
    draft = drained(explained=True, unlisted=unlisted, asked=asked)
    found = move(draft.departure(departure(**fields)), ident(0))
    assert bool(found.acts) is goes
    assert goes or found.waits[-1].on == f"{ident(0)} draining"


@pytest.mark.parametrize(
    ("drawing", "removals", "exist"),
    [
        ("SSS", "", 0),
        ("SSS", "K", 0),  # 3 and the successors of two: 5 may exist
        ("SSS", "KK", 6),
        ("SSS", "SS", 0),  # they take their places along
        ("SSST", "K--G", 6),
        ("SSSTT", "---GG", 6),
        ("SSSTT", "", 0),  # others' doing: they take no part
        ("SSSNN", "", 0),  # 6 would, but nobody is on the way: waiting would make no room
    ],
)
def test_a_place_is_kept_only_where_its_successor_may_exist(drawing: str, removals: str, exist: int) -> None:
    kinds = {"K": Removal.KEEP, "S": Removal.SHRINK, "G": Removal.COUNTED}
    departures = tuple(departure(number, removal=kinds[kind]) for number, kind in enumerate(removals) if kind in kinds)
    draft = draft_of(drawing, record={"departures": departures})
    assert crowded(draft.tally, draft.observation, draft.journal) == exist


def test_whoever_keeps_its_place_waits_for_room() -> None:
    going = (departure(), *(departure(number, removal=Removal.COUNTED) for number in (3, 4)))
    record = {"departures": going, "asked": 3}
    draft = draft_of("SSSTT", group={"desired": 3}, record=record, histories={ident(0): {"unlisted": 3}})
    bare = tuple(replace(one, targets=()) for one in draft.observation.instances)
    found = move(replace(draft, observation=replace(draft.observation, instances=bare)), ident(0))
    assert found.acts == ()
    assert "6 would exist, 5 may" in found.waits[-1].why


@pytest.mark.parametrize(
    ("looks", "ago", "asked", "resent"),
    [(3, 30.0, 1.0, True), (2, 30.0, 1.0, False), (3, 29.0, 1.0, False), (3, 30.0, 40.0, False)],
)  # fmt: skip
def test_a_terminate_is_sent_again_only_when_aws_knows_nothing_of_it(
    looks: int, ago: float, asked: float, *, resent: bool
) -> None:
    sent = departure(removal=Removal.SHRINK)
    draft = drained(explained=True)
    belief = draft.belief.noted(ident(0), removal=Odd("k", NOW - ago, looks))
    belief = replace(belief, activities_at=NOW - asked)
    acts = move(replace(draft, belief=belief).departure(sent), sent.id).acts
    assert acts == ((Terminate(instance=ident(0), shrink=True),) if resent else ())


def test_before_it_is_sent_again_every_source_must_have_let_go_of_it() -> None:
    sent = departure(removal=Removal.SHRINK)
    draft = draft_of("DSSN", record={"departures": (sent,)})
    belief = draft.belief.noted(ident(0), removal=Odd("k", NOW - 30.0, 3))
    belief = replace(belief, activities_at=NOW - 1.0)
    again = move(replace(draft, belief=belief), sent.id)
    assert again.acts == () and again.journal.departures == (departure(),)
    assert again.waits[-1].on == f"{ident(0)} draining"


@pytest.mark.parametrize("seen", [None, Odd("4", NOW - 60, 1), Odd("5", NOW - 60, 9)])
def test_a_field_that_reads_otherwise_for_the_first_time_moves_no_base(seen: Odd | None) -> None:
    decision = decide(SPEC, snapshot_of("SSSN", record={"asked": 3}, desired=seen))
    assert not any(isinstance(act, SetCapacity | Terminate | Deregister) for act in decision.actions)
    assert decision.waits[-1].on == "desired capacity"


@pytest.mark.parametrize(("looks", "gone"), [(1, False), (2, False), (3, True)])
def test_two_answers_without_it_may_be_gaps_and_three_are_its_end(looks: int, *, gone: bool) -> None:
    sent = departure(9, removal=Removal.SHRINK)
    draft = draft_of("SSN", record={"departures": (sent,)}, histories={ident(9): {"absent": looks}})
    assert (move(draft, sent.id).journal.departures == ()) is gone
    assert draft.tally.exist == 3 + (not gone)
