"""C5: a policy denies the terminate. Alarms and schedules run at once; what cannot be put back is named, exit 4."""

from __future__ import annotations

import pytest

from async_rollout.core.events import Acted
from async_rollout.sandbox.faults import Fault, FaultKind
from support.refusing import ALARMS, rolled, said

DENIED = Fault(kind=FaultKind.DENIED, action="TerminateInstanceInAutoScalingGroup$")


def test_c5_it_ends_with_4_and_names_what_is_left() -> None:
    run = rolled(DENIED, size=2)
    verdict = run.result.verdict
    assert verdict.code == 4, verdict
    assert run.result.seconds < 600
    assert any("AccessDenied" in line for line in verdict.left), verdict.left
    assert not run.left.suspended_names & ALARMS


def test_c5_alarms_run_before_anything_else_is_put_back() -> None:
    run = rolled(DENIED, size=2)
    acts = [one for one in run.events if isinstance(one, Acted)]
    denied = next(number for number, one in enumerate(acts) if "AccessDenied" in one.why)
    assert acts[denied + 1].action.startswith("resume ") and "AlarmNotification" in acts[denied + 1].action
    assert acts[denied + 1].at - acts[denied].at < 30.0


def test_c5_where_resuming_is_denied_too_the_rest_is_put_back_and_it_is_10() -> None:
    """Serving again does not wait for what AWS never allows."""
    run = rolled(DENIED, Fault(kind=FaultKind.DENIED, action="ResumeProcesses$"), size=2)
    verdict = run.result.verdict
    assert verdict.code == 10 and any("suspended by us" in line for line in verdict.left), verdict
    state = run.world.state
    for one in state.members("web"):
        if one.id in run.found_ids:
            assert all(state.registered(source, one.id) for source in run.found.source_ids)


@pytest.mark.parametrize("kind", [FaultKind.ERROR_500, FaultKind.THROTTLE, FaultKind.RESET, FaultKind.LOST_ANSWER])
def test_c5_alarms_are_tried_again_where_the_last_call_is_lost(kind: FaultKind) -> None:
    """An end is not told while AWS may still take what belongs to it."""
    ends = rolled(DENIED, size=2).result.seconds
    run = rolled(DENIED, Fault(kind=kind, action="ResumeProcesses$", window=(0.0, ends + 100.0)), size=2)
    assert run.result.verdict.code == 4, run.result.verdict
    assert not run.left.suspended_names & ALARMS
    assert run.result.seconds < ends + 150.0


def test_c5_where_they_can_never_be_resumed_it_ends_all_the_same_and_says_so() -> None:
    ends = rolled(DENIED, size=2).result.seconds
    run = rolled(DENIED, Fault(kind=FaultKind.ERROR_500, action="ResumeProcesses$"), size=2)
    verdict = run.result.verdict
    assert verdict.code == 10 and any("AlarmNotification" in line for line in verdict.left), verdict
    assert ends + 290.0 < run.result.seconds < ends + 400.0
    assert len(said(run, "AccessDenied")) <= 2, "what is denied stays so: another act's fault does not ask it anew"
