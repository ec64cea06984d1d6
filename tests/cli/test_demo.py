"""The demo as a newcomer runs it."""

from __future__ import annotations

import re
import shlex
import time
from pathlib import Path

import pytest

from support.pages import ROOT, command, page
from support.terminal import Tool

SHOWN = "examples/live.svg"


def picture_commands() -> list[list[str]]:
    """The two that made the README's picture, as words."""
    commands = [shlex.split(one) for one in command(page("start"), "picture").split("&&")]
    assert [words.pop(0) for words in commands] == ["async-rollout", "async-rollout"]
    return commands


def test_the_demo_needs_nothing_and_everything_holds_and_its_picture_is_made(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "examples").mkdir()
    monkeypatch.chdir(tmp_path)
    demo, picture = picture_commands()
    began = time.monotonic()
    done = tool(*demo, limit=100)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 60
    table = done.stdout.splitlines()
    assert table[-1] == "all of it held"
    assert [row.split()[:4] for row in table[2:5]] == [
        ["web", "3", "of", "3"],
        ["api", "4", "of", "4"],
        ["batch", "2", "of", "2"],
    ]
    assert re.search(r"AWS calls: \d{3,}, \d+ for each replaced instance", done.stdout)
    assert tool(*picture).returncode == 0
    drawn, shown = (path.read_text(encoding="utf-8") for path in (tmp_path / SHOWN, ROOT / SHOWN))
    for text in (drawn, shown):
        words = re.sub(r"<[^>]+>", " ", text).replace("&#160;", " ")
        assert "3 groups" in words and re.search(r"\d of 9 replaced", words) and "3≥3" in words
        assert set(re.findall(r"https?://[^\"' )]+", text)) <= {
            "http://www.w3.org/2000/svg",
            "https://www.textualize.io",
        }
