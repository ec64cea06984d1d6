"""Parameters of the core and the engine are named by what they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2] / "async_rollout"
FILES = sorted(file for room in ("core", "engine") for file in (HOUSE / room).rglob("*.py"))
SAYS_NOTHING = {"one", "x", "obj", "thing"}


def parameters(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_no_parameter_is_named_one_or_the_like(file: Path) -> None:
    assert SAYS_NOTHING.isdisjoint(parameters(file.read_text(encoding="utf-8")))


def test_a_parameter_of_such_a_name_is_seen() -> None:
    assert "one" in set(parameters("def f(a, *, one: int) -> None: ..."))
