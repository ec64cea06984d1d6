"""One recorded run through every view, letter for letter.

Two groups of the sandbox over HTTP, with commands; AWS throttles, answers with a page of HTML and loses an answer, a
person raises a size, and one group's before-command fails. What its commands said tries everything.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path

import jsonschema
import pytest

from async_rollout.render import RENDERERS
from async_rollout.render.github import Github, summary
from async_rollout.render.jsonl import Jsonl
from async_rollout.render.picture import svg
from async_rollout.render.plain import Plain
from async_rollout.render.recorded import recordings
from async_rollout.render.report import Report
from async_rollout.render.schema import schema
from support.screen import Terminal

Golden = Callable[[str, list[str]], None]
FILE = Path(__file__).parent / "recorded" / "run.jsonl"
LINES = FILE.read_text(encoding="ascii").splitlines()
RUN = recordings([f"{line}\n" for line in LINES], FILE.name)[-1]
BEGAN = next(event.at for event in RUN.events if event.at)
MIDDLE = RUN.events[: next(n for n, event in enumerate(RUN.events) if event.at - BEGAN > 100)]
SIZES = [(80, 24), (200, 50), (40, 10)]


def test_every_view_is_shown_here() -> None:
    """A view that is added shows this run too: its case stands below."""
    shown = {"plain": "test_plain", "github": "test_github", "json": "test_as_json", "live": "test_live"}
    assert {renderer.name for renderer in RENDERERS} == shown.keys()
    assert [name for name in shown.values() if not any(key.startswith(name) for key in globals())] == []


def utc(at: float) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(at))


def code() -> int:
    assert RUN.ended is not None
    return RUN.ended.code


@pytest.mark.parametrize("verbose", [False, True], ids=["short", "verbose"])
def test_plain(golden: Golden, *, verbose: bool) -> None:
    lines: list[str] = []
    view = Plain(lines.append, stamp=utc, verbose=verbose)
    for event in RUN.events:
        view.tell(event)
    view.end(code())
    golden(f"run-plain-{'verbose' if verbose else 'short'}", lines)


def test_github(golden: Golden) -> None:
    lines: list[str] = []
    view = Github(lines.append, stamp=utc)
    for event in RUN.events:
        view.tell(event)
    view.end(code())
    golden("run-github", lines)
    golden("run-github-summary", summary(view.board).splitlines())


def test_as_json_it_is_told_in_the_present_schema_and_read_as_the_same_run() -> None:
    lines: list[str] = []
    view = Jsonl(lines.append)
    for event in RUN.events:
        view.tell(event)
    view.end(code())
    check = jsonschema.Draft202012Validator(schema())
    assert [line for line in lines if not check.is_valid(json.loads(line))] == []
    assert recordings([f"{line}\n" for line in lines], "told") == [RUN]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_live_in_the_middle_and_at_its_end(golden: Golden, size: tuple[int, int]) -> None:
    seen = Terminal(*size, stamp=utc).see(MIDDLE, paint=3)
    seen.painter.paint()
    middle = seen.lines()
    seen.see(RUN.events[len(MIDDLE) :], paint=3).painter.end(code())
    assert max(map(len, [*middle, *seen.lines()])) <= size[0]
    golden(f"run-live-{size[0]}", [*middle, "=" * size[0], *seen.lines()])


def test_report(golden: Golden) -> None:
    pages: list[str] = []
    view = Report(pages.append)
    for event in RUN.events:
        view.tell(event)
    view.end(code())
    body = re.sub(r"<(style|script)>.*?</\1>", "", pages[0], flags=re.DOTALL)
    blocks = re.split(r"</?(?:p|div|section|h\d|tr|li|pre|details|header|summary|svg|path|span style)\b[^>]*>", body)
    texts = (unescape(re.sub(r"<[^>]*>", " ", block)) for block in blocks)
    golden("run-report", [said for said in (" ".join(text.split()) for text in texts) if said])


def test_picture(golden: Golden) -> None:
    drawn = svg(MIDDLE)
    rows: dict[str, list[str]] = {}
    for y, text in re.findall(r'<text [^>]*y="([\d.]+)"[^>]*>(.*?)</text>', drawn):
        rows.setdefault(y, []).append(unescape(text).replace("\xa0", " "))
    golden("run-picture", ["".join(parts).rstrip() for parts in rows.values()])
