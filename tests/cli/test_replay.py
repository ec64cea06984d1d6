"""`async-rollout replay`: a recorded run through every view."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from async_rollout.render.jsonl import Jsonl
from support.terminal import Tool
from support.told import EVERYTHING, GOOD


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    lines: list[str] = []
    view = Jsonl(lines.append)
    for event in EVERYTHING:
        view.tell(event)
    view.end(10)
    file = tmp_path / "run.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


def test_it_tells_again_what_was_told(tool: Tool, recording: Path) -> None:
    done = tool("replay", str(recording))
    assert done.returncode == 0, done.stderr
    assert "web done: all replaced" in done.stderr and "exit code 10" in done.stderr
    assert done.stdout == ""


def test_replayed_as_json_it_is_the_same_with_the_end_that_it_had(tool: Tool, recording: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = tool("replay", str(recording), "--output", "json", "--report", str(page))
    assert done.returncode == 0
    assert done.stdout.splitlines() == recording.read_text().splitlines()
    assert "exit code 10</span>" in page.read_text()


def test_a_part_of_it_and_a_picture(tool: Tool, recording: Path, tmp_path: Path) -> None:
    picture = tmp_path / "live.svg"
    done = tool("replay", str(recording), "--until", "1m50s", "--svg", str(picture))
    assert done.returncode == 0, done.stderr
    assert "so far, after 110 s" in done.stderr and "all replaced" not in done.stderr
    text = picture.read_text()
    assert text.startswith("<svg") and "under&#160;way" in text and "<script" not in text
    assert set(re.findall(r"https?://[^\"' )]+", text)) <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}


def test_it_can_take_its_time(tool: Tool, tmp_path: Path) -> None:
    file, lines = tmp_path / "x", []
    view = Jsonl(lines.append)
    for event in GOOD[:4]:
        view.tell(event)
    file.write_text("".join(f"{line}\n" for line in lines))
    done = tool("replay", str(file), "--speed", "50")
    assert done.returncode == 0 and "it has no end" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "cannot be read"), ("", "holds no recorded run"), ("[]\n", "line 1 is no event line"), ("\0\xff", "")],
)
def test_what_is_no_recording_is_refused(tool: Tool, tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "odd"
    if text is not None:
        file.write_bytes(text.encode("latin-1"))
    done = tool("replay", str(file))
    assert done.returncode == 2
    assert said in done.stderr and "next: async-rollout replay --help" in done.stderr
