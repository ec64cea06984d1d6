"""The report: one self-contained HTML file of a whole run, asking nothing of any network.

`report.html.jinja` beside it is the page; jinja2 escapes everything that is put into it. Without JavaScript it shows
all; with it, what is pointed at or focused is told in a line.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from itertools import dropwhile
from typing import Any

from async_rollout.core.events import Called, Event
from async_rollout.render.board import Key
from async_rollout.render.chart import Chart, chart, length, ticks
from async_rollout.render.ending import Ending, ending
from async_rollout.render.safe import safe
from async_rollout.render.timeline import Hook, Span, Timeline, add
from async_rollout.render.words import lasting

SLOWEST = 6
PACKAGE = "async_rollout.render"


class Report:
    """A view that is written when it ends. save: takes the whole page."""

    in_place = False

    def __init__(self, save: Callable[[str], object]) -> None:
        self._save = save
        self._lines: dict[Key, Timeline] = {}
        self._calls: Mapping[str, int] = {}

    def tell(self, event: Event) -> None:
        """Take an event."""
        add(self._lines, event)
        if isinstance(event, Called):
            self._calls = event.calls

    def say(self, line: str) -> None:
        """For people at the terminal; left out."""

    def end(self, code: int, error: str = "") -> None:
        """Write the page."""
        self._save(page(self._lines, code, error, self._calls))


def page(lines: Mapping[Key, Timeline], code: int, error: str, calls: Mapping[str, int]) -> str:
    """The whole page; groups that did not end well come first."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=FunctionLoader(_file)
    )
    environment.filters.update(shown=safe, lasting=lasting, clock=clock, short=short)
    groups = sorted((picture(line) for line in lines.values()), key=lambda group: group.good)
    begin = min((line.begin for line in lines.values() if line.begin), default=0.0)
    end = max((line.end for line in lines.values()), default=0.0)
    style, script = _file("report.css"), _file("report.js")
    return environment.get_template("report.html.jinja").render(
        groups=groups, code=code, error=error, begin=begin, end=end, style=style, script=script,
        script_hash=_hash(script), replaced=sum(line.done for line in lines.values()),
        total=sum(line.total for line in lines.values()),
        calls=sorted(calls.items(), key=lambda call: (-call[1], call[0])),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One instance of the drawing. spans: stage, left and width in per cent, and what is told of it."""

    instance: str
    old: bool
    spans: Sequence[tuple[str, float, float, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One group as the page shows it. ticks: where the time is numbered, in per cent."""

    line: Timeline
    good: bool
    outcome: str
    end: Ending
    rows: Sequence[Row]
    ticks: Sequence[tuple[float, str]]
    chart: Chart | None
    least: int | None
    most: int | None
    slowest: Sequence[tuple[str, str, float, str]]
    hooks: Sequence[Hook]


def picture(line: Timeline) -> Picture:
    """All that is drawn of one group."""
    verdict = line.verdict
    slowest = sorted(line.steps(), key=lambda step: -step[2])[:SLOWEST]
    return Picture(
        line=line,
        good=verdict is not None and verdict.code == 0,
        outcome=str(verdict.outcome) if verdict else "not at its end",
        end=ending(verdict, line.name, line.cause) if verdict else Ending(why=""),
        rows=[_row(line, bar.instance, bar.spans, old=bar.old) for bar in _ordered(line)],
        ticks=ticks(length(line)),
        chart=chart(line),
        least=_least(line),
        most=max((counted.total for counted in line.counts), default=None),
        slowest=[(span.stage, bar.instance, seconds, span.why) for bar, span, seconds in slowest if seconds > 0],
        hooks=[hook for hook in line.hooks if hook.point != "up-check" or hook.ok or hook.said],
    )


def _ordered(line: Timeline) -> list[Any]:
    """Old ones in the order in which they go, then new ones as they came."""
    falls = {
        bar.instance: next((s.begin for s in bar.spans if s.stage != "serving"), line.end) for bar in line.bars.values()
    }
    return sorted(line.bars.values(), key=lambda bar: (not bar.old, falls[bar.instance], bar.instance))


def _least(line: Timeline) -> int | None:
    """Never counts what was below the floor when it began: a resumed run has to prove its newcomers anew."""
    held = list(dropwhile(lambda counted: counted.available < counted.floor, line.counts)) or line.counts
    return min((counted.available for counted in held), default=None)


def _row(line: Timeline, instance: str, spans: Sequence[Span], *, old: bool) -> Row:
    shown = []
    for span in spans:
        end = line.end if span.end is None else span.end
        left, width = 100 * (span.begin - line.begin) / length(line), 100 * (end - span.begin) / length(line)
        told = f"{instance} {span.stage} for {lasting(end - span.begin)}, from {lasting(span.begin - line.begin)}"
        shown.append(
            (span.stage, round(left, 3), round(max(width, 0.15), 3), told + (f": {span.why}" if span.why else ""))
        )
    for hook in line.hooks:
        if hook.instance == instance and hook.seconds is not None:
            left = 100 * (hook.begin - line.begin) / length(line)
            width = max(100 * hook.seconds / length(line), 0.15)
            how = "ended well" if hook.ok else "failed"
            told = f"{instance} {hook.point} command for {lasting(hook.seconds)}, {how}"
            kind = "hook" if hook.ok else "hook failed"
            shown.append((kind, round(left, 3), round(min(width, 100 - left), 3), told))
    return Row(instance=instance, old=old, spans=shown)


def clock(at: float) -> str:
    """An epoch second as people write it, UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else ""


def short(instance: str) -> str:
    """An id cut to what tells it apart."""
    return instance if len(instance) <= 12 else f"{instance[:10]}…"


def _file(name: str) -> str:
    return files(PACKAGE).joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return b64encode(hashlib.sha256(script.encode()).digest()).decode()
