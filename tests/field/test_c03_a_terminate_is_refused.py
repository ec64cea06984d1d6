"""C3: terminate is refused for ever in the same words: a cause, quoted, and not by the hundred."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.events import Waiting
from async_rollout.core.journal import Goal
from async_rollout.core.spec import RolloutSpec
from async_rollout.render.plain import Plain
from async_rollout.sandbox.faults import Fault, FaultKind
from support.refusing import ALARMS, as_found, rolled, said
from support.simulation import Run

WORDS = "The instance i-0123456789abcdef0 is not in InService or Standby."
REFUSED = Fault(
    kind=FaultKind.REFUSED, action="^autoscaling:TerminateInstance", window=(0.0, 1e9), code="ValidationError",
    words=WORDS,
)  # fmt: skip


def test_c3_the_words_of_aws_are_the_cause_and_are_not_said_for_ever() -> None:
    run = rolled(REFUSED, size=2)
    verdict = run.result.verdict
    assert WORDS in verdict.why + str(verdict.left)
    assert "--terminate-timeout" not in verdict.why
    assert len(said(run, WORDS)) <= 20
    assert run.result.seconds < 900


def shown(run: Run, *, verbose: bool = False) -> list[str]:
    """The log's lines that tell a refusal."""
    lines: list[str] = []
    plain = Plain(lines.append, verbose=verbose)
    for event in run.events:
        plain.tell(event)
    return [line for line in lines if "refused: " in line]


def test_c3_the_log_says_them_once_and_the_wait_goes_on_quoting_them() -> None:
    run = rolled(REFUSED, size=2, spec=RolloutSpec(max_surge=0, max_unavailable=1))
    assert len(said(run, WORDS)) > 3
    assert sum(WORDS in line for line in shown(run)) == 1
    assert sum(WORDS in line for line in shown(run, verbose=True)) == len(said(run, WORDS))
    waits = [one for one in run.events if isinstance(one, Waiting) and WORDS in str(one.waits)]
    assert len(waits) >= 2


def test_c3_other_words_are_said_again_and_the_same_after_they_were_others() -> None:
    other = replace(REFUSED, words="Something else is wrong.", window=(90.0, 120.0))
    run = rolled(other, REFUSED, size=2, spec=RolloutSpec(max_surge=0, max_unavailable=1))
    told = [WORDS in line for line in shown(run)]
    changes = [one for one, before in zip(told, [None, *told], strict=False) if one is not before]
    assert told == changes and len(told) >= 2


def test_c3_a_permission_that_is_missing_is_said_once_too() -> None:
    denied = Fault(kind=FaultKind.DENIED, action="^autoscaling:TerminateInstance", window=(0.0, 1e9))
    run = rolled(denied, size=2)
    assert len(shown(run)) == len(set(shown(run)))


def test_c3_where_the_run_can_put_all_back_without_it_all_is_back() -> None:
    """Without surge nothing of ours is there: the old one that was only drained serves again."""
    run = rolled(REFUSED, size=2, spec=RolloutSpec(max_surge=0, max_unavailable=1))
    assert run.result.verdict.code == 1, run.result.verdict
    assert as_found(run)


def test_c3_what_cannot_be_put_back_is_named_and_alarms_run() -> None:
    run = rolled(REFUSED, size=2)
    verdict = run.result.verdict
    assert verdict.code == 10
    assert any("desired capacity is 4" in line for line in verdict.left), verdict.left
    assert not run.left.suspended_names & ALARMS


@pytest.mark.parametrize("seconds", [45.0, 200.0])
def test_c3_one_that_is_refused_for_a_while_goes_on(seconds: float) -> None:
    """Refused for minutes it is given up; the next run goes on from there."""
    run = rolled(replace(REFUSED, window=(0.0, 60.0 + seconds)), size=2, goals=(Goal.REPLACE,) * 2)
    assert run.result.verdict.code == 0, run.result.verdict
    assert as_found(run)
