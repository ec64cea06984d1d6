"""Where one instance stands: the rows of the four tables, and which of them it is on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Deregister, Register, Terminate
from async_rollout.core.choices import Standby
from async_rollout.core.decide import decide
from async_rollout.core.draft import Draft
from async_rollout.core.history import Ended, Since, Streak
from async_rollout.core.journal import Cause, Departure, Goal, Mark, Removal
from async_rollout.core.life import COURSES, STEPS
from async_rollout.core.moves import move
from async_rollout.core.observation import unfound
from async_rollout.core.outcomes import HookOutcome
from async_rollout.core.snapshot import Snapshot, Stop
from async_rollout.core.spec import HookPoint, Hooks, Protected, RolloutSpec
from async_rollout.core.stages import Stage
from support.drafts import NOW, draft_of
from support.drawn import AT, ident

WHO = ident(0)
TOLD = HookOutcome(point=HookPoint.BEFORE_DRAINING, instance=WHO, ok=True)
GIVEN = RolloutSpec(hooks=Hooks(before_terminate="leave", after_terminate="forget"))
ALL_OF_THEM = RolloutSpec(standby=Standby.TERMINATE)
BACK = {"goal": Goal.RESTORE, "cause": Cause(code=1, text="x")}
LACKING = {**BACK, "commands": (HookPoint.BEFORE_TERMINATE,)}
STANDBY, PROTECTED = {"lifecycle": "Standby", "targets": ()}, {"protected": True, "targets": ()}
DEAD, LEAVING = {"health": "Unhealthy", "targets": ()}, {"lifecycle": "Terminating", "targets": ()}
RETAINED = {"lifecycle": "Terminating:Retained", "targets": ()}
DRAINED = {"targets": ()}
ASIDE = {"before": Mark.FAILED, "removal": Removal.ASIDE}


def standing(spec: RolloutSpec, record: dict[str, Any], instance: dict[str, Any], departure: dict[str, Any]) -> Draft:
    """The first of three old ones and a new one, on its way out, let go by all long ago."""
    out = Departure(id=WHO, at=int(AT) - 900, **departure)
    history = {"unlisted": 9, "unfit": "health" in instance}
    draft = draft_of("SSSN", spec, record={"departures": (out,), **record}, histories={WHO: history})
    first, *rest = draft.observation.instances
    seen = replace(draft.observation, instances=(replace(first, **instance), *rest))
    return replace(draft, observation=seen)


@pytest.mark.parametrize(
    ("spec", "record", "instance", "departure", "stage"),
    [
        (GIVEN, {}, {}, {}, Stage.DRAINING),
        (GIVEN, {}, DRAINED, {}, Stage.DRAINED),
        (GIVEN, {}, DRAINED, {"before": Mark.ENDED}, Stage.RESTING),
        (RolloutSpec(), {}, DRAINED, {}, Stage.RESTING),
        (GIVEN, {}, DRAINED, {"removal": Removal.KEEP}, Stage.SPENT),
        (GIVEN, {}, LEAVING, {}, Stage.TERMINATING),
        (GIVEN, {}, RETAINED, {}, Stage.GONE),
        (GIVEN, BACK, {}, {}, Stage.RETURNING),
        (GIVEN, {}, PROTECTED, {}, Stage.RETURNING),
        (replace(GIVEN, protected=Protected.REPLACE), {}, PROTECTED, {}, Stage.DRAINED),
        (GIVEN, {}, PROTECTED, {"surplus": True}, Stage.DRAINED),
        (GIVEN, BACK, DRAINED, {"surplus": True}, Stage.DRAINED),
        (GIVEN, BACK, DEAD, {}, Stage.DRAINED),
        (GIVEN, BACK, DRAINED, {"before": Mark.BEGUN}, Stage.DRAINED),
        (GIVEN, {}, DRAINED, {"before": Mark.FAILED}, Stage.DRAINED),
        (GIVEN, BACK, DRAINED, {"before": Mark.FAILED}, Stage.PARKING),
        (GIVEN, BACK, DRAINED, {"before": Mark.FAILED, "removal": Removal.PARKED}, Stage.PARKING),
        (GIVEN, BACK, {**STANDBY, "lifecycle": "EnteringStandby"}, ASIDE, Stage.PARKING),
        (GIVEN, BACK, STANDBY, ASIDE, Stage.PARKED),
        (GIVEN, {}, STANDBY, ASIDE, Stage.PARKED),
        (GIVEN, BACK, DRAINED, ASIDE, Stage.PARKING),  # its owner has taken it out again
        (GIVEN, BACK, LEAVING, ASIDE, Stage.TERMINATING),
        (RolloutSpec(), LACKING, DRAINED, {"before": Mark.FAILED}, Stage.PARKING),
        (RolloutSpec(), LACKING, DRAINED, {}, Stage.RETURNING),
        (RolloutSpec(), LACKING, DRAINED, {"surplus": True}, Stage.RETURNING),
        (RolloutSpec(), LACKING, DRAINED, {"before": Mark.BEGUN}, Stage.STRANDED),
        (RolloutSpec(), LACKING, DEAD, {}, Stage.STRANDED),
        (GIVEN, {}, STANDBY, {}, Stage.STANDBY),
        (GIVEN, BACK, STANDBY, {"before": Mark.FAILED}, Stage.PARKING),
        (GIVEN, BACK, STANDBY, {"before": Mark.ENDED}, Stage.RESTING),
        (RolloutSpec(), LACKING, STANDBY, {"before": Mark.BEGUN}, Stage.STRANDED),
        (ALL_OF_THEM, {}, STANDBY, {}, Stage.RESTING),
        (ALL_OF_THEM, BACK, STANDBY, {}, Stage.STANDBY),
        (ALL_OF_THEM, {}, {**STANDBY, "protected": True}, {}, Stage.STANDBY),
    ],
)  # fmt: skip
def test_on_its_way_out_it_stands(
    spec: RolloutSpec, record: dict[str, Any], instance: dict[str, Any], departure: dict[str, Any], stage: Stage
) -> None:
    assert standing(spec, record, instance, departure).stage(WHO) is stage


def test_one_in_standby_that_has_begun_to_leave_goes_whatever_the_floor_says() -> None:
    """It serves nobody: waiting for others would bring nothing."""
    draft = standing(GIVEN, {**BACK, "base": 4}, STANDBY, {"before": Mark.ENDED})
    decision = decide(GIVEN, Snapshot(observation=draft.observation, belief=draft.belief))
    assert [act for act in decision.actions if isinstance(act, Terminate)] == [Terminate(instance=WHO, shrink=False)]


def test_one_in_standby_is_registered_nowhere() -> None:
    draft = standing(ALL_OF_THEM, {}, {**STANDBY, "protected": True}, {})
    decision = decide(ALL_OF_THEM, Snapshot(observation=draft.observation, belief=draft.belief))
    assert not any(isinstance(act, Register) for act in decision.actions)
    assert decision.meant is not None and decision.meant.departure(WHO) is None


def test_one_in_standby_is_not_registered_by_a_stop_either() -> None:
    draft = standing(RolloutSpec(), {}, STANDBY, {})
    snapshot = Snapshot(observation=draft.observation, belief=draft.belief, stop=Stop.NOW)
    assert not any(isinstance(act, Register) for act in decide(RolloutSpec(), snapshot).actions)


def test_a_source_that_is_not_found_in_one_look_begins_no_rest_anew() -> None:
    """And nobody is terminated on that look."""
    spec = RolloutSpec(wait_before_terminate=60.0)
    draft = standing(spec, {}, DRAINED, {})
    resting = draft.belief.noted(WHO, stage=Since(Stage.RESTING, NOW - 600))
    lost = replace(draft.observation, sources=(unfound(draft.observation.sources[0]), *draft.observation.sources[1:]))
    seen = replace(draft, belief=resting, observation=lost)
    assert seen.stage(WHO) is Stage.RESTING and move(seen, WHO).acts == ()
    assert replace(seen, belief=draft.belief).stage(WHO) is Stage.DRAINING
    assert [type(act) for act in move(replace(draft, belief=resting), WHO).acts] == [Terminate]


@pytest.mark.parametrize(
    ("drawing", "surplus", "streak", "goes", "stays"),
    [
        ("SSSN", False, Streak(good=9, at=NOW), True, True),
        ("SSSW", False, Streak(good=9, at=NOW), False, False),  # the floor of 3 needs it: others may go first
        ("SSSN", False, Streak(bad=1, at=NOW), False, True),  # perhaps a gap in the answer
        ("SSNN", False, Streak(bad=9, at=NOW), True, True),
        ("NSSS", True, Streak(good=9, at=NOW), True, True),
    ],
)
def test_whose_command_is_over_goes_only_if_it_is_still_its_turn(
    drawing: str, surplus: bool, streak: Streak, goes: bool, stays: bool
) -> None:
    """stays: its way out stays on record. What is recorded then is of this look, not of the command's beginning."""
    spec = RolloutSpec(hooks=Hooks(before_draining="tell"))
    out = Departure(id=WHO, at=int(AT) - 900, draining=Mark.BEGUN, surplus=surplus)
    ended = {HookPoint.BEFORE_DRAINING: Ended(TOLD, NOW - 1, 1)}
    draft = draft_of(drawing, spec, record={"departures": (out,)}, histories={WHO: {"ended": ended, "streak": streak}})
    done = move(draft, WHO)
    assert any(isinstance(act, Deregister) for act in done.acts) is goes
    left = done.journal.departure(WHO)
    assert (left is not None) is stays
    assert not goes or (left is not None and left.at == int(NOW) and left.draining is Mark.ENDED)


def test_each_stage_has_one_row_but_for_the_ailing() -> None:
    stages = [step.stage for course in COURSES for step in course if step.stage is not Stage.AILING]
    assert sorted([*stages, Stage.AILING]) == sorted(Stage)
    assert {stage for stage, step in STEPS.items() if step.serves} == {Stage.READY, Stage.AVAILABLE, Stage.SERVING}


def test_what_has_a_limit_says_how_to_set_it() -> None:
    assert {stage for stage, step in STEPS.items() if step.limit and not step.option} == {Stage.RESTING}
