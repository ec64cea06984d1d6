"""Told to stop at once: what a look then leads to, while the grace lasts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from async_rollout.core.actions import Erase, Order, Outcome, Record, Register, Registration, Resume
from async_rollout.core.decide import decide
from async_rollout.core.journal import SUSPENDED_BY_US, Cause, Departure, Goal, Journal, Mark
from async_rollout.core.left import by_now
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import RolloutSpec
from support.drafts import NOW, snapshot_of
from support.drawn import AT, ident

SPEC = RolloutSpec()
BACK: dict[str, Any] = {"goal": Goal.RESTORE, "cause": Cause(code=130, text="stopped")}


def departure(number: int = 0, **fields: Any) -> Departure:
    return Departure(id=ident(number), at=int(AT), **fields)


def out_of_both() -> tuple[Registration, ...]:
    return tuple(Registration(source=name, instance=ident(0), port=80) for name in ("tg1", "tg2"))


def test_what_is_left_is_as_the_acts_that_aws_took_leave_it() -> None:
    snapshot = replace(snapshot_of("DSS", record={"departures": (departure(),)}), stop=Stop.NOW)
    decision = decide(SPEC, snapshot)
    journal, verdict = snapshot.observation.journal, decision.verdict
    assert isinstance(journal, Journal) and verdict is not None
    resume, record, back = decision.actions
    none, some, every = (
        by_now(verdict, snapshot.observation, journal, acts).left for acts in ((), (record, resume), (back,))
    )
    assert none == verdict.left
    assert any("AlarmNotification" in line for line in none)
    assert not any("AlarmNotification" in line for line in some)
    assert f"{ident(0)} is out of its load balancers" in some
    assert f"{ident(0)} is out of its load balancers" not in every
    assert f"{ident(0)} is registered back, not seen healthy yet" in every
    assert by_now(replace(verdict, left=()), snapshot.observation, journal, (resume,)).left == ()


def test_sigterm_serves_with_all_that_may_serve_and_lets_alarms_run() -> None:
    departures = (departure(), departure(1, before=Mark.BEGUN), departure(2, surplus=True), departure(9))
    decision = decide(SPEC, replace(snapshot_of("DDDN", record={"departures": departures, **BACK}), stop=Stop.NOW))
    resume, record, back = decision.actions
    assert isinstance(record, Record)
    assert record.journal.until == int(NOW)  # let go
    assert back == Register(registrations=out_of_both())
    assert isinstance(resume, Resume)
    assert set(resume.processes) == {"AlarmNotification", "ScheduledActions"}
    assert decision.verdict is not None
    assert decision.verdict.code == 143, "how it was stopped; its first cause is told beside"
    assert decision.verdict.why.startswith("stopped; before that: ")


def test_sigterm_waits_for_no_health_and_no_survey() -> None:
    snapshot = snapshot_of("DSS", record={"departures": (departure(),)})
    blind = tuple(replace(one, seen_at=None) for one in snapshot.observation.sources)
    belief = replace(snapshot.belief, survey=None)
    decision = decide(
        SPEC, replace(snapshot, observation=replace(snapshot.observation, sources=blind), belief=belief, stop=Stop.NOW)
    )
    assert [type(act) for act in decision.actions] == [Resume, Record, Register]


def test_sigterm_where_the_lease_is_over_renews_it_first() -> None:
    snapshot = snapshot_of("DSS", record={"departures": (departure(),), "until": int(NOW) - 1})
    decision = decide(SPEC, replace(snapshot, stop=Stop.NOW))
    assert [type(act) for act in decision.actions] == [Record, Resume, Register]


def test_told_to_stop_while_the_record_is_anothers_it_is_left_alone() -> None:
    snapshot = snapshot_of("SSS", record={"run": "another"})
    order = f"stop another {snapshot.belief.me.holder}"
    for stop in Stop:
        ended = decide(SPEC, replace(snapshot, stop=stop))
        assert ended.actions == ()
        assert ended.verdict is not None and ended.verdict.why == "stopped; nothing was changed"
        ordered = replace(snapshot, observation=replace(snapshot.observation, order=order), stop=stop)
        assert decide(SPEC, ordered).actions == (Order(text=None),)


def test_sigterm_with_nothing_to_put_back_at_once_only_records() -> None:
    snapshot = replace(snapshot_of("SSS", group={"suspended": frozenset({"AZRebalance"})}), stop=Stop.NOW)
    decision = decide(SPEC, snapshot)
    assert [type(act) for act in decision.actions] == [Record]
    assert decision.verdict is not None
    assert decision.verdict.code == 143


def test_sigterm_before_anything_was_changed_takes_the_tags_off() -> None:
    record = {"cutoff": None, "suspended": SUSPENDED_BY_US, **BACK}
    snapshot = snapshot_of("SSS", group={"suspended": frozenset()}, record=record)
    decision = decide(SPEC, replace(snapshot, stop=Stop.NOW))
    assert decision.actions == (Erase(),)
    assert decision.verdict is not None
    assert decision.verdict.outcome is Outcome.STOPPED
