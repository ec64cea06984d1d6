"""The end and the way back, look by look: what is shed, settled, put back, left; and what fits into five seconds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import (
    Action,
    Decision,
    Deregister,
    Erase,
    MarkHealthy,
    Need,
    Outcome,
    Record,
    Register,
    Registration,
    Resume,
    SetCapacity,
)
from async_rollout.core.decide import decide
from async_rollout.core.finish import EVENED_MAX
from async_rollout.core.history import Odd, Sent, Since, Streak
from async_rollout.core.journal import SUSPENDED_BY_US, Cause, Departure, Goal, Journal, Removal
from async_rollout.core.observation import unfound
from async_rollout.core.policy import MARKS_MAX
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import OnFailure, RolloutSpec
from async_rollout.core.stages import Stage
from support.drafts import NOW, launch, snapshot_of
from support.drawn import AT, ident

SPEC = RolloutSpec()
BACK: dict[str, Any] = {"goal": Goal.RESTORE, "cause": Cause(code=130, text="stopped")}
HOLLOW = Odd("4", NOW - 120, 9)


def done(snapshot: Snapshot, spec: RolloutSpec = SPEC) -> tuple[Action, ...]:
    """What is done beside writing the record."""
    return tuple(act for act in decide(spec, snapshot).actions if not isinstance(act, Record))


def written(decision: Decision) -> Journal:
    (record,) = [act.journal for act in decision.actions if isinstance(act, Record)]
    return record


def waits(snapshot: Snapshot) -> list[str]:
    return [wait.on for wait in decide(SPEC, snapshot).waits]


def departure(number: int = 0, **fields: Any) -> Departure:
    return Departure(id=ident(number), at=int(AT), **fields)


# --- the end


def test_who_leaves_by_others_doing_takes_no_part() -> None:
    assert done(snapshot_of("TNNN")) == done(snapshot_of("NNN"))


def test_who_leaves_by_ours_is_waited_for() -> None:
    going = departure(removal=Removal.COUNTED)
    assert waits(snapshot_of("TNNN", record={"departures": (going,)})) == [f"{ident(0)} terminating"]


def test_nothing_is_put_back_before_all_are_proven() -> None:
    assert done(snapshot_of("NNW")) == ()


def test_our_surplus_goes_as_that_very_instance() -> None:
    (out,) = done(snapshot_of("NNNN", record={"asked": 4}))
    assert isinstance(out, Deregister)
    assert {one.instance for one in out.registrations} == {ident(3)}  # the newest of the fullest zone


def test_an_unproven_one_is_shed_before_a_proven_one() -> None:
    snapshot = snapshot_of("SSNW", record={"asked": 4, "base": 3, **BACK})
    (out,) = done(snapshot)
    assert isinstance(out, Deregister)
    assert {one.instance for one in out.registrations} == {ident(3)}


@pytest.mark.parametrize("lost", [True, False])
def test_in_the_place_of_ours_nobody_goes_where_no_load_balancer_is_left_to_tell_who_serves(*, lost: bool) -> None:
    """Who is only marked Unhealthy may be the one that serves; behind no load balancer the mark is all there is."""
    found = snapshot_of("SN", record={"asked": 2, "base": 1, **BACK})
    old, new = (replace(one, targets=()) for one in found.observation.instances)
    several = (unfound(one) for one in found.observation.sources)
    sources = tuple(replace(one, seen_at=NOW) for one in several) if lost else ()
    seen = replace(found.observation, sources=sources, instances=(replace(old, health="Unhealthy"), new))
    gone = {one.id: Odd("True", NOW - 60, 9) for one in sources}
    belief = found.belief.noted(old.id, streak=Streak(bad=9, at=NOW), stage=Since(Stage.AILING, NOW - 60))
    belief = replace(belief, unfound=gone, health_at=NOW)
    decision = decide(SPEC, replace(found, observation=seen, belief=belief))
    assert [one.id for one in written(decision).departures] == ([] if lost else [old.id])
    left = decision.verdict.left if decision.verdict else ()
    assert any("no load balancer tells which of them serves" in line for line in left) is lost


def test_surplus_that_is_not_ours_is_left_and_named() -> None:
    decision = decide(SPEC, snapshot_of("SSSS", record={"asked": 4, **BACK}))
    assert decision.verdict is not None
    assert (decision.verdict.outcome, decision.verdict.code) == (Outcome.STUCK, 10)
    assert "none of it is ours" in decision.verdict.left[0]


@pytest.mark.parametrize(
    ("activities", "asked_at", "gives_up"),
    [
        ((), NOW - 1, True),
        ((), NOW - 200, False),  # the activities were asked before it was hollow
        ((launch("", status="InProgress"),), NOW - 1, False),
        ((launch("no capacity"),), NOW - 1, True),
    ],
)
def test_a_launch_that_never_came_is_given_back(activities: Any, asked_at: float, *, gives_up: bool) -> None:
    snapshot = snapshot_of(
        "NNN", group={"desired": 4}, record={"asked": 4}, hollow=HOLLOW, activities=activities, activities_at=asked_at
    )
    decision = decide(SPEC, snapshot)
    assert Need.ACTIVITIES in decision.needs
    assert (SetCapacity(desired=3) in decision.actions) is gives_up


def test_one_that_may_still_come_is_waited_for() -> None:
    snapshot = snapshot_of("NNN", group={"desired": 4}, record={"asked": 4}, hollow=Odd("4", NOW - 119, 9))
    assert (done(snapshot), waits(snapshot)[-1]) == ((), "settling")


def test_false_marks_are_taken_off_a_few_times() -> None:
    where = Registration(source="tg1", instance=ident(2), port=80)
    sent, out = {where: Sent(NOW - 60, back=True)}, {where: Sent(NOW - 60)}
    asking = {"health_check_type": "EC2,ELB"}
    known = {"calls": sent, "marked_since": NOW - 30}
    snapshot = snapshot_of("SSM", group=asking, record=BACK, histories={ident(2): known})
    assert done(snapshot) == (MarkHealthy(instances=(ident(2),)),)
    for group, other in (
        ({}, {}),
        (asking, {"calls": out}),
        (asking, {"marked_since": NOW - 90}),
        (asking, {"calls": {}}),
    ):
        theirs = snapshot_of("SSM", record=BACK, group=group, histories={ident(2): {**known, **other}})
        assert not any(isinstance(act, MarkHealthy) for act in done(theirs))
    tired = replace(snapshot, belief=snapshot.belief.noted(ident(2), unmarked=MARKS_MAX))
    assert not any(isinstance(act, MarkHealthy) for act in done(tired))


def test_it_settles_first() -> None:
    assert waits(snapshot_of("NNN", settled=None)) == ["settling"]
    assert waits(snapshot_of("NNN", settled=Odd("s", NOW, 1))) == ["settling"]


def test_a_maximum_that_nobody_explains_is_looked_at_again() -> None:
    snapshot = snapshot_of("NNN", group={"maximum": 8}, maximum=Odd("8", NOW, 1))
    assert (done(snapshot), waits(snapshot)) == ((), ["settling"])


@pytest.mark.parametrize(
    ("maximum", "record", "lower"),
    [
        (11, {"raised": 11}, 10),
        (11, {"raised": 12, "raised_from": 11}, 10),
        (10, {"raised": 11}, None),
        (3, {"raised": 3, "found": 2}, None),  # never below desired
    ],
)
def test_only_our_maximum_is_put_back(maximum: int, record: dict[str, Any], lower: int | None) -> None:
    snapshot = snapshot_of("NNN", group={"maximum": maximum})
    journal = snapshot.observation.journal
    assert isinstance(journal, Journal)
    if (found := record.pop("found", None)) is not None:
        record["found"] = replace(journal.found, maximum=found)
    snapshot = snapshot_of("NNN", group={"maximum": maximum}, record=record)
    first = done(snapshot)[0]
    assert first == (
        SetCapacity(maximum=lower) if lower else Resume(processes=SUSPENDED_BY_US[:1] + first.processes[1:])
    )  # type: ignore[union-attr]


def test_processes_come_back_alarms_last_and_then_our_tags_go() -> None:
    first, last = done(snapshot_of("NNN"))
    assert isinstance(first, Resume)
    assert set(first.processes) == set(SUSPENDED_BY_US) - {"AlarmNotification"}
    assert last == Resume(processes=("AlarmNotification",))
    (last,) = done(snapshot_of("NNN", group={"suspended": frozenset({"AlarmNotification"})}))
    assert last == Resume(processes=("AlarmNotification",))
    assert done(snapshot_of("NNN", group={"suspended": frozenset({"HealthCheck"})})) == (Erase(),)


ZONES = {"zones": ("a", "b", "c")}


def uneven(maximum: int = 10, **record: Any) -> Snapshot:
    """Three new ones in one zone, two more zones empty."""
    snapshot = snapshot_of("NNN", group={"maximum": maximum, **ZONES}, record=record)
    same = tuple(replace(one, zone="a") for one in snapshot.observation.instances)
    return replace(snapshot, observation=replace(snapshot.observation, instances=same))


def test_zones_are_evened_out_under_our_floor_before_awss_rebalancing_runs_again() -> None:
    assert done(uneven()) == (SetCapacity(desired=4),)
    assert written(decide(SPEC, uneven())).evened == 1
    (wait,) = decide(SPEC, uneven()).waits
    assert wait.on == "even zones" and wait.why.endswith("AZRebalance would do that without our floor")
    assert done(uneven(maximum=3, raised=3)) == (SetCapacity(maximum=4),)


@pytest.mark.parametrize("record", [{"evened": EVENED_MAX}, {"suspended": SUSPENDED_BY_US[1:]}, BACK])
def test_and_not_where_that_is_not_ours_to_do(record: dict[str, Any]) -> None:
    assert not any(isinstance(act, SetCapacity) for act in done(uneven(**record)))


# --- the way back


def out_of_both(number: int = 0) -> tuple[Registration, ...]:
    return tuple(Registration(source=name, instance=ident(number), port=80) for name in ("tg1", "tg2"))


@pytest.mark.parametrize(
    ("fields", "acts"),
    [
        ({}, (Register(registrations=out_of_both()),)),
        ({"removal": Removal.SHRINK}, ()),  # its terminate is on the way: it is finished
    ],
)
def test_a_drained_one_is_registered_back_unless_it_is_on_its_way(
    fields: dict[str, Any], acts: tuple[Action, ...]
) -> None:
    assert done(snapshot_of("DSSN", record={"departures": (departure(**fields),), **BACK})) == acts


def test_it_is_not_registered_where_it_never_was() -> None:
    from async_rollout.core.journal import digest

    gone = departure(missing=(digest("tg1", 6),), odd=((digest("tg2", 6), 8081),))
    (back,) = done(snapshot_of("DSSN", record={"departures": (gone,), **BACK}))
    assert isinstance(back, Register)
    assert [(one.source, one.port) for one in back.registrations] == [("tg2", 80), ("tg2", 8081)]


@pytest.mark.parametrize(("ago", "code"), [(2820.0, None), (2821.0, 10)])
def test_the_way_back_has_an_end_too(ago: float, code: int | None) -> None:
    verdict = decide(
        SPEC, snapshot_of("DSSN", record={"departures": (departure(),), **BACK}, progress=Odd("p", NOW - ago, 9))
    ).verdict
    assert (verdict.code if verdict else None) == code


def test_paused_it_stays_as_it_is_and_recorded() -> None:
    spec = RolloutSpec(on_failure=OnFailure.PAUSE)
    snapshot = snapshot_of("DSSN", spec, record={"lost": 3, "departures": (departure(),), "asked": 4})
    decision = decide(spec, snapshot)
    assert decision.verdict is not None
    assert (decision.verdict.outcome, decision.verdict.code) == (Outcome.PAUSED, 1)
    assert [line.split(" ")[0] for line in decision.verdict.left] == ["desired", "suspended", ident(0)]
    assert written(decision).goal is Goal.REPLACE


def test_a_turned_rollout_says_why_in_its_record() -> None:
    decision = decide(SPEC, snapshot_of("SSS", record={"lost": 2}))
    assert written(decision).cause == Cause(code=1, text="2 new instances failed and --max-failures is 2")
    assert decision.verdict is None
