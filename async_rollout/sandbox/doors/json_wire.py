"""AWS's JSON protocol (1.1): the call is named in a header, times are numbers, errors carry their type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from async_rollout.sandbox.words import AwsError, not_simulated

CONTENT_TYPE = "application/x-amz-json-1.1"
TARGETS = {"AmazonEC2ContainerServiceV20141113": "ecs"}
"""By the prefix of X-Amz-Target: the service."""

Params = dict[str, Any]
NUMBERS = {"integer": int, "long": int, "float": (int, float), "double": (int, float), "timestamp": (int, float)}
TYPES: Mapping[str, Any] = {"structure": dict, "map": dict, "list": list, "string": str, "boolean": bool, **NUMBERS}


def called(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Service and operation that a request names; None: of no service here."""
    prefix, _, operation = headers.get("x-amz-target", "").partition(".")
    return (TARGETS[prefix], operation) if prefix in TARGETS else None


def read(body: bytes, model: Any) -> Params:
    """A request's parameters. Raises AwsError for what is none of that operation."""
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError) as wrong:
        raise malformed("the body is no JSON") from wrong
    if model.input_shape is None:
        return {}
    shown = _read(given, model.input_shape, "")
    if lost := sorted(set(given) - set(model.input_shape.members)):
        raise not_simulated(f"{', '.join(lost)[:80]} of {model.service_model.service_name}:{model.name}")
    params: Params = shown
    return params


def malformed(why: str) -> AwsError:
    return AwsError("SerializationException", why)


def _read(value: Any, shape: Any, path: str) -> Any:
    """Of the types that the model has; null is as if it was not given. Unknown members further in are dropped."""
    kind = shape.type_name
    if not isinstance(value, TYPES.get(kind, object)) or (isinstance(value, bool) and kind in NUMBERS):
        raise malformed(f"{path or 'the request'} is to be of the type {kind}")
    if kind == "structure":
        return _members(value, shape, path)
    if kind == "list":
        return [_read(one, shape.member, f"{path}[{number}]") for number, one in enumerate(value)]
    if kind == "map":
        return {key: _read(one, shape.value, f"{path}.{key}") for key, one in value.items()}
    return value


def _members(value: Mapping[str, Any], shape: Any, path: str) -> Params:
    given = {name: one for name, one in value.items() if one is not None and name in shape.members}
    for name in shape.required_members:
        if name not in given:
            raise AwsError("InvalidParameterException", f"{name} can not be blank.")
    return {name: _read(one, shape.members[name], f"{path}.{name}".lstrip(".")) for name, one in given.items()}


def write(answer: Mapping[str, Any], model: Any) -> str:
    """An answer as text. What is None is left out; a member that the model does not have is a mistake here."""
    return json.dumps(_write(answer, model.output_shape, model.name))


def _write(value: Any, shape: Any, path: str) -> Any:
    match shape.type_name:
        case "structure":
            if strange := set(value) - set(shape.members):
                raise ValueError(f"{path} has no {', '.join(sorted(strange))}")
            given = {name: one for name, one in value.items() if one is not None}
            return {name: _write(one, shape.members[name], f"{path}.{name}") for name, one in given.items()}
        case "list":
            return [_write(one, shape.member, path) for one in value]
        case "timestamp":
            return round(value.timestamp() if isinstance(value, datetime) else value, 3)
        case _:
            return value


def error(refused: AwsError) -> str:
    return json.dumps({"__type": refused.code, "message": refused.message})
