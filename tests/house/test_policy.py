"""No number of looks or seconds stands outside the policy table: a rule that nobody finds cannot be judged."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from async_rollout.core import policy
from async_rollout.core.policy import Rule

CORE = Path(__file__).parents[2] / "async_rollout" / "core"
OWN = ("policy.py", "spec.py")
"""The table itself, and what the operator may choose."""
COUNTS = frozenset({"looks", "good", "bad", "absent", "unlisted", "at", "since"})
"""How fields are called that hold looks or times."""


def numbers(node: ast.AST) -> Iterator[ast.Constant]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, int | float) and not isinstance(part.value, bool):
            yield part


def terms(node: ast.AST) -> Iterator[str]:
    """The fields and names that a sum is made of."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            yield name
        case ast.BinOp(left=left, right=right):
            yield from terms(left)
            yield from terms(right)


def strays(source: str) -> list[str]:
    """Lines that hold a number of seconds, or compare or add one to looks or times."""
    found, tree, lines = [], ast.parse(source), source.splitlines()
    for node in ast.walk(tree):
        seconds = [one for one in numbers(node) if isinstance(one.value, float) and one.value not in (0.0, 1.0)]
        if isinstance(node, ast.Constant) and seconds:
            found.append(lines[node.lineno - 1].strip())
        if not isinstance(node, ast.Compare | ast.BinOp):
            continue
        sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else [node.left, node.right]
        names = {name for side in sides for name in terms(side)}
        plain = [side for side in sides if isinstance(side, ast.Constant)]
        if names & COUNTS and any(one.value not in (0, 1) for side in plain for one in numbers(side)):
            found.append(lines[node.lineno - 1].strip())
    return found


@pytest.mark.parametrize("file", sorted(CORE.rglob("*.py")), ids=lambda file: file.name)
def test_no_number_of_looks_or_seconds_is_elsewhere(file: Path) -> None:
    assert file.name in OWN or strays(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    ["WAIT = 12.5", "ok = seen.looks >= 3", "late = at - since > 60", "soon = since + 60", "x = f(departure.at - 60)"],
)
def test_a_stray_number_is_noticed(source: str) -> None:
    assert strays(source) != []


def test_each_rule_names_its_source() -> None:
    rules = {name: rule for name, rule in vars(policy).items() if isinstance(rule, Rule)}
    assert len(rules) >= 14
    assert [name for name, rule in rules.items() if len(rule.source) < 20 or rule.looks < 1 or rule.seconds < 0] == []
