"""What a release promised by name is still there, or says for a minor version what to write instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import async_rollout
from async_rollout.core import events
from support.promised import Surface, members, surface

PROMISED = {file.stem: file for file in (Path(__file__).parent / "promised").glob("*.json")}
HOMES = {"names": async_rollout, "events": events}
NOW = surface()
OLD = {"events": {"Turned"}}
"""Names of an earlier release that this one has under another: they warn."""


def of(release: str) -> Surface:
    kept: Surface = json.loads(PROMISED[release].read_text(encoding="utf-8"))
    return kept


def cases() -> list[Any]:
    return [
        pytest.param(part, name, has, id=f"{release} {name}")
        for release in sorted(PROMISED)
        for part, names in of(release).items()
        for name, has in names.items()
    ]


@pytest.mark.parametrize(("part", "name", "has"), cases())
def test_what_was_promised_is_still_there(part: str, name: str, has: list[str]) -> None:
    now = NOW[part].get(name)
    if now is None:
        assert name in OLD[part]
        with pytest.warns(DeprecationWarning, match=f"{name} is .*, and goes with"):
            now = members(getattr(HOMES[part], name))
    assert sorted(set(has) - set(now)) == []


def test_every_release_is_asked_and_the_lists_are_no_empty_ones() -> None:
    assert sorted(PROMISED) == ["0.1.0"]
    first = of("0.1.0")
    assert {part: len(names) for part, names in first.items()} == {"names": 31, "events": 16, "commands": 8}
    assert {"--max-surge", "-a", "--output=json", "$ASYNC_ROLLOUT_MAX_SURGE"} <= set(first["commands"]["run"])
    assert {"roll_out", "RolloutSpec", "GroupRef"} <= first["names"].keys()
    assert first["names"]["GroupRef"] == ["cloud", "name"]
