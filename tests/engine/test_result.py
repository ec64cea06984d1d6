"""One exit code for many groups (RULES §7): 10, then a signal's, then 9, then the single cause."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from async_rollout.core.actions import Outcome, Verdict
from async_rollout.core.outcomes import HookOutcome
from async_rollout.core.spec import HookPoint
from async_rollout.engine.result import GroupResult, Summary, one_code, quoted


def summary(*codes: int) -> Summary:
    verdicts = [Verdict(outcome=Outcome.DONE if code == 0 else Outcome.FAILED, code=code) for code in codes]
    return Summary(results=tuple(GroupResult(group=str(n), verdict=one) for n, one in enumerate(verdicts)))


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], 0),
        ([0], 0),
        ([0, 0, 0], 0),
        *(([one], one) for one in (1, 3, 4, 5, 6, 7, 10, 130, 143)),
        ([3, 3], 3),
        ([6, 6, 6], 6),
        ([0, 1], 9),
        ([0, 0, 5], 9),
        ([0, 3, 6], 9),
        ([1, 3], 1),
        ([4, 6], 1),
        ([10, 0], 10),
        ([10, 1, 0], 10),
        ([10, 130], 10),
        ([10, 143, 0], 10),
        ([130, 0], 130),
        ([143, 0], 143),
        ([130, 1], 130),
        ([130, 143, 0], 143),
    ],
)
def test_one_code_whatever_their_order(codes: list[int], code: int) -> None:
    assert {one_code(list(order)) for order in permutations(codes)} == {code}
    assert (summary(*codes).code, summary(*codes).ok) == (code, code == 0)


def test_the_last_words_of_a_command_are_told_at_the_end() -> None:
    said = HookOutcome(point=HookPoint.BEFORE_TERMINATE, instance="i-1", ok=False, code=3, said="no leader")
    ends = (said,)
    verdict = Verdict(
        outcome=Outcome.FAILED, code=6, why="the before-terminate command for i-1 ended with 3; all is back"
    )
    assert quoted(verdict, ends).why == "the before-terminate command for i-1 ended with 3: no leader; all is back"
    other = replace(verdict, why="stopped: Ctrl-C")
    assert quoted(other, ends) == other
