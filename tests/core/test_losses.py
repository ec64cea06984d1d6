"""A way back with instances lost: surplus of ours that the floor needs, and one that is dead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import (
    Action,
    Deregister,
    MarkHealthy,
    Record,
    Register,
    Registration,
    SetCapacity,
    Terminate,
)
from async_rollout.core.decide import decide
from async_rollout.core.history import Odd, Sent
from async_rollout.core.journal import Cause, Departure, Goal, Journal, Mark, Removal
from async_rollout.core.laws import objection
from async_rollout.core.observation import TargetState
from async_rollout.core.outcomes import ActOutcome
from async_rollout.core.recall import recall
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import HookPoint, RolloutSpec
from async_rollout.core.stages import Stage
from support.drafts import NOW, snapshot_of
from support.drawn import AT, ident, looked

SPEC = RolloutSpec()
BACK: dict[str, Any] = {"goal": Goal.RESTORE, "cause": Cause(code=130, text="stopped")}
OUT = tuple(Registration(source=name, instance=ident(0), port=80) for name in ("tg1", "tg2"))


def done(snapshot: Snapshot, spec: RolloutSpec = SPEC) -> tuple[Action, ...]:
    """What is done beside writing the record."""
    return tuple(act for act in decide(spec, snapshot).actions if not isinstance(act, Record))


def test_where_the_floor_needs_our_surplus_one_that_is_ill_goes_in_its_place() -> None:
    (out,) = done(snapshot_of("SSUN", record={"asked": 4, "base": 3, **BACK}))
    assert isinstance(out, Deregister)
    assert {one.instance for one in out.registrations} == {ident(2)}


def test_where_the_floor_needs_our_surplus_and_nobody_is_ill_it_waits() -> None:
    spec = RolloutSpec(healthy_threshold=9)
    snapshot = snapshot_of("SSSN", spec, record={"asked": 4, "base": 3, **BACK})
    assert done(snapshot, spec) == ()
    (wait,) = [wait for wait in decide(spec, snapshot).waits if wait.on == f"surplus {ident(3)}"]
    assert "the floor is 3" in wait.why
    unseen = replace(snapshot, belief=replace(snapshot.belief, progress=None))
    assert any(wait.on == f"surplus {ident(3)}" for wait in decide(spec, unseen).waits)


@pytest.mark.parametrize(("health", "refused", "back"), [("Healthy", True, True), ("Unhealthy", False, True),
                                                           ("Unhealthy", True, False)])  # fmt: skip
def test_one_that_is_dead_is_finished(health: str, *, refused: bool, back: bool) -> None:
    """Dead: AWS calls it unhealthy and refuses to register it."""
    snapshot = snapshot_of("DSSN", record={"departures": (Departure(id=ident(0), at=int(AT)),), **BACK})
    act = ActOutcome(action=Register(registrations=OUT), at=NOW, ok=None if not refused else False)
    first, *others = snapshot.observation.instances
    observation = replace(
        snapshot.observation, at=NOW + 1, instances=(replace(first, health=health, targets=()), *others)
    )
    after = replace(snapshot, observation=observation, belief=recall(SPEC, snapshot.belief, observation, (act,)))
    assert any(isinstance(act, Register) for act in done(after)) is back


def test_who_came_back_goes_out_again_only_where_the_floor_holds_without_it() -> None:
    """A killed restore has registered it back, and meanwhile another was lost: it serves, and the floor needs it."""
    departure = {"departures": (Departure(id=ident(0), at=int(AT)),)}
    lost = snapshot_of("SSS", record=departure)
    assert not [act for act in done(lost) if isinstance(act, Deregister)]
    decision = decide(SPEC, lost)
    assert decision.meant is not None
    (back,) = decision.meant.departures
    assert back.stays
    (wait,) = [wait for wait in decision.waits if wait.on == f"{ident(0)} registering back"]
    assert "until every source calls it healthy" in wait.why


def test_one_whose_command_has_begun_goes_no_further_while_the_floor_needs_it() -> None:
    out = Departure(id=ident(0), at=int(AT), before=Mark.ENDED, missing=("x",))
    alone = snapshot_of("SSS", record={"departures": (out,)})
    bare = replace(alone, observation=replace(alone.observation, sources=(), instances=tuple(
        replace(one, targets=()) for one in alone.observation.instances)))  # fmt: skip
    (wait,) = [wait for wait in decide(SPEC, bare).waits if wait.on == f"{ident(0)} going out"]
    assert "2 are ready without it and the floor is 3" in wait.why


def test_who_serves_though_it_is_to_go_is_taken_out_again_where_the_floor_holds() -> None:
    departure = {"departures": (Departure(id=ident(0), at=int(AT)),)}
    (out,) = [act for act in done(snapshot_of("SSSN", record=departure)) if isinstance(act, Deregister)]
    assert {one.instance for one in out.registrations} == {ident(0)}


def test_who_came_back_and_stays_counts_under_the_ceiling() -> None:
    departure = {"departures": (Departure(id=ident(0), at=int(AT)),)}
    back, more = done(snapshot_of("SSS", record=departure))
    assert isinstance(back, Register) and more == SetCapacity(desired=4)


def test_the_guard_knows_who_came_back() -> None:
    snapshot = snapshot_of("SSS", record={"departures": (Departure(id=ident(0), at=int(AT)),)})
    out = Deregister(registrations=OUT)
    assert "law 1" in (objection(SPEC, snapshot, (), out) or "")
    assert (
        objection(SPEC, snapshot_of("SSSN", record={"departures": (Departure(id=ident(0), at=int(AT)),)}), (), out)
        is None
    )


def test_behind_no_load_balancer_it_serves_until_it_is_terminated() -> None:
    """The call was refused, and meanwhile another was lost: it is not sent again, it serves on."""
    departure = Departure(id=ident(0), at=int(AT), missing=("x",))
    alone = snapshot_of("SSS", record={"departures": (departure,)})
    bare = replace(alone, observation=replace(alone.observation, sources=(), instances=tuple(
        replace(one, targets=()) for one in alone.observation.instances)))  # fmt: skip
    assert not [act for act in done(bare) if isinstance(act, Terminate)]
    assert decide(SPEC, bare).meant.departures == ()  # type: ignore[union-attr]
    assert "law 1" in (objection(SPEC, bare, (), Terminate(instance=ident(0), shrink=True)) or "")


@pytest.mark.parametrize(("goal", "removal"), [(Goal.REPLACE, Removal.SHRINK), (Goal.RESTORE, Removal.NOT)])
def test_a_terminate_that_came_to_nothing_is_sent_again_or_put_back(goal: Goal, removal: Removal) -> None:
    departure = Departure(id=ident(0), at=int(AT) - 500, removal=Removal.SHRINK)
    before = snapshot_of("SSSN", record={"departures": (departure,), "goal": goal, "cause": BACK["cause"], "asked": 4})
    instances = (replace(before.observation.instances[0], targets=()), *before.observation.instances[1:])
    belief = before.belief.noted(ident(0), removal=Odd("recorded", NOW - 60, 5), unlisted=3)
    belief = replace(belief, activities_at=NOW)
    after = replace(before, observation=replace(before.observation, instances=instances), belief=belief)
    decision = decide(SPEC, after)
    assert decision.meant is not None
    assert [departure.removal for departure in decision.meant.departures] == [removal]
    assert any(isinstance(act, Terminate) for act in decision.actions) is (goal is Goal.REPLACE)


def test_who_is_only_marked_unhealthy_stays_so_counts_and_goes_first() -> None:
    snapshot = snapshot_of("SMMN", record={"asked": 4})
    assert snapshot.belief.stage(ident(1)) is Stage.SERVING
    (out,) = (act for act in done(snapshot) if isinstance(act, Deregister))
    assert {one.instance for one in out.registrations} == {ident(1)}
    assert not [act for act in done(snapshot_of("SMM")) if isinstance(act, Deregister)]


def test_a_new_one_that_is_only_marked_unhealthy_goes_and_proves_nothing() -> None:
    observation = snapshot_of("SSNN", record={"asked": 4}).observation
    marked = replace(observation.instances[3], health="Unhealthy")
    snapshot = looked(SPEC, replace(observation, at=AT, instances=(*observation.instances[:3], marked)))
    (out,) = (act for act in done(snapshot) if isinstance(act, Deregister))
    assert {one.instance for one in out.registrations} == {ident(3)}
    alone = looked(SPEC, replace(observation, at=AT, instances=(*observation.instances[:2], marked), group=replace(
        observation.group, desired=3), journal=replace(observation.journal, asked=3)))  # fmt: skip
    assert done(alone) == (SetCapacity(desired=4),)


def test_a_mark_that_our_deregistration_made_late_is_taken_off_while_it_goes_on() -> None:
    known = {"calls": dict.fromkeys(OUT, Sent(NOW - 60, back=True)), "marked_since": NOW - 30}
    group = {"health_check_type": "ELB"}
    snapshot = snapshot_of("MSSN", group=group, record={"asked": 4}, histories={ident(0): known})
    assert MarkHealthy(instances=(ident(0),)) in done(snapshot)


def test_the_guard_knows_that_who_stands_by_holds_no_place() -> None:
    departure = Departure(id=ident(0), at=int(AT), removal=Removal.SHRINK)
    snapshot = snapshot_of("BSS", record={"departures": (departure,), "base": 2})
    assert "law 3" in (objection(SPEC, snapshot, (), Terminate(instance=ident(0), shrink=True)) or "")


def test_nobody_goes_on_a_look_that_may_lack_something() -> None:
    """It was listed as healthy all the time, and in this one look nowhere: its way out would forget where it was."""
    spec = RolloutSpec(max_surge=0, max_unavailable=1)
    before = snapshot_of("SSS", spec)
    gap = (replace(before.observation.instances[0], targets=()), *before.observation.instances[1:])
    observation = replace(before.observation, at=NOW + 10, instances=gap)
    after = replace(before, observation=observation, belief=recall(spec, before.belief, observation))
    out = [one.instance for act in done(after, spec) if isinstance(act, Deregister) for one in act.registrations]
    written = [act.journal.departures for act in decide(spec, after).actions if isinstance(act, Record)]
    assert ident(0) not in out
    assert not any(departure.id == ident(0) for departures in written for departure in departures)


def test_a_drain_that_outlasts_its_delay_is_over_when_three_looks_say_so() -> None:
    departure = Departure(id=ident(0), at=int(AT) - 200)
    snapshot = snapshot_of("DSSN", record={"departures": (departure,), "asked": 4})
    assert [id for id, one in snapshot.belief.histories.items() if one.lingering] == [ident(0)]
    ends = []
    for number in range(1, 4):
        at = NOW + 3.0 * number
        gone = (replace(snapshot.observation.instances[0], targets=()), *snapshot.observation.instances[1:])
        sources = tuple(replace(one, seen_at=at) for one in snapshot.observation.sources)
        observation = replace(snapshot.observation, at=at, instances=gone, sources=sources)
        snapshot = replace(snapshot, observation=observation, belief=recall(SPEC, snapshot.belief, observation))
        ends.append(any(isinstance(act, Terminate) for act in done(snapshot)))
    assert ends == [False, False, True]


def test_surplus_is_given_back_only_where_the_owners_new_minimum_is_known() -> None:
    raised = snapshot_of("SSSN", group={"minimum": 4}, record={"asked": 4, **BACK}, minimum=Odd("4", NOW, 1))
    assert done(raised) == ()


def test_what_could_not_be_put_back_is_said_once() -> None:
    departure = Departure(id=ident(0), at=int(AT) - 500, before=Mark.BEGUN)
    record = {"departures": (departure,), "commands": (HookPoint.BEFORE_TERMINATE,), **BACK}
    verdict = decide(SPEC, snapshot_of("DSSN", record=record)).verdict
    assert verdict is not None and verdict.code == 10
    assert [line for line in verdict.left if ident(0) in line] == [
        f"{ident(0)} is out of its load balancers: its before-command has begun, and none was given"
    ]


def test_who_comes_back_is_not_ill_of_its_own_draining() -> None:
    """It was looked at again and again while it drained; the first look after that is the first that says how it is."""
    out = snapshot_of("DSSN", record={"asked": 4, **BACK}, histories={ident(0): {"lingering": False}})
    assert out.belief.history(ident(0)).streak.bad <= 1
    coming = replace(out.observation.instances[0], targets=tuple(
        replace(one, state=TargetState.INITIAL) for one in out.observation.instances[0].targets))  # fmt: skip
    assert isinstance(out.observation.journal, Journal)
    record = replace(out.observation.journal, departures=())
    observation = replace(
        out.observation, at=NOW + 5, journal=record, instances=(coming, *out.observation.instances[1:])
    )
    back = replace(out, observation=observation, belief=recall(SPEC, out.belief, observation))
    gone = {one.instance for act in done(back) if isinstance(act, Deregister) for one in act.registrations}
    assert ident(0) not in gone


def test_no_two_records_have_one_serial() -> None:
    """The one before was sent and not answered: should it have been written, a later look must tell the two apart."""
    snapshot = snapshot_of("SSSN", record={"asked": 4})
    tried = replace(snapshot, belief=replace(snapshot.belief, tried=40))
    assert [act.journal.serial for act in decide(SPEC, tried).actions if isinstance(act, Record)] == [41]
