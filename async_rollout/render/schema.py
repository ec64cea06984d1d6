"""The JSON Schema of the event lines, made from the events' own types; `events.schema.json` beside it is its print.

`python -m async_rollout.render.schema` prints it. Within a version only keys and types are added, so a reader ignores
what it does not know.
"""

from __future__ import annotations

import json
import sys
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from async_rollout.core.events import Event
from async_rollout.render.jsonl import SCHEMA, name_of

KINDS: dict[object, str] = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
EVENTS: dict[str, Any] = {name_of(kind): kind for kind in get_args(Event)}
"""Every event class by the `type` of its lines."""
COMMON = {"schema": {"const": SCHEMA}, "seq": {"type": "integer", "minimum": 1}}
_TEXT = {"type": "string"}
_PLACE = {"account": _TEXT, "region": _TEXT}
_OF_A_GROUP = {**_PLACE, "run": _TEXT, "group": _TEXT}
_WORDS = {"type": "array", "items": {"type": "string"}}
_GROUP = {
    **_OF_A_GROUP, "outcome": _TEXT, "exit_code": {"type": ["integer", "null"]}, "why": _TEXT,
    "left": _WORDS, "next": _TEXT, "replaced": _WORDS, "total": {"type": "integer"}, "missed": _WORDS,
    "seconds": {"type": "number"}, "replaced_before": {"type": "integer"},
    "failed": _WORDS, "parked": _WORDS,
}  # fmt: skip
RESULTS: dict[str, dict[str, Any]] = {"plan": _OF_A_GROUP, "status": _OF_A_GROUP, "demo": _PLACE}
"""Lines that are no events but what a command was asked for, with the keys that each surely has."""


def schema() -> dict[str, object]:
    """The whole of it, draft 2020-12: one line is one of these objects, told apart by its `type`."""
    kinds = {name: _object(name, kind) for name, kind in EVENTS.items()}
    kinds["summary"] = _summary()
    kinds |= {name: _line(name, keys, list(keys)) for name, keys in RESULTS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "async-rollout: one line of --output json or --events",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in kinds],
        "$defs": kinds,
    }


def _line(name: str, properties: dict[str, object], required: list[str]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {"type": {"const": name}, **COMMON, **properties},
        "required": ["type", *COMMON, *required],
    }


def _object(name: str, kind: Any) -> dict[str, object]:
    hints = get_type_hints(kind)
    found = _line(name, {key: of_type(hint) for key, hint in hints.items()}, list(hints))
    return {**found, "description": " ".join((kind.__doc__ or "").split())}


def _summary() -> dict[str, object]:
    group = {"type": "object", "properties": _GROUP, "required": list(_GROUP)}
    groups = {"type": "array", "items": group}
    known = {**_PLACE, "exit_code": {"type": "integer"}, "error": _TEXT, "groups": groups}
    return _line("summary", known, [*_PLACE, "exit_code", "groups"])


def of_type(hint: Any) -> dict[str, object]:
    """The schema of one annotated type. Raises TypeError for a kind that no event has."""
    if hint in KINDS:
        return {"type": KINDS[hint]}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"enum": [str(word) for word in hint]}
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return {
            "type": "object",
            "properties": {key: of_type(each) for key, each in hints.items()},
            "required": [field.name for field in fields(hint) if is_there(field)],
        }
    origin, inner = get_origin(hint), get_args(hint)
    if origin is tuple:
        return {"type": "array", "items": of_type(inner[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": of_type(inner[1])}
    if origin in (Union, UnionType):
        return {"anyOf": [of_type(kind) for kind in inner]}
    raise TypeError(f"no event has a {hint!r}")


def is_there(field: Field[Any]) -> bool:
    """Whether a field has no default, so that it must be given."""
    return field.default is MISSING and field.default_factory is MISSING


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
