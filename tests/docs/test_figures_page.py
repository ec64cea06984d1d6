"""How much is tested is what is run: the storms of the short and the long profile."""

from __future__ import annotations

import ast
import re

from support.pages import ROOT, page, part

TEXT = " ".join(part(page("figures"), "figures").split())


def profile(name: str) -> dict[str, int]:
    """One of the profiles of `tests/storm/run.py`, as it is written there."""
    tree = ast.parse((ROOT / "tests/storm/run.py").read_text(encoding="utf-8"))
    assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    counts: dict[str, int] = ast.literal_eval(assigned[name])
    return counts


def numbers(pattern: str) -> list[int]:
    found = re.search(pattern, TEXT)
    assert found, pattern
    return [int(number.replace(",", "")) for number in found.groups()]


def test_the_storms_are_as_many_as_are_run() -> None:
    short = numbers(
        r"runs ([\d,]+) storms whose faults never stop, ([\d,]+) whose faults stop, ([\d,]+) through the real AWS"
        r" layer, and of runs whose launches AWS answers ([\d,]+), ([\d,]+) and ([\d,]+) more,"
        r" ([\d,]+) of releases that fail"
    )
    assert short == list(profile("CI").values())
    long = numbers(
        r"`\.ci/run --long`: ([\d,]+), ([\d,]+) and ([\d,]+) storms, and of runs whose launches AWS answers"
        r" ([\d,]+), ([\d,]+) and ([\d,]+) more, ([\d,]+) of releases that fail"
    )
    assert long == list(profile("LONG").values())
