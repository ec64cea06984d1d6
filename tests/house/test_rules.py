"""The rules of the engine, as they are shipped: what the code cites is there, and the limits are the program's."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib.resources import files

import pytest

from async_rollout.core.spec import Limits
from support.pages import ROOT, part, rows

TEXT = files("async_rollout").joinpath("core", "RULES.md").read_text(encoding="utf-8")
SECTIONS = {int(number) for number in re.findall(r"^## (\d+)\. \S", TEXT, re.MULTILINE)}
SOURCES = sorted(file for folder in ("async_rollout", "tests") for file in (ROOT / folder).rglob("*.py"))
CITED = re.compile(r"§(\d+)")


def cited() -> dict[int, list[str]]:
    """Where each section is cited."""
    found: dict[int, list[str]] = {}
    for file in SOURCES:
        for number in CITED.findall(file.read_text(encoding="utf-8")):
            found.setdefault(int(number), []).append(str(file.relative_to(ROOT)))
    return found


def test_every_section_that_is_cited_is_there() -> None:
    where = cited()
    assert {1, 4, 13} <= where.keys()
    assert {number: files for number, files in where.items() if number not in SECTIONS} == {}


def test_a_section_within_the_rules_is_there() -> None:
    assert {int(number) for number in re.findall(r"§(\d+)", TEXT)} <= SECTIONS


def test_sections_stand_in_their_order() -> None:
    numbers = [int(number) for number in re.findall(r"^## (\d+)\.", TEXT, re.MULTILINE)]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("rule", range(1, 7))
def test_the_rules_of_capacity_keep_their_numbers(rule: int) -> None:
    """The code cites rules 3 to 6 of the first section."""
    first = TEXT[TEXT.index("## 1.") : TEXT.index("## 2.")]
    assert re.search(rf"^{rule}\. \S", first, re.MULTILINE)


def test_the_limits_are_the_programs() -> None:
    told = {cells[0]: None if cells[1] == "none" else float(cells[1]) for cells in rows(part(TEXT, "limits"))}
    assert told == {one.name: one.default for one in fields(Limits)}
