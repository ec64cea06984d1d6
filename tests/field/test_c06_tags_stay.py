"""C6: DeleteTags is denied. The work is done, sizes and processes are back; the tags are named, and how to go."""

from __future__ import annotations

import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.journal import Goal
from async_rollout.sandbox.faults import Fault, FaultKind
from support.refusing import rolled
from support.simulation import Run, ours

KINDS = [FaultKind.DENIED, FaultKind.REFUSED]


def rule(kind: FaultKind) -> Fault:
    return Fault(kind=kind, action="autoscaling:DeleteTags$")


def all_but_tags(run: Run) -> bool:
    left, found = run.left, run.found
    sizes = (left.minimum, left.desired, left.maximum) == (found.minimum, found.desired, found.maximum)
    return sizes and left.suspended_names == found.suspended_names


@pytest.mark.parametrize("kind", KINDS)
def test_c6_done_and_the_tags_are_named(kind: FaultKind) -> None:
    run = rolled(rule(kind), size=2)
    verdict = run.result.verdict
    assert (verdict.outcome, verdict.code) == (Outcome.DONE, 0), verdict
    assert all_but_tags(run) and run.members.isdisjoint(run.found_ids)
    assert run.result.seconds < 900
    assert ours(run.left) and "all that begin with async-rollout:," in verdict.left[0]
    assert "Values=web " in verdict.next and "starts_with(Key, 'async-rollout:')" in verdict.next


def test_c6_the_next_run_is_not_in_its_own_way() -> None:
    run = rolled(rule(FaultKind.DENIED), size=2, goals=(Goal.REPLACE, Goal.REPLACE))
    assert [one.verdict.code for one in run.results] == [0, 0], run.results
    assert all_but_tags(run)
