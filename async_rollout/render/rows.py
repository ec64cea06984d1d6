"""The board as rows that fit a screen: a headline, a row a group, failures first. Pure.

Each row is one line, never wrapped: what there is no room for is left out, from the bar to the words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.text import Text

from async_rollout.render.board import Board, GroupBoard
from async_rollout.render.safe import safe
from async_rollout.render.words import lasting

NAME_MAX = 20
WIDE, NARROW = 120, 60
"""From so many columns on numbers have their words; below the second there is no bar."""
SPARE_LINES = 4
"""Lines of the screen that are left to what scrolls above."""
_ID = re.compile(r"\bi-([0-9a-f]{6})[0-9a-f]{2,11}\b")


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs of one kind of terminal. marks: by `kind`."""

    full: str
    empty: str
    least: str
    most: str
    more: str
    dot: str
    marks: dict[str, str]


FINE = Glyphs("█", "░", "≥", "≤", "…", "·", {"bad": "✖", "back": "↺", "busy": "▸", "idle": "◌", "good": "✔"})
ASCII = Glyphs("#", "-", ">=", "<=", "..", "-", {"bad": "x", "back": "<", "busy": ">", "idle": ".", "good": "+"})
STYLES = {"bad": "bold red", "back": "yellow", "busy": "cyan", "idle": "dim", "good": "green"}
KINDS = tuple(STYLES)
"""In the order in which groups are shown: who reads one line reads the worst."""


def kind(one: GroupBoard) -> str:
    """How a group stands: bad, (being put) back, busy, idle (not begun) or good."""
    if one.verdict is not None:
        return "bad" if one.verdict.code else "good"
    if one.restoring:
        return "back"
    return "idle" if one.began_at is None else "busy"


def time_left(one: GroupBoard, now: float) -> float | None:
    """Seconds, estimated from the replacements that are through; None before the first and after the last."""
    if one.verdict is not None or one.restoring or one.began_at is None or one.replaced_at is None:
        return None
    each = (one.replaced_at - one.began_at) / len(one.replaced)
    left = one.replaced_at + each * (one.total - len(one.replaced)) - now
    return left if left > 0 and len(one.replaced) < one.total else None


def frame(board: Board, now: float, width: int, height: int, glyphs: Glyphs = FINE) -> list[Text]:
    """All rows for a screen of that size; now: AWS's time."""
    groups = sorted(board.groups.values(), key=lambda one: KINDS.index(kind(one)))
    room = max(1, height - SPARE_LINES - 1)
    shown = groups if len(groups) <= room else groups[: max(1, room - 1)]
    rows = [_headline(groups, now, glyphs), *_rows(shown, now, width, glyphs)]
    if hidden := groups[len(shown) :]:
        rows.append(Text(f"  {glyphs.more} and {len(hidden)} more: {_kinds(hidden)}", "dim"))
    for row in rows:
        row.truncate(max(1, width - 1), overflow="ellipsis" if glyphs is FINE else "crop")
    return rows


def _kinds(groups: Iterable[GroupBoard]) -> str:
    words = {"bad": "failed", "back": "put back", "busy": "under way", "idle": "not begun", "good": "done"}
    count = Counter(kind(one) for one in groups)
    return ", ".join(f"{count[name]} {words[name]}" for name in KINDS if count[name])


def _headline(groups: Sequence[GroupBoard], now: float, glyphs: Glyphs) -> Text:
    count = f"{len(groups)} group{'s' * (len(groups) != 1)}"
    new, old = sum(len(one.replaced) for one in groups), sum(one.total for one in groups)
    began = [one.began_at for one in groups if one.began_at is not None]
    left = [seconds for one in groups if (seconds := time_left(one, now)) is not None]
    parts = [f"{count}: {_kinds(groups)}", f"{new} of {old} replaced"]
    parts += [lasting(now - min(began))] if began else []
    parts += [f"about {lasting(max(left))} left"] if left else []
    return Text(f" {glyphs.dot} ".join(parts), "bold")


def _rows(groups: Sequence[GroupBoard], now: float, width: int, glyphs: Glyphs) -> list[Text]:
    names = [safe(one.name) for one in groups]
    broad = min(NAME_MAX if width >= NARROW else NAME_MAX // 2, max(map(len, names), default=0))
    counts = [f"{len(one.replaced)}/{one.total}" for one in groups]
    numbers = [_numbers(one, glyphs, wide=width >= WIDE) for one in groups]
    cells = [max(map(len, column), default=0) for column in (counts, numbers)]
    rows = []
    for one, name, count, number in zip(groups, names, counts, numbers, strict=True):
        style = STYLES[kind(one)]
        short = name if len(name) <= broad else f"{name[: broad - 1]}{glyphs.more[:1]}"
        row = Text.assemble((f"{glyphs.marks[kind(one)]} ", style), (f"{short:<{broad}}", "bold"), " ")
        if width >= NARROW:
            row.append_text(_bar(one, 16 if width >= WIDE else 8, glyphs))
        row.append(f"{count:>{cells[0]}} new  {number:<{cells[1]}}  " if width >= NARROW else f"{count:>{cells[0]}} ")
        rows.append(row.append_text(Text(_doing(one, now, glyphs), style)))
    return rows


def _bar(one: GroupBoard, width: int, glyphs: Glyphs) -> Text:
    full = width * len(one.replaced) // one.total if one.total else 0
    return Text.assemble((glyphs.full * full, "green"), (glyphs.empty * (width - full), "dim"), " ")


def _numbers(one: GroupBoard, glyphs: Glyphs, *, wide: bool) -> str:
    """The promise: who serves and its floor, what exists and its ceiling."""
    counted = one.counted
    if counted is None:
        return ""
    if wide:
        healthy = f"healthy {counted.available} (floor {counted.floor})"
        return f"{healthy}  total {counted.total} (ceiling {counted.ceiling})"
    return f"{counted.available}{glyphs.least}{counted.floor} {counted.total}{glyphs.most}{counted.ceiling}"


def _doing(one: GroupBoard, now: float, glyphs: Glyphs) -> str:
    """How it ended; or what it does or waits for, since when, and how long it may still take."""
    if one.verdict is not None:
        why = safe(one.verdict.why) or str(one.verdict.outcome)
        return f"{one.verdict.outcome} in {lasting(one.seconds)}: {_short(why, glyphs)}"
    left = time_left(one, now)
    rest = "" if left is None else f"; about {lasting(left)} left"
    back = f"puts back ({_short(safe(one.cause), glyphs)}); " if one.restoring and one.cause else ""
    return back + _waits(one, now, glyphs) + rest


def _waits(one: GroupBoard, now: float, glyphs: Glyphs) -> str:
    if not one.waits:
        stages = ", ".join(
            f"{count} {safe(stage)}" for stage, count in sorted(one.counts.items()) if stage != "serving"
        )
        return stages or "looking"
    first, *others = one.waits
    until = "" if first.until is None else f" of {lasting(first.until - first.since)}"
    more = f", +{len(others)}" if others else ""
    return f"{_short(safe(first.on), glyphs)} {lasting(now - first.since)}{until}{more}"


def _short(text: str, glyphs: Glyphs) -> str:
    """Ids cut to what tells them apart; the lines above have them whole."""
    return _ID.sub(rf"i-\1{glyphs.more}", text)
