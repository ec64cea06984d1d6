"""C4: UpdateAutoScalingGroup is refused for ever: minutes, not three quarters of an hour with alarms off."""

from __future__ import annotations

from async_rollout.sandbox.faults import Fault, FaultKind
from support.refusing import as_found, launches, rolled

WORDS = "The AutoScaling group may not be modified while it is pending delete"


def test_c4_a_maximum_that_aws_refuses_is_a_cause_in_its_words() -> None:
    rule = Fault(kind=FaultKind.REFUSED, action="^autoscaling:UpdateAutoScalingGroup", window=(0.0, 1e9), words=WORDS)
    run = rolled(rule, size=2)
    verdict = run.result.verdict
    assert verdict.code == 1 and WORDS in verdict.why, verdict
    assert run.result.seconds < 300
    assert launches(run) == 0
    assert as_found(run)
