"""What is remembered after a look, what is told of it, and what a plan foretells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core import plan as planning
from async_rollout.core.actions import MarkHealthy, Need, Record, SetCapacity, Terminate
from async_rollout.core.belief import Peer
from async_rollout.core.budget import bounds
from async_rollout.core.decide import decide
from async_rollout.core.events import StageChanged, Warned
from async_rollout.core.history import Odd
from async_rollout.core.journal import Departure, Goal, Journal
from async_rollout.core.lease import of_another
from async_rollout.core.left import changes
from async_rollout.core.narrate import narrate
from async_rollout.core.observation import Observation, Survey
from async_rollout.core.outcomes import ActOutcome
from async_rollout.core.plan import plan_of
from async_rollout.core.recall import recall
from async_rollout.core.spec import Hooks, RolloutSpec
from async_rollout.core.stages import Stage
from support.drafts import NOW, draft_of, snapshot_of
from support.drawn import AT, ident, looked, observation

SPEC = RolloutSpec()
IN_PLACE = RolloutSpec(max_surge=0, max_unavailable=1)


def departure(number: int = 0, **fields: Any) -> Departure:
    return Departure(id=ident(number), at=int(AT), **fields)


def test_a_proven_one_that_sickens_is_ailing_and_no_newcomer() -> None:
    well = snapshot_of("SSSN")
    sick = tuple(
        replace(one, targets=tuple(replace(t, state="unhealthy") for t in one.targets)) if one.id == ident(3) else one
        for one in well.observation.instances
    )
    later = replace(well.observation, at=NOW + 10, instances=sick)
    assert recall(SPEC, well.belief, later).stage(ident(3)) is Stage.AILING


def test_how_often_one_was_marked_healthy_is_remembered() -> None:
    seen, act = snapshot_of("SSM"), MarkHealthy(instances=(ident(2),))
    belief = seen.belief
    for number in range(2):
        outcome = ActOutcome(action=act, at=NOW + number, ok=True)
        belief = recall(SPEC, belief, replace(seen.observation, at=NOW + number + 1), (outcome,))
    assert {id: one.unmarked for id, one in belief.histories.items() if one.unmarked} == {ident(2): 2}


def test_a_record_that_is_taken_over_needs_a_look_with_health() -> None:
    seen = snapshot_of("SSS", record={"run": "theirs", "until": int(NOW) - 1})
    theirs = seen.observation.journal
    assert isinstance(theirs, Journal)
    belief = replace(seen.belief, peer=Peer(theirs, NOW - 20, 3), survey=None)
    assert of_another(SPEC, replace(seen, belief=belief), theirs).needs == {Need.TARGETS, Need.SURVEY}


def test_a_new_cutoff_after_a_take_over_is_told() -> None:
    seen = snapshot_of("SSS", record={"run": "theirs", "until": int(NOW) - 7 * 3600})
    theirs = seen.observation.journal
    assert isinstance(theirs, Journal)
    belief = replace(seen.belief, peer=Peer(theirs, NOW - 20, 3))
    after = replace(
        seen, belief=belief, observation=replace(seen.observation, probes={"run0": int(seen.observation.at)})
    )
    events = narrate(SPEC, after, after, decide(SPEC, after))
    assert [event.text[:17] for event in events if isinstance(event, Warned)] == ["the record is old"]


@pytest.mark.parametrize("goal", list(Goal))
def test_sizes_that_others_have_set_meanwhile_are_told_and_kept(goal: Goal) -> None:
    steady = {"desired": Odd("6", NOW - 60, 5), "maximum": Odd("12", NOW - 60, 5)}
    group, record = {"desired": 6, "maximum": 12}, {"asked": 4, "goal": goal}
    seen = snapshot_of("SSSNNN", group=group, record=record, **steady)
    events = narrate(SPEC, None, seen, decide(SPEC, seen))
    told = [event.text for event in events if isinstance(event, Warned)]
    assert told == [
        "the desired capacity that the owner wants is 5, it was 3: others changed it, and it stays",
        "the maximum that the owner wants is 12, it was 10: others changed it, and it stays",
    ]


def test_what_is_other_than_it_was_found() -> None:
    draft = draft_of(
        "DSSN", group={"maximum": 12, "suspended": frozenset()}, record={"raised": 12, "departures": (departure(),)}
    )
    assert changes(draft.observation, draft.journal) == (
        "desired capacity is 4, the owner's is 3",
        "maximum is 12, it was 10",
        f"{ident(0)} is out of its load balancers",
    )
    found = draft_of("SSS", group={"suspended": frozenset()})
    assert changes(found.observation, found.journal) == ()


@pytest.mark.parametrize(("lifecycle", "times"), [("Terminating", 1), ("Terminating:Retained", 0)])
def test_one_that_is_retained_is_not_told_to_be_gone_a_second_time(lifecycle: str, times: int) -> None:
    """It is gone for the group already when its row goes."""
    found = snapshot_of("SST")
    *rest, last = found.observation.instances
    kept = replace(found.observation, instances=(*rest, replace(last, lifecycle=lifecycle)), at=NOW + 10)
    before = replace(found, observation=kept, belief=recall(SPEC, found.belief, kept))
    without = replace(kept, instances=tuple(rest), at=NOW + 20)
    after = replace(found, observation=without, belief=recall(SPEC, before.belief, without))
    told = narrate(SPEC, before, after, decide(SPEC, after))
    assert [one.instance for one in told if isinstance(one, StageChanged)] == [last.id] * times


def free(drawing: str) -> Observation:
    seen = observation(drawing)
    group = replace(seen.group, suspended=frozenset())
    return replace(seen, journal=None, group=group, survey=Survey(at=AT))


@pytest.mark.parametrize("drawing", ["S", "SSS", "SSSSSS"])
@pytest.mark.parametrize(
    "spec", [SPEC, IN_PLACE, RolloutSpec(max_surge=2), RolloutSpec(hooks=Hooks(after_terminate="x"))]
)
def test_a_plan_takes_each_old_one_out_once_and_keeps_within_the_bounds(drawing: str, spec: RolloutSpec) -> None:
    found = plan_of(spec, free(drawing))
    gone = [step.action.instance for step in found.steps if isinstance(step.action, Terminate)]
    assert sorted(gone) == sorted(found.old) == [ident(number) for number in range(len(drawing))]
    asked = [
        step.action.desired for step in found.steps if isinstance(step.action, SetCapacity) and step.action.desired
    ]
    assert max(asked, default=0) <= bounds(spec, len(drawing)).exist
    assert not any(isinstance(step.action, Record) for step in found.steps)
    assert found.exist_at_most == bounds(spec, len(drawing)).exist


def test_a_plan_that_does_not_end_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "TICKS_MAX", 3)
    assert "the plan did not come to an end: please report it" in plan_of(SPEC, free("SSS")).notes


def test_two_looks_of_the_same_world_decide_the_same() -> None:
    snapshot = looked(SPEC, observation("SSSN"))
    assert decide(SPEC, snapshot) == decide(SPEC, snapshot)


def test_a_look_without_health_neither_adds_to_a_streak_nor_ends_it() -> None:
    before = snapshot_of("SSSN")
    blind = tuple(replace(one, seen_at=None) for one in before.observation.sources)
    belief = recall(SPEC, before.belief, replace(before.observation, at=NOW + 5, sources=blind))
    for id, history in before.belief.histories.items():
        assert belief.history(id).streak == history.streak


def test_an_old_answer_is_left_out_of_what_is_remembered() -> None:
    before = snapshot_of("SSSN")
    belief = replace(before.belief, newest=8)
    gone = replace(before.observation, at=NOW + 5, instances=before.observation.instances[:3])
    after = recall(SPEC, belief, gone)
    assert after.blinded
    assert after.histories == before.belief.histories


def test_a_take_over_before_the_cutoff_is_no_start_yet() -> None:
    seen = snapshot_of("SSS", record={"run": "theirs", "until": int(NOW) - 1, "cutoff": None, "template": ""})
    theirs = seen.observation.journal
    assert isinstance(theirs, Journal)
    belief = replace(seen.belief, peer=Peer(theirs, NOW - 20, 3))
    after = replace(
        seen, belief=belief, observation=replace(seen.observation, probes={"run0": int(seen.observation.at)})
    )
    assert narrate(SPEC, after, after, decide(SPEC, after)) == ()
