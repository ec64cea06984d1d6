"""Rollouts beside cranes that move work off berths that were closed, and the ways to break what waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf
from typing import Any

import pytest

from async_rollout.core import gates, recall
from async_rollout.core.actions import Outcome
from async_rollout.core.belief import Belief
from async_rollout.core.gates import Answer, Open, at_rest
from async_rollout.core.gates.canary import CANARY
from async_rollout.core.journal import Goal
from async_rollout.core.observation import Observation
from async_rollout.core.spec import Limits
from support.laws.breaking import Sabotage, around, swap, yes
from support.moored import Story, of_harbour, rolled
from support.pier import Quay

SEEN = 10.0
"""So long after a berth was closed a look has shown what came of it; whoever was to go with it has gone by then."""
LONG = 600.0
"""Longer than it takes to take a dead conductor's record over."""
LIMITS = Limits(drain=300.0)
PATIENT = Limits(drain=1200.0)


def begun(story: Story) -> list[float]:
    """When each old instance was first taken out, in their order in time; infinity for one that never was."""
    return sorted(story.first("DeregisterTargets", id) for id in story.order)


def nobody_goes_while_work_is_moved(story: Story) -> Iterator[str]:
    """No further one is taken out while what was moved from those before has not come to rest."""
    for at, berth in story.harbour.closings:
        for id in story.order:
            out = story.first("DeregisterTargets", id)
            if id != berth and at + SEEN < out < at + story.harbour.busy:
                yield f"at rest: {id} was taken out {out - at:.0f} s after the berth of {berth} was closed"


def one_goes_first(story: Story) -> Iterator[str]:
    """Until the first old one has left, nobody is taken out beside it."""
    ended = min(story.first("TerminateInstanceInAutoScalingGroup", id) for id in story.order)
    if sum(out < ended for out in begun(story)) > 1:
        yield "at rest: more than one went at first"


def told(story: Story, outcome: Outcome = Outcome.DONE) -> list[str]:
    verdict = story.results[-1].verdict
    ended = [] if verdict.outcome is outcome else [f"at rest: it ended {verdict.outcome}: {verdict.why}"]
    blamed = outcome is not Outcome.FAILED or "crane" in verdict.why
    lines = [*nobody_goes_while_work_is_moved(story), *one_goes_first(story), *ended]
    return lines if blamed else [*lines, f"at rest: the cause names no crane: {verdict.why}"]


def played(
    prepare: Callable[[Story], object], outcome: Outcome = Outcome.DONE, limits: Limits = LIMITS, **more: Any
) -> Callable[[], list[str]]:
    """What the ground truth says of a story, all of a batch at once as far as it may."""

    def story() -> list[str]:
        with pytest.MonkeyPatch.context() as patch:
            return told(rolled(patch, prepare, kind=Quay(), limits=limits, **{"max_surge": "100%", **more}), outcome)

    return story


in_turn = played(of_harbour(busy=200.0, leave=20.0), max_surge=1)
busy = played(of_harbour(busy=200.0, leave=20.0))
never = played(of_harbour(busy=inf, leave=20.0), Outcome.FAILED)
as_found = played(of_harbour(busy=200.0, leave=20.0, cranes={"crane-7": (inf, inf)}))
resumed = played(of_harbour(busy=LONG, leave=20.0), goals=(Goal.REPLACE,) * 2, killed=300.0, limits=PATIENT)


def _own_alone(belief: Belief, observation: Observation) -> bool:
    """Whether this process has seen a record of its own: what one before it did is none of it."""
    return belief.journal is not None


def _as_many_as_may(real: Callable[..., Answer], *args: Any) -> Answer:
    answer = real(*args)
    return Open() if isinstance(answer, Open) else answer


def _without_limit(real: Callable[..., Any], *args: Any) -> Iterator[at_rest.Unrest]:
    return (replace(each, limit=inf) for each in real(*args))


AT_REST = (
    Sabotage(name="nobody waits for what is moved", law="at rest: i-", story=in_turn,
             spoil=swap(gates, "GATES", (CANARY,))),
    Sabotage(name="several go before one has shown how it is", law="at rest: more than one", story=busy,
             spoil=around(at_rest.AtRest, "ask", _as_many_as_may)),
    Sabotage(name="what is moved is waited for without end", law="at rest: the cause names no crane", story=never,
             spoil=around(at_rest, "_restless", _without_limit)),
    Sabotage(name="what was so before is waited for", law="at rest: it ended failed", story=as_found,
             spoil=swap(recall, "_has_begun", yes)),
    Sabotage(name="who resumes takes it as it is", law="at rest: i-", story=resumed,
             spoil=swap(recall, "_has_begun", _own_alone)),
)  # fmt: skip
