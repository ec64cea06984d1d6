"""Where one instance stands: the rows of the four tables, and which of them it is on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Register, Terminate
from async_rollout.core.decide import decide
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Cause, Departure, Goal, Mark, Removal
from async_rollout.core.life import COURSES, STEPS
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import HookPoint, Hooks, Protected, RolloutSpec, Standby
from async_rollout.core.stages import Stage
from support.drafts import draft_of
from support.drawn import AT, ident

WHO = ident(0)
GIVEN = RolloutSpec(hooks=Hooks(before_terminate="leave", after_terminate="forget"))
ALL_OF_THEM = RolloutSpec(standby=Standby.TERMINATE)
BACK = {"goal": Goal.RESTORE, "cause": Cause(code=1, text="x")}
LACKING = {**BACK, "commands": (HookPoint.BEFORE_TERMINATE,)}
STANDBY, PROTECTED = {"lifecycle": "Standby", "targets": ()}, {"protected": True, "targets": ()}
DEAD, LEAVING = {"health": "Unhealthy", "targets": ()}, {"lifecycle": "Terminating", "targets": ()}
RETAINED = {"lifecycle": "Terminating:Retained", "targets": ()}
DRAINED = {"targets": ()}


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
        (GIVEN, BACK, DRAINED, {"before": Mark.FAILED}, Stage.STRANDED),
        (RolloutSpec(), LACKING, DRAINED, {}, Stage.RETURNING),
        (RolloutSpec(), LACKING, DRAINED, {"surplus": True}, Stage.RETURNING),
        (RolloutSpec(), LACKING, DRAINED, {"before": Mark.BEGUN}, Stage.STRANDED),
        (RolloutSpec(), LACKING, DEAD, {}, Stage.STRANDED),
        (GIVEN, {}, STANDBY, {}, Stage.STANDBY),
        (GIVEN, BACK, STANDBY, {"before": Mark.FAILED}, Stage.STANDBY),
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


def test_each_stage_has_one_row_but_for_the_ailing() -> None:
    stages = [step.stage for course in COURSES for step in course if step.stage is not Stage.AILING]
    assert sorted([*stages, Stage.AILING]) == sorted(Stage)
    assert {stage for stage, step in STEPS.items() if step.serves} == {Stage.AVAILABLE, Stage.SERVING}


def test_what_has_a_limit_says_how_to_set_it() -> None:
    assert {stage for stage, step in STEPS.items() if step.limit and not step.option} == {Stage.RESTING}
