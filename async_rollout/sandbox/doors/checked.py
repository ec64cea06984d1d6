"""What a request's parameters may be, by botocore's model of the operation, refused as AWS refuses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from async_rollout.sandbox.words import AwsError, invalid

WIDEST = 200
"""Characters of a value that a refusal quotes."""


def check(params: Mapping[str, Any], shape: Any, protocol: str) -> None:
    """Raises AwsError for the first member that is missing, too long, too short, too large or too small."""
    wrong = next(_violations(params, shape, ""), None)
    if wrong is None:
        return
    path, value, constraint = wrong
    if protocol == "ec2" and value is None:
        raise AwsError("MissingParameter", f"The request must contain the parameter {path[0].upper()}{path[1:]}")
    if protocol == "ec2":
        raise AwsError("InvalidParameterValue", f"Value ({value}) for parameter {path} is invalid. {constraint}")
    quoted = "null" if value is None else f"'{value}'"
    raise invalid(f"1 validation error detected: Value {quoted} at '{path}' failed to satisfy constraint: {constraint}")


Violation = tuple[str, str | None, str]
"""Where, the value (None: missing), what it breaks."""


def _violations(value: Any, shape: Any, path: str) -> Iterator[Violation]:
    match shape.type_name:
        case "structure":
            yield from _of_structure(value, shape, path)
        case "list":
            yield from _outside(len(value), shape, path, value, "length")
            for number, one in enumerate(value, 1):
                yield from _violations(one, shape.member, f"{path}.{number}.member")
        case "string":
            yield from _outside(len(value), shape, path, value, "length")
        case "integer" | "long":
            yield from _outside(value, shape, path, value, "value")


def _of_structure(value: Mapping[str, Any], shape: Any, path: str) -> Iterator[Violation]:
    for name in shape.required_members:
        if name not in value:
            yield _at(path, name), None, "Member must not be null"
    for name, one in value.items():
        yield from _violations(one, shape.members[name], _at(path, name))


def _at(path: str, name: str) -> str:
    """AWS speaks of "tags.1.member.key"."""
    spoken = name[0].lower() + name[1:]
    return f"{path}.{spoken}" if path else spoken


def _outside(size: int, shape: Any, path: str, value: Any, what: str) -> Iterator[Violation]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    shown = str(value)[:WIDEST]
    if least is not None and size < least:
        yield path, shown, f"Member must have {what} greater than or equal to {least}"
    if most is not None and size > most:
        yield path, shown, f"Member must have {what} less than or equal to {most}"
