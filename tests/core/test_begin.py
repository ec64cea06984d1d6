"""How a rollout begins: one row of RULES §3 after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Outcome, Probe, Record, Suspend
from async_rollout.core.belief import Me
from async_rollout.core.decide import decide
from async_rollout.core.history import Odd
from async_rollout.core.journal import SUSPENDED_BY_US, Goal
from async_rollout.core.lease import LOOK_NOW
from async_rollout.core.observation import Observation
from async_rollout.core.outcomes import ActOutcome
from async_rollout.core.policy import LEASE
from async_rollout.core.snapshot import Snapshot, Stop
from async_rollout.core.spec import RolloutSpec, Scope
from support.beginnings import SPEC, end, free, the_record
from support.drafts import NOW, snapshot_of
from support.drawn import ident

# --- no record


def test_the_first_record_says_what_was_found() -> None:
    found = the_record(decide(SPEC, free()))
    assert (found.run, found.serial, found.base, found.asked, found.goal) == ("run0", 1, 3, 3, Goal.REPLACE)
    assert (found.found.minimum, found.found.desired, found.found.maximum) == (1, 3, 10)
    assert set(found.suspended) == set(SUSPENDED_BY_US)
    assert found.cutoff is None
    assert found.until == int(NOW) + LEASE


def test_what_the_owner_suspended_stays_his() -> None:
    snapshot = free()
    group = replace(snapshot.observation.group, suspended=frozenset({"AZRebalance"}))
    found = the_record(decide(SPEC, replace(snapshot, observation=replace(snapshot.observation, group=group))))
    assert "AZRebalance" not in found.suspended


def test_before_it_a_look_must_show_our_own_probe() -> None:
    assert decide(SPEC, free(probes={})).actions == (Probe(run="run0", at=int(NOW)),)
    (wait,) = decide(SPEC, free(probes={}, probed=NOW - 14)).waits
    assert wait.on == "the tags"
    assert decide(SPEC, free(probes={}, probed=NOW - 15)).actions == (Probe(run="run0", at=int(NOW)),)


def test_nothing_is_decided_on_a_look_without_health() -> None:
    assert decide(SPEC, free(survey=None)).needs == LOOK_NOW


def test_restore_of_a_group_without_record_has_nothing_to_do() -> None:
    snapshot = free(me=Me(run="run0", holder="h", intent=Goal.RESTORE))
    assert end(decide(SPEC, snapshot)) == (Outcome.NOTHING, 0)


@pytest.mark.parametrize(("stop", "code"), [(Stop.FINISH, 130), (Stop.NOW, 143)])
def test_stopped_before_the_record_nothing_was_changed_and_no_probe_is_left(stop: Stop, code: int) -> None:
    decision = decide(SPEC, replace(free(), stop=stop))
    assert end(decision) == (Outcome.STOPPED, code)
    assert decision.actions == (Probe(run="run0", present=False),)


def test_without_the_permission_to_write_tags_it_is_refused_with_4() -> None:
    denied = ActOutcome(action=Probe(run="run0"), at=NOW, ok=False, code="AccessDenied", message="no", denied=True)
    assert end(decide(SPEC, free(denied=denied))) == (Outcome.REFUSED, 4)


@pytest.mark.parametrize(
    ("drawing", "belief", "says"),
    [
        ("SSU", {}, "not healthy: " + ident(2)),
        ("SSP", {"settled": None, "began": NOW - 601}, f"did not settle within 600 s: {ident(2)} is Pending"),
        ("SSU", {"began": NOW - 601, "histories": {}}, "not healthy"),
    ],
)
def test_a_group_that_is_not_well_is_refused(drawing: str, belief: dict[str, Any], says: str) -> None:
    decision = decide(SPEC, free(drawing, **belief))
    assert end(decision) == (Outcome.REFUSED, 3)
    assert says in decision.verdict.why  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("drawing", "belief"),
    [
        ("SSP", {}),
        ("SSW", {}),
        ("SSU", {"histories": {}}),
        ("SSS", {"settled": Odd("s", NOW, 1)}),
    ],
)
def test_one_that_may_get_well_is_waited_for(drawing: str, belief: dict[str, Any]) -> None:
    (wait,) = decide(SPEC, free(drawing, **belief)).waits
    assert wait.on == "the group to settle"


def test_force_begins_with_one_that_never_gets_well() -> None:
    spec = RolloutSpec(require_healthy_group=False)
    assert the_record(decide(spec, free("SSU", spec))).serial == 1
    assert the_record(decide(spec, free("SSP", spec, settled=None, began=NOW - 601))).serial == 1


def test_a_group_with_nothing_old_has_nothing_to_do() -> None:
    assert end(decide(SPEC, free(""))) == (Outcome.NOTHING, 0)
    spec = RolloutSpec(scope=Scope.OUTDATED)
    assert end(decide(spec, free("SSS", spec))) == (Outcome.NOTHING, 0)


# --- our own record, before the cutoff


def fresh_record(drawing: str = "SSS", group: dict[str, Any] | None = None, **belief: Any) -> Snapshot:
    return snapshot_of(drawing, group=group, record={"cutoff": None, "template": "", "began": 0}, **belief)


def test_the_four_are_suspended_first() -> None:
    decision = decide(SPEC, fresh_record(group={"suspended": frozenset({"AZRebalance"})}))
    (suspend,) = [act for act in decision.actions if isinstance(act, Suspend)]
    assert set(suspend.processes) == set(SUSPENDED_BY_US) - {"AZRebalance"}


def test_then_it_settles_and_the_cutoff_is_taken_from_the_newest() -> None:
    assert [wait.on for wait in decide(SPEC, fresh_record(settled=None)).waits] == ["the group to settle"]
    snapshot = fresh_record()
    found = the_record(decide(SPEC, snapshot))
    assert found.cutoff == max(one.launched_at or 0.0 for one in snapshot.observation.instances)
    assert (found.base, found.asked) == (3, 3)


def test_one_whose_launch_time_is_not_known_yet_is_waited_for() -> None:
    snapshot = fresh_record()
    unknown = tuple(replace(one, launched_at=None) for one in snapshot.observation.instances)
    seen: Observation = replace(snapshot.observation, instances=unknown)
    assert [wait.on for wait in decide(SPEC, replace(snapshot, observation=seen)).waits] == ["launch times"]


def test_nothing_is_done_before_our_record_was_seen() -> None:
    assert decide(SPEC, fresh_record(held=None)).actions == ()
    assert decide(SPEC, fresh_record(held=Odd("h", NOW, 1))).actions != ()


@pytest.mark.parametrize(
    ("probes", "acts", "waits"),
    [
        ({"run0": 0}, "record", ""),
        ({"run0": 0, "run1": 91}, "record", ""),  # it has died
        ({"run0": 0, "run1": 90}, "", "run run1 is about to begin, too"),
        ({"run0": 0, "aaaa": 5}, "off", "run aaaa is about to begin, too"),
        ({"aaaa": 5, "bbbb": 5}, "", "run aaaa, bbbb is about to begin, too"),
        ({"run0": 30, "zzzz": 91}, "record", ""),
        ({"run0": 31}, "probe", ""),  # a look that shows it may be older than one who came since
    ],
)
def test_of_two_that_begin_at_once_one_lets_the_other_write(probes: dict[str, int], acts: str, waits: str) -> None:
    decision = decide(SPEC, free(probes={run: int(NOW) - ago for run, ago in probes.items()}))
    kinds = {Record: "record", Probe: "probe"}
    done = ["off" if act == Probe(run="run0", present=False) else kinds[type(act)] for act in decision.actions]
    assert (done, [wait.why for wait in decision.waits]) == ([acts] if acts else [], [waits] if waits else [])
