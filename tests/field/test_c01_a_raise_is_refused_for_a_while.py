"""C1: SetDesiredCapacity is refused for a minute, in each way that AWS has: no launch was made, so none is counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.journal import Goal
from async_rollout.sandbox.faults import IN_PROGRESS, Fault, FaultKind
from support.refusing import as_found, launches, rolled
from support.simulation import BY_NUMBER

RAISE = "^autoscaling:SetDesiredCapacity"
WAYS = {
    "an activity in progress": replace(IN_PROGRESS, action=RAISE),
    "5xx": Fault(kind=FaultKind.ERROR_500, action=RAISE),
    "throttled": Fault(kind=FaultKind.THROTTLE, action=RAISE),
    "no connection": Fault(kind=FaultKind.RESET, action=RAISE),
}


@pytest.mark.parametrize("seconds", [60.0, 500.0])
@pytest.mark.parametrize("way", WAYS)
def test_c1_a_raise_that_is_refused_for_minutes_is_outlasted(way: str, seconds: float) -> None:
    run = rolled(replace(WAYS[way], window=(0.0, 12.0 + seconds)), spec=BY_NUMBER)
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    assert launches(run) == 1
    assert as_found(run)


@pytest.mark.parametrize("way", ["an activity in progress", "5xx"])
def test_c1_one_that_is_refused_for_ever_is_a_cause_and_all_is_put_back(way: str) -> None:
    run = rolled(replace(WAYS[way], window=(0.0, 1e9)), spec=BY_NUMBER)
    verdict = run.result.verdict
    assert verdict.code == 1, verdict
    assert "fault of async-rollout" not in verdict.why
    assert launches(run) == 0
    assert as_found(run)


def test_c1_it_says_in_the_words_of_aws_why_it_gave_up() -> None:
    run = rolled(replace(WAYS["an activity in progress"], window=(0.0, 1e9)), spec=BY_NUMBER)
    assert "ScalingActivityInProgress: Scaling activity 0ea5f0da" in run.result.verdict.why
    assert run.result.seconds < 900


def test_c1_a_killed_run_leaves_no_launches_that_never_were() -> None:
    """Killed again and again while it is refused: each counts once at most, and the last one is done."""
    rule = replace(WAYS["an activity in progress"], window=(0.0, 400.0))
    run = rolled(rule, spec=BY_NUMBER, goals=(Goal.REPLACE,) * 2, kill_after=12)
    assert run.result.verdict.code == 0, run.result.verdict
    assert as_found(run)
