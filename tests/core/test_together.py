"""The gate by which the old ones of a batch go together: shut for them while new ones climb, and not for new ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.draft import Draft
from async_rollout.core.gates import Closed, Gate, Open, asked
from async_rollout.core.gates.at_rest import AT_REST
from async_rollout.core.gates.together import TOGETHER
from async_rollout.core.observation import Source, unfound
from async_rollout.core.spec import RolloutSpec
from support.drafts import NOW, draft_of
from support.drawn import SOURCES

SPEC = RolloutSpec(max_surge=3, canary_wait=0.0)
QUAY = Source(id="q", kind="quay", noun="quay", name="west", has_listener=False, together=True, seen_at=NOW)


def at(drawing: str, *, replaced: int = 1, source: Source = QUAY, **fields: Any) -> Draft:
    record = {"replaced": replaced, **fields.pop("record", {})}
    draft = draft_of(drawing, SPEC, record=record, **fields)
    return replace(draft, observation=replace(draft.observation, sources=(*SOURCES, source)))


def said(draft: Draft) -> Any:
    return asked(draft)[0]


@pytest.mark.parametrize("drawing", ["SSSNNB", "SSSB"])
def test_while_a_new_one_boots_no_old_one_goes_and_new_ones_may_come(drawing: str) -> None:
    answer = said(at(drawing))
    assert isinstance(answer, Closed) and answer.launches
    assert answer.wait.on == "quay west" and "new ones serve" in answer.wait.why


def test_before_the_first_has_gone_it_says_nothing() -> None:
    assert said(at("SSSNNB", replaced=0)) == Open()


@pytest.mark.parametrize("source", [replace(QUAY, together=False), unfound(QUAY)], ids=["each for itself", "gone"])
def test_without_such_a_source_nobody_waits(source: Source) -> None:
    assert said(at("SSSNNB", source=source)) == Open()


def test_once_all_serve_and_no_more_come_the_old_ones_go() -> None:
    assert said(at("SSSNNN", record={"base": 3})) == Open()


@pytest.mark.parametrize("gate", [AT_REST, TOGETHER], ids=["at rest", "together"])
def test_it_is_asked_again_and_again_as_it_is_never_passed_for_good(gate: Gate) -> None:
    record = at("SSSN").journal
    assert gate.needs(SPEC, record) and gate.passed(record) is record
