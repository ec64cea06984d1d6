"""Each law of the storms can be broken: the code spoilt on purpose, the guards off, and the law itself says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core import advance, budget, decide, restore, trouble
from async_rollout.engine import rollout
from blame import broken
from breaking import Spoil, around, both, draft_as_it_is, no, swap
from endings import CONDUCTING, ENDING
from sabotages import COUNTING, PROVING, REMOVING, base_is_field
from storm import storm

LISTED = {one.name: one.spoil for one in (*COUNTING, *PROVING, *REMOVING, *ENDING, *CONDUCTING)}


def ends_well(real: Callable[..., Any], one: Any) -> Any:
    """A restore that could not end says that it could."""
    decision = real(one)
    return replace(decision, verdict=replace(decision.verdict, code=0))


def unbounded(*_: object) -> int:
    return 10**6


BOUND = (advance, trouble)
"""Who asks before a launch how many there may be."""

CASES: dict[str, tuple[Spoil, int]] = {
    "law 1": (LISTED["the floor is not asked"], 4),
    "law 2": (LISTED["ceiling off by one"], 0),
    "law 3": (LISTED["everybody is old for ever"], 1),
    "law 4": (LISTED["max draining ignored"], 6),
    "law 5": (LISTED["no proof before the first"], 0),
    "law 6": (
        both(swap(decide, "reckon", base_is_field), *(swap(each, "launches_most", unbounded) for each in BOUND)),
        15,
    ),
    "law 7": (LISTED["the record goes before the processes are back"], 2),
    "law 8": (LISTED["resume everything"], 1),
    "law 9": (LISTED["deregister without record"], 2),
    "law 10": (around(decide, "_stuck", ends_well), 24),
    "law 12": (swap(restore, "_out_of_patience", draft_as_it_is), 24),
    "law 16": (swap(budget, "is_old", no), 0),
    "walkthrough": (LISTED["a draining target is gone"], 10),
}


@pytest.mark.parametrize("law", CASES)
def test_a_storm_tells_the_law_that_was_broken(law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil, seed = CASES[law]
    assert broken(storm(seed)) == []
    spoil(monkeypatch)
    monkeypatch.setattr(rollout, "objection", lambda *_: None)
    lines = broken(storm(seed))
    assert any(line.startswith(f"{law}:") for line in lines), lines
