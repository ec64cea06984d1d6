"""Sources that are left one after the other, and drains whose end nobody tells before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.actions import Deregister
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Departure
from async_rollout.core.moves import move
from async_rollout.core.observation import Target, TargetState
from support.drafts import NOW, draft_of
from support.drawn import AT, SOURCES, ident

FIRST, LAST = SOURCES[0].id, replace(SOURCES[1], turn=1, seen_at=NOW)
OUT = Departure(id=ident(0), at=int(AT) - 10)


def going(*states: TargetState | None, at: int = OUT.at, open_ended: bool = False, reason: str = "") -> Draft:
    """The first of four on its way out, as each of its two sources lists it; None: not at all."""
    departure = replace(OUT, at=at)
    draft = draft_of("SSSN", record={"departures": (departure,), "asked": 4})
    sources = (replace(SOURCES[0], seen_at=NOW, open_ended=open_ended), LAST)
    targets = tuple(
        Target(source=source.id, port=80, state=state, reason=reason)
        for source, state in zip(sources, states, strict=True)
        if state is not None
    )
    first = replace(draft.observation.instances[0], targets=targets)
    seen = replace(draft.observation, sources=sources, instances=(first, *draft.observation.instances[1:]))
    return move(replace(draft, observation=seen), departure.id)


def left(draft: Draft) -> list[str]:
    """The sources that it is taken out of now."""
    return [where.source for act in draft.acts if isinstance(act, Deregister) for where in act.registrations]


@pytest.mark.parametrize(
    ("first", "ago", "leaves"),
    [
        (TargetState.HEALTHY, 10, [FIRST]),
        (TargetState.DRAINING, 10, []),
        (None, 10, []),  # listed no more, and its delay is not over: perhaps a gap in the answer
        (None, 61, [LAST.id]),
    ],
)
def test_the_last_is_left_when_the_first_has_let_go(first: TargetState | None, ago: int, leaves: list[str]) -> None:
    assert left(going(first, TargetState.HEALTHY, at=int(NOW) - ago)) == leaves


def test_of_a_drain_without_a_known_end_it_is_listed_no_more_is_all_there_is() -> None:
    assert left(going(None, TargetState.HEALTHY, at=int(NOW) - 10, open_ended=True)) == [LAST.id]


@pytest.mark.parametrize(
    ("reason", "words"), [("", "tg1 (until it has let go)"), ("busy", "tg1 (until it has let go: busy)")]
)
def test_its_wait_says_that_nobody_knows_the_end(reason: str, words: str) -> None:
    (wait,) = going(TargetState.DRAINING, None, open_ended=True, reason=reason).waits
    assert wait.why == words


def test_a_target_of_a_source_that_is_no_more_the_groups_is_told_by_its_id() -> None:
    draft = going(TargetState.DRAINING, None)
    gone = replace(draft.observation, sources=(LAST,))
    (wait,) = move(replace(draft, observation=gone, waits=(), acts=()), OUT.id).waits
    assert wait.why == FIRST
