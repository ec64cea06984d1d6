"""Event lines back into events: what `replay` and the report read. The file is untrusted; it is checked throughout.

Each line is read by its own schema: one file may hold runs of several releases.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from async_rollout.core.events import Event
from async_rollout.errors import UsageError
from async_rollout.render import schema1
from async_rollout.render.jsonl import SCHEMA
from async_rollout.render.safe import safe
from async_rollout.render.schema import EVENTS, KINDS, is_there

EARLIEST, LATEST = -60_000_000_000.0, 250_000_000_000.0
"""Epoch seconds that a calendar can tell, and their differences; JSON as Python reads it also has NaN and Infinity."""

OLDER = {1: schema1.translated}
"""What makes a line of an earlier schema one of the present."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended: its exit code, and why it could not begin or was torn."""

    code: int
    error: str


@dataclass(slots=True)
class Recording:
    """One recorded run. ended None: it was killed."""

    events: list[Event] = field(default_factory=list)
    ended: Ended | None = None


def recordings(lines: Iterable[str], name: str) -> list[Recording]:
    """The runs that were appended to one file; name: its name, for messages.

    A last line that is cut off, as a killed run leaves it, is left out. Raises UsageError for any other bad line.
    """
    found: list[Recording] = []
    last = 0
    for seq, told in _told(lines, name):
        if not found or seq <= last:
            found.append(Recording())
        last = seq
        if isinstance(told, Ended):
            found[-1].ended = told
        elif told is not None:
            found[-1].events.append(told)
    return found


def _told(lines: Iterable[str], name: str) -> Iterator[tuple[int, Event | Ended | None]]:
    for number, line in enumerate(lines, 1):
        place = f"{name}, line {number}"
        try:
            if line.strip():
                yield _read(_present(json.loads(line), place))
        except (ValueError, TypeError, KeyError) as odd:
            if line.endswith("\n"):
                known = " or ".join(map(str, (*OLDER, SCHEMA)))
                raise UsageError(f"{place} is no event line of schema {known}: {safe(odd)}") from odd


def _present(body: Any, place: str) -> dict[str, Any]:
    """The line as the present schema has it. Raises UsageError for one of a later schema."""
    number = _plain(int, _of(dict, body)["schema"])
    if number > SCHEMA:
        known = f"this one reads schemas up to {SCHEMA}"
        raise UsageError(f"{place} is of schema {number}, of a later release of async-rollout: {known}; update it")
    if number not in (*OLDER, SCHEMA):
        raise ValueError(f"schema {number}")
    return OLDER[number](body) if number in OLDER else body


def _read(body: dict[str, Any]) -> tuple[int, Event | Ended | None]:
    """One line: its number within its run, and what it tells; None for what is no event, or not known here."""
    kind, seq = _plain(str, body["type"]), _plain(int, body["seq"])
    if kind == "summary":
        return seq, Ended(code=_plain(int, body["exit_code"]), error=_plain(str, body.get("error", "")))
    return seq, built(EVENTS[kind], body) if kind in EVENTS else None


def built(hint: Any, value: Any) -> Any:
    """A value of the annotated type out of JSON; keys that are not known are left. Raises ValueError or TypeError."""
    if hint in KINDS:
        return _plain(hint, value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    if is_dataclass(hint):
        return _record(hint, _of(dict, value))
    origin, inner = get_origin(hint), get_args(hint)
    if origin is tuple:
        return tuple(built(inner[0], item) for item in _of(list, value))
    if origin is dict:
        return {str(key): built(inner[1], item) for key, item in _of(dict, value).items()}
    if origin in (Union, UnionType):
        return None if value is None else built(next(kind for kind in inner if kind is not type(None)), value)
    raise TypeError(f"no event has a {hint!r}")


def _record(kind: Any, value: dict[str, Any]) -> Any:
    given = {name: built(hint, value[name]) for name, hint in _hints(kind).items() if name in value}
    if missing := [field.name for field in fields(kind) if field.name not in given and is_there(field)]:
        raise ValueError(f"{', '.join(missing)} is missing")
    return kind(**given)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _plain(hint: Any, value: Any) -> Any:
    kinds = (int, float) if hint is float else hint
    if not isinstance(value, kinds) or (isinstance(value, bool) and hint is not bool):
        raise ValueError(f"{safe(repr(value))[:60]} is no {hint.__name__}")
    if hint is float and not EARLIEST <= value <= LATEST:
        raise ValueError(f"{value!r} is no time")
    return hint(value)


def _of(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{safe(repr(value))[:60]} is no {kind.__name__}")
    return value
