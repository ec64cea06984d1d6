"""Any event at all: every field of every kind drawn from its type, texts that steer and numbers far out included."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from async_rollout.core.events import Event
from async_rollout.render.recorded import EARLIEST, LATEST
from async_rollout.render.schema import EVENTS
from support.told import EVIL, NEW, OLD

NAMES = st.sampled_from(["web", "api", "", EVIL, "ü" * 40, OLD, NEW, "[red]", "::error::x", "</script>"])
TEXTS = NAMES | st.text(max_size=30) | st.sampled_from(["serving", "gone", "available", "draining", "up-check"])
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(0, 9) | st.integers(-(2**70), 2**70),
    float: st.floats(0, 1_000) | st.floats(EARLIEST, LATEST),
    bool: st.booleans(),
    type(None): st.none(),
}


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of one annotated type."""
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{one.name: of(hints[one.name]) for one in fields(hint)})
    origin, inner = get_origin(hint), get_args(hint)
    if origin is tuple:
        return st.lists(of(inner[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(NAMES, of(inner[1]), max_size=3)
    assert origin in (Union, UnionType), hint
    return st.one_of(*map(of, inner))


ANY: st.SearchStrategy[Event] = st.one_of(*map(of, EVENTS.values()))
