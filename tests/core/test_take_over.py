"""How a run takes over what another left, or gives way to it (RULES §4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Order, Outcome, Probe, Record, VersionOf
from async_rollout.core.belief import Me, Peer
from async_rollout.core.decide import decide
from async_rollout.core.history import Odd
from async_rollout.core.journal import Cause, Departure, Goal, Journal, Mark
from async_rollout.core.policy import PEER
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import Hooks, RolloutSpec
from async_rollout.core.templates import Back, Templates
from support.beginnings import PROBED, SPEC, end, the_record
from support.drafts import NOW, snapshot_of
from support.drawn import ident


def other(*, until: float = NOW - 1, looks: int = PEER.looks, record: dict[str, Any] | None = None,
          probes: Mapping[str, int] = PROBED, dead: bool = False, **belief: Any) -> Snapshot:  # fmt: skip
    snapshot = snapshot_of(
        "DSSN", record={"run": "theirs", "holder": "there/b/9", "until": int(until), **(record or {})}
    )
    theirs = snapshot.observation.journal
    assert isinstance(theirs, Journal)
    told = replace(snapshot.belief, peer=Peer(theirs, NOW - 20, looks), began=NOW - 30, **belief)
    return Snapshot(observation=replace(snapshot.observation, probes=probes), belief=told, holder_dead=dead)


RESTORER = {"me": Me(run="run0", holder="here/b/1", intent=Goal.RESTORE)}


@pytest.mark.parametrize("looks", [1, PEER.looks - 1])
def test_it_is_looked_at_several_times_before_it_is_taken_over(looks: int) -> None:
    assert [wait.on for wait in decide(SPEC, other(looks=looks)).waits] == ["the lease"]


def test_one_whose_lease_is_over_is_taken_over_with_its_departures_and_its_cutoff() -> None:
    snapshot = other()
    theirs, ours = snapshot.observation.journal, the_record(decide(SPEC, snapshot))
    assert isinstance(theirs, Journal)
    assert (ours.run, ours.departures, ours.cutoff, ours.found) == (
        "run0",
        theirs.departures,
        theirs.cutoff,
        theirs.found,
    )


def test_before_that_a_look_must_show_our_own_probe() -> None:
    assert decide(SPEC, other(probes={})).actions == (Probe(run="run0", at=int(NOW)),)


def test_a_dead_holder_of_this_machine_is_not_waited_for() -> None:
    assert the_record(decide(SPEC, other(until=NOW + 100, dead=True))).run == "run0"


@pytest.mark.parametrize(("code", "goes_on"), [(130, True), (143, True), (1, False), (6, False), (0, False)])
def test_what_failed_before_is_tried_again_by_the_next_run(code: int, *, goes_on: bool) -> None:
    """What was only stopped is gone on with: who failed counts on, and the first new one has been watched."""
    departures = (
        Departure(id=ident(0), at=1, before=Mark.FAILED),
        Departure(id=ident(1), at=1, before=Mark.ENDED, after=Mark.FAILED),
    )
    restoring = {
        "departures": departures,
        "goal": Goal.RESTORE,
        "cause": Cause(code=code, text="x"),
        "lost": 3,
        "canary": True,
    }
    given = replace(SPEC, hooks=Hooks(before_terminate="leave", after_terminate="forget"))
    ours = the_record(decide(given, other(record=restoring)))
    assert [(departure.before, departure.after) for departure in ours.departures] == [
        (Mark.BEGUN, Mark.NOT),
        (Mark.ENDED, Mark.BEGUN),
    ]
    assert (ours.goal, ours.cause) == (Goal.REPLACE, None)
    assert (ours.lost, ours.canary) == (3 * goes_on, goes_on)


@pytest.mark.parametrize("record", [{"until": int(NOW) - 7 * 3600}, {"template": "x@1"}])
def test_an_old_record_or_one_of_another_template_gets_a_new_cutoff(record: dict[str, Any]) -> None:
    snapshot = other(record=record)
    newest = max(one.launched_at or 0.0 for one in snapshot.observation.instances)
    assert newest <= (the_record(decide(SPEC, snapshot)).cutoff or 0.0) < newest + 0.001


def test_restore_takes_over_to_put_back() -> None:
    ours = the_record(decide(SPEC, other(**RESTORER)))
    assert (ours.goal, ours.cause) == (Goal.RESTORE, Cause(code=0, text="restore was ordered"))


ROLLER = {"me": Me(run="run0", holder="here/b/1", intent=Goal.RESTORE, rollback=True)}
SWITCHED = Templates(found="lt-1:1", wanted="lt-1:2")


def on(snapshot: Snapshot, spelled: str, **fields: Any) -> Snapshot:
    """The same group, which launches from that."""
    seen = snapshot.observation
    return replace(snapshot, observation=replace(seen, group=replace(seen.group, spelled=spelled), **fields))


@pytest.mark.parametrize("order", ["stop theirs elsewhere/b/7", None])
def test_of_two_orders_to_a_live_holder_the_one_to_stop_goes_first(order: str | None) -> None:
    decision = decide(SPEC, on(other(until=NOW + 100, record={"templates": SWITCHED}, **ROLLER), "lt-1:2", order=order))
    asked = () if order else (Order(text="rollback theirs - here/b/1"),)
    assert (decision.actions, [wait.on for wait in decision.waits]) == (asked, ["the live run"])


@pytest.mark.parametrize("until", [NOW + 100, NOW - 1])
def test_nobody_is_told_to_roll_back_where_there_is_nothing_to_roll_back_to(until: float) -> None:
    alias = {"templates": replace(SWITCHED, found="lt-1:$Latest")}
    assert end(decide(SPEC, on(other(until=until, record=alias, **ROLLER), "lt-1:2"))) == (Outcome.REFUSED, 3)


@pytest.mark.parametrize(
    ("goal", "spelled", "until", "cutoff"),
    [
        (Goal.RESTORE, "lt-1:1", NOW - 1, "same"),
        (Goal.REPLACE, "lt-1:1", NOW - 1, "same"),
        (Goal.REPLACE, "lt-1:2", NOW - 1, "none"),  # it is set back first
        (Goal.REPLACE, "lt-1:1", NOW - 7 * 3600, "new"),
    ],
)
def test_a_rollback_is_gone_on_with_whoever_takes_it_over(goal: Goal, spelled: str, until: float, cutoff: str) -> None:
    back = Back.DUE if goal is Goal.RESTORE else Back.BEGUN
    cause, led = Cause(code=1, text="the release failed"), replace(SWITCHED, toward="lt-1:1", back=back)
    record = {"goal": goal, "cause": cause, "templates": led, "lost": 1, "canary": True}
    snapshot = on(other(until=until, record=record), spelled)
    theirs, ours = snapshot.observation.journal, the_record(decide(SPEC, snapshot))
    assert isinstance(theirs, Journal)
    assert (ours.goal, ours.cause, ours.back, ours.lost, ours.canary) == (goal, cause, back, 1, True)
    assert cutoff == ("same" if ours.cutoff == theirs.cutoff else "none" if ours.cutoff is None else "new")


def test_an_order_for_another_release_that_cannot_be_is_refused_and_the_record_stands() -> None:
    spec, record = RolloutSpec(launch_template_version="3"), {"templates": SWITCHED}
    asked = decide(spec, on(other(record=record), "lt-1:2"))
    assert VersionOf("3") in asked.needs and not asked.actions
    none = decide(spec, on(other(record=record, versions={"3": ""}), "lt-1:2"))
    assert end(none) == (Outcome.REFUSED, 3)
    assert none.verdict is not None and none.verdict.why.endswith("the record of the run before stands")
    there = decide(spec, on(other(record=record, versions={"3": "lt-1:3"}), "lt-1:2"))
    assert the_record(there).templates == replace(SWITCHED, wanted="lt-1:3", toward="lt-1:2")


def test_a_live_holder_is_told_to_stop_by_restore_once() -> None:
    snapshot = other(until=NOW + 100, **RESTORER)
    assert decide(SPEC, snapshot).actions == (Order(text="stop theirs here/b/1"),)
    told = replace(snapshot, observation=replace(snapshot.observation, order="stop theirs here/b/1"))
    assert (decide(SPEC, told).actions, [wait.on for wait in decide(SPEC, told).waits]) == ((), ["the live run"])


def test_an_order_that_came_too_late_is_taken_off_again() -> None:
    told = other(record=None, until=NOW + 100, **RESTORER)
    late = replace(
        told, observation=replace(told.observation, journal=None, order=f"stop theirs {told.belief.me.holder}")
    )
    assert decide(SPEC, late).actions == (Order(text=None),)
    foreign = replace(late, observation=replace(late.observation, order="stop theirs elsewhere/b/1"))
    assert end(decide(SPEC, foreign)) == (Outcome.NOTHING, 0)


def test_a_lease_that_is_renewed_before_our_eyes_is_held() -> None:
    assert end(decide(SPEC, other(until=NOW + 170))) == (Outcome.HELD, 5)


def test_one_that_is_not_is_watched() -> None:
    (wait,) = decide(SPEC, other(until=NOW + 100)).waits
    assert (wait.on, wait.until) == ("the lease", float(int(NOW + 100)))


def taken(until: float, torn: Odd | None) -> Snapshot:
    snapshot = other(until=until)
    ours = replace(snapshot.observation.journal, run="run0", until=int(NOW) + 50)  # type: ignore[type-var]
    return replace(snapshot, belief=replace(snapshot.belief, journal=ours, newest=7, torn=torn))


def test_a_group_that_was_taken_from_us_is_let_go() -> None:
    assert end(decide(SPEC, taken(NOW + 100, None))) == (Outcome.HELD, 5)


def test_an_older_record_may_be_an_old_answer_for_as_long_as_a_lease() -> None:
    assert decide(SPEC, taken(NOW - 10, Odd("x", NOW - 100, 5))).verdict is None
    assert end(decide(SPEC, taken(NOW - 10, Odd("x", NOW - 180, 5)))) == (Outcome.HELD, 5)


@pytest.mark.parametrize("goal", Goal)
def test_where_nothing_is_seen_that_drained_its_instances_its_record_stands(goal: Goal) -> None:
    me = {"me": Me(run="run0", holder="here/b/1", intent=goal)}
    drained = other(record={"moves_work": True}, **me)
    refused = decide(SPEC, drained)
    assert end(refused) == (Outcome.REFUSED, 3) and not any(isinstance(act, Record) for act in refused.actions)
    assert refused.verdict is not None and "drained its instances of work" in refused.verdict.why
    assert the_record(decide(replace(SPEC, allow=frozenset({"undrained"})), drained)).moves_work
    seen = tuple(replace(source, moves_work=True) for source in drained.observation.sources)
    there = replace(drained, observation=replace(drained.observation, sources=seen))
    assert the_record(decide(SPEC, there)).moves_work


def test_a_source_that_moves_work_is_noted_by_whoever_sees_it_first() -> None:
    unknown = other()
    seen = tuple(replace(source, moves_work=True) for source in unknown.observation.sources)
    there = replace(unknown, observation=replace(unknown.observation, sources=seen))
    assert not the_record(decide(SPEC, unknown)).moves_work
    assert the_record(decide(SPEC, there)).moves_work
