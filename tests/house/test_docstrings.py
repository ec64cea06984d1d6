"""What is public says of itself what a stranger has to know: each field, each parameter, each member of an enum."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import pytest

import async_rollout as ar
from async_rollout.core.spec import Limits

PUBLIC = {name: getattr(ar, name) for name in ar.__all__ if name != "Event"}
CLASSES = {name: one for name, one in PUBLIC.items() if inspect.isclass(one)}
FUNCTIONS = {name: one for name, one in PUBLIC.items() if inspect.isfunction(one)}
METHODS = {
    f"{name}.{method.__name__}": method
    for name, one in CLASSES.items()
    if not issubclass(one, BaseException)
    for method in vars(one).values()
    if inspect.isfunction(method) and not method.__name__.startswith("_")
}


def said(of: Any) -> set[str]:
    """All words of a docstring."""
    return set(re.findall(r"\w+", inspect.getdoc(of) or ""))


def explained(of: Any) -> set[str]:
    """What stands before a colon, alone or several together, at the beginning of a line or a sentence."""
    text = inspect.getdoc(of) or ""
    return {
        name for names in re.findall(r"(?:^|[.;] +)((?:\w+, )*\w+): ", text, re.MULTILINE) for name in names.split(", ")
    }


def parameters(of: Any) -> Iterator[str]:
    yield from (name for name in inspect.signature(of).parameters if name != "self")


def test_everything_public_is_looked_at() -> None:
    assert {"RolloutSpec", "Limits", "Verdict", "Plan", "Status", "Halt", "Sandbox", "UsageError"} <= CLASSES.keys()
    assert FUNCTIONS.keys() == {"connect", "plan", "restore", "roll_out", "rollback", "status"}
    assert {"AwsCloud.groups", "Halt.request", "Sandbox.serve"} <= METHODS.keys()


@pytest.mark.parametrize("name", [name for name, one in CLASSES.items() if is_dataclass(one)])
def test_each_field_is_explained(name: str) -> None:
    assert {one.name for one in fields(CLASSES[name])} - explained(CLASSES[name]) == set()


@pytest.mark.parametrize("name", [name for name, one in CLASSES.items() if issubclass(one, Enum)])
def test_each_member_is_explained(name: str) -> None:
    assert set(CLASSES[name].__members__) - explained(CLASSES[name]) == set()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_parameter_of_a_function_is_explained(name: str) -> None:
    assert set(parameters(FUNCTIONS[name])) - explained(FUNCTIONS[name]) == set()


@pytest.mark.parametrize("name", ["AwsCloud", "Sandbox"])
def test_each_parameter_of_what_is_made_is_explained(name: str) -> None:
    assert set(parameters(CLASSES[name])) - explained(CLASSES[name]) == set()


@pytest.mark.parametrize("name", METHODS)
def test_each_parameter_of_a_method_is_named(name: str) -> None:
    assert inspect.getdoc(METHODS[name])
    assert set(parameters(METHODS[name])) - said(METHODS[name]) == set()


@pytest.mark.parametrize("name", [name for name, one in CLASSES.items() if issubclass(one, ar.RolloutError)])
def test_each_error_says_its_code(name: str) -> None:
    kind = CLASSES[name]
    text = inspect.getdoc(kind) or ""
    if kind is not ar.RolloutError:
        assert str(kind.code) in re.findall(r"[Cc]ode (\d+)", text)
    assert name == "RolloutError" or re.match(r"The (owner|cloud)'s: ", text), "whose fault it is"


def test_each_limit_says_its_default() -> None:
    text = inspect.getdoc(Limits) or ""
    told = dict(re.findall(r"^(\w+): [^\n]*?; (\d+|None)\b", text, re.MULTILINE))
    assert told == {one.name: "None" if one.default is None else f"{one.default:g}" for one in fields(Limits)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_says_what_it_raises(name: str) -> None:
    assert re.search(r"^Raises .*", inspect.getdoc(FUNCTIONS[name]) or "", re.MULTILINE)
