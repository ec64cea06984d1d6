"""Where a kind of event is added, something here notices: it is drawn, described, and told in words."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, find, settings

from async_rollout.core.events import Event
from async_rollout.render.jsonl import name_of
from async_rollout.render.plain import Plain
from async_rollout.render.schema import EVENTS, schema
from support.drawn_events import of

SETTINGS = settings(max_examples=400, phases=[Phase.generate], database=None, suppress_health_check=[*HealthCheck])


def told(event: Event) -> list[str]:
    lines: list[str] = []
    Plain(lines.append, verbose=True).tell(event)
    return lines


@pytest.mark.parametrize("kind", get_args(Event), ids=name_of)
def test_each_kind_of_event_is_drawn_described_and_told(kind: Any) -> None:
    name = name_of(kind)
    assert EVENTS[name] is kind
    assert f"'const': '{name}'" in str(schema())
    assert find(of(kind), told, settings=SETTINGS)  # raises where none of them is told
