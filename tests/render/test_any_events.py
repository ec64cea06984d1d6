"""Whatever is told in whatever order: each view shows it without an error, and nothing of it can do anything."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from async_rollout.core.events import Event
from async_rollout.render import RENDERERS
from async_rollout.render.github import Github, summary
from async_rollout.render.jsonl import Jsonl
from async_rollout.render.picture import svg
from async_rollout.render.plain import Plain
from async_rollout.render.recorded import Ended, recordings
from async_rollout.render.report import Report
from async_rollout.render.rows import ASCII, FINE, Glyphs, frame
from support.drawn_events import ANY
from support.screen import Terminal
from support.told import EVERYTHING

SEQUENCES = st.lists(st.sampled_from(EVERYTHING) | ANY, max_size=12)
SIZES = st.tuples(st.integers(1, 130), st.integers(1, 40))
few = settings(max_examples=60, deadline=None)


@few
@given(SEQUENCES, st.booleans(), st.integers(0, 143), st.text(max_size=9))
def test_lines(events: list[Event], verbose: bool, code: int, error: str) -> None:
    lines: list[str] = []
    for each in (Plain(lines.append, verbose=verbose), Github(lines.append, verbose=verbose)):
        for event in events:
            each.tell(event)
        each.end(code, error)
        assert summary(each.board).isprintable() or "\n" in summary(each.board)
    assert all(line.isprintable() for line in lines)
    orders = [line for line in lines if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)]
    assert all(re.match(r"::(error|warning) title=|::group::|::endgroup::$", line) for line in orders)


@few
@given(SEQUENCES, SIZES, st.sampled_from([FINE, ASCII]), st.floats(0, 1e9))
def test_live(events: list[Event], size: tuple[int, int], glyphs: Glyphs, later: float) -> None:
    seen = Terminal(*size, glyphs=glyphs).see(events, paint=3)
    seen.now = later
    seen.painter.paint()
    seen.painter.end(0)
    found = frame(seen.painter.board, later, *size, glyphs)
    assert len(found) <= max(1, size[1] - 1)
    assert all(cell_len(row.plain) < max(2, size[0]) and row.plain.isprintable() for row in found)
    assert glyphs is FINE or all(row.plain.isascii() for row in found)


@few
@given(SEQUENCES, st.integers(0, 143), st.text(max_size=9))
def test_events_come_back_as_they_were(events: list[Event], code: int, error: str) -> None:
    lines: list[str] = []
    each = Jsonl(lambda line: lines.append(f"{line}\n"))
    for event in events:
        each.tell(event)
    each.end(code, error)
    (run,) = recordings(lines, "x")
    assert (run.events, run.ended) == (events, Ended(code=code, error=error))


@few
@given(SEQUENCES, st.integers(0, 143), st.text(max_size=9))
def test_report_and_picture(events: list[Event], code: int, error: str) -> None:
    pages: list[str] = []
    report = Report(pages.append)
    for event in events:
        report.tell(event)
    report.end(code, error)
    assert pages[0].count("<script") == 1 and "nan" not in re.findall(r'd="([^"]*)"', pages[0])
    assert svg(events).count("<svg") == 1


def test_every_view_is_in_one_of_these() -> None:
    assert {one.name for one in RENDERERS} == {"live", "plain", "github", "json"}
