"""The board as rows that fit a screen: a headline, a row a group, failures first. Pure.

Each row is one line, never wrapped: what there is no room for is left out, first the words of numbers, then the bar,
then who it is that is waited for. Behind the promise come the time left, then the reason; what is cut stands last.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.text import Text

from async_rollout.core.actions import Outcome, Verdict
from async_rollout.render.board import Board, GroupBoard
from async_rollout.render.ending import ending
from async_rollout.render.paint import STYLES
from async_rollout.render.safe import safe
from async_rollout.render.words import lasting

NAME_MAX = 20
WIDE, BAR, NARROW = 120, 100, 60
"""From so many columns on numbers have their words, and there is a bar; below the last, ids are left out."""
SPARE_LINES = 4
"""Lines of the screen that are left to what scrolls above."""
_ID = re.compile(r"\bi-([0-9a-f]{6})[0-9a-f]{2,11}\b")
_NAMED = re.compile(r"^(?:i-[0-9a-f]+|the group|a new instance) ")


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

    def safe(self, text: object) -> str:
        """Text from outside, in letters that this terminal has."""
        shown = safe(text)
        return shown if self.full == "█" else shown.encode("ascii", "backslashreplace").decode()


Part = tuple[str, str]
"""Text and its style."""
KINDS = ("bad", "stop", "back", "busy", "idle", "good")
"""In the order in which groups are shown: who reads one line reads the worst."""
WORDS = ("failed", "stopped", "being put back", "under way", "not begun", "done")
FINE = Glyphs("█", "░", "≥", "≤", "…", "·", dict(zip(KINDS, "✖■↺▸◌✔", strict=True)))
ASCII = Glyphs("#", "-", ">=", "<=", "..", "-", dict(zip(KINDS, "x!<>.+", strict=True)))


def kind(group: GroupBoard) -> str:
    """How a group stands: bad, stop(ped as it was ordered), (being put) back, busy, idle (not begun) or good."""
    if group.verdict is not None and group.verdict.outcome is Outcome.STOPPED and not group.verdict.left:
        return "stop"
    if group.verdict is not None:
        return "bad" if group.verdict.code else "good"
    if group.restoring or group.rolling:
        return "back"
    return "idle" if group.began_at is None else "busy"


def time_left(group: GroupBoard, now: float) -> float | None:
    """Seconds, estimated from the replacements that are through; None before the first and after the last.

    What the first new one is watched for longer than others comes once: it is part of no replacement's time.
    """
    if group.verdict is not None or group.restoring or not group.replaced:
        return None
    if group.began_at is None or group.replaced_at is None:
        return None
    over = group.watched if group.passed_at is not None and group.passed_at <= group.replaced_at else 0.0
    each = max(0.0, group.replaced_at - group.began_at - over) / len(group.replaced)
    left = group.replaced_at + each * (group.total - group.done) + group.watched - over - now
    return left if left > 0 and group.done < group.total else None


def frame(board: Board, now: float, width: int, height: int, glyphs: Glyphs = FINE) -> list[Text]:
    """All rows for a screen of that size; now: AWS's time."""
    groups = sorted(board.groups.values(), key=lambda group: KINDS.index(kind(group)))
    room = max(1, height - SPARE_LINES - 1)
    shown = groups if len(groups) <= room else groups[: max(1, room - 1)]
    rows = [_headline(groups, now, glyphs), *_rows(shown, now, width, glyphs)]
    if hidden := groups[len(shown) :]:
        rows.append(Text(f"  {glyphs.more} and {len(hidden)} more: {_kinds(hidden)}", "dim"))
    for row in rows:
        row.truncate(max(1, width - 1), overflow="ellipsis" if glyphs is FINE else "crop")
    return rows[: max(1, height - 1)]  # the cursor stands on the line below them


def _kinds(groups: Iterable[GroupBoard]) -> str:
    count = Counter(kind(group) for group in groups)
    return ", ".join(f"{count[name]} {word}" for name, word in zip(KINDS, WORDS, strict=True) if count[name])


def _headline(groups: Sequence[GroupBoard], now: float, glyphs: Glyphs) -> Text:
    count = f"{len(groups)} group{'s' * (len(groups) != 1)}"
    new, old = sum(group.done for group in groups), sum(group.total for group in groups)
    began = [group.first_at for group in groups if group.first_at]
    open_ = [time_left(group, now) for group in groups if group.verdict is None]
    left = [seconds for seconds in open_ if seconds is not None]
    known = "about" if len(left) == len(open_) else "more than"
    parts = [f"{count}: {_kinds(groups)}", f"{new} of {old} replaced"]
    parts += [lasting(now - min(began))] if began else []
    parts += [f"{known} {lasting(max(left))} left"] if left else []
    return Text(f" {glyphs.dot} ".join(parts), "bold")


def _rows(groups: Sequence[GroupBoard], now: float, width: int, glyphs: Glyphs) -> list[Text]:
    names = [glyphs.safe(group.name) for group in groups]
    broad = min(NAME_MAX if width >= NARROW else NAME_MAX // 2, max(map(len, names), default=0))
    counts = [f"{group.done}/{group.total}" for group in groups]
    numbers = [_numbers(group, width, glyphs) for group in groups]
    cells = [max(map(len, counts), default=0), max((_length(parts) for parts in numbers), default=0)]
    rows = []
    for group, name, count, number in zip(groups, names, counts, numbers, strict=True):
        how = kind(group)
        parts = [(f"{glyphs.marks[how]} ", STYLES[how]), (f"{_fitting(name, broad, glyphs):<{broad}} ", "bold")]
        if width >= NARROW:
            parts += _bar(group, 16 if width >= WIDE else 8, glyphs) if width >= BAR else ()
            parts += [(f"{count:>{cells[0]}}{' new' * (width >= BAR)}  ", "")]
            parts += [*number, (" " * (cells[1] - _length(number) + 2), "")]
        else:
            parts += [(f"{count:>{cells[0]}} ", ""), *number, (" " * bool(number), "")]
        rows.append(_row(*parts, (_doing(group, now, width, glyphs), STYLES[how])))
    return [row.copy() for row in rows]


def _fitting(name: str, broad: int, glyphs: Glyphs) -> str:
    """Cut in the middle: names of many groups differ at their ends."""
    if len(name) <= broad:
        return name
    tail = (broad - 1) // 2
    return name[: broad - 1 - tail] + glyphs.more[:1] + name[len(name) - tail :]


@lru_cache(maxsize=4096)
def _row(*parts: Part) -> Text:
    """Most rows are those of the frame before."""
    return Text.assemble(*parts)


def _length(parts: Sequence[Part]) -> int:
    return sum(len(text) for text, _ in parts)


def _bar(group: GroupBoard, width: int, glyphs: Glyphs) -> tuple[Part, ...]:
    full = max(0, min(width, width * group.done // group.total)) if group.total else 0
    return (glyphs.full * full, "green"), (glyphs.empty * (width - full), "dim"), (" ", "")


def _numbers(group: GroupBoard, width: int, glyphs: Glyphs) -> tuple[Part, ...]:
    """The promise: who serves and its floor, what exists and its ceiling; bad if beyond, by whomever's doing.

    On a narrow screen an end says more.
    Of one that ended well: the fewest that served and the most that existed, as every table has them.
    """
    counted = group.counted
    if counted is None or (width < NARROW and group.verdict is not None):
        return ()
    available, total, words = counted.available, counted.total, ("healthy", "total")
    if group.verdict is not None and not group.verdict.code and group.least is not None:
        available, total, words = group.least, group.most, ("least", "most")
    low, high = (STYLES["bad"] * bad for bad in (available < counted.floor, total > counted.ceiling))
    if width >= WIDE:
        healthy, exist = f"{words[0]} {available}", f"{words[1]} {total}"
        return (healthy, low), (f" (floor {counted.floor})  ", ""), (exist, high), (f" (ceiling {counted.ceiling})", "")
    least, most = "<" if low else glyphs.least, ">" if high else glyphs.most
    return (f"{available}{least}{counted.floor}", low), (" ", ""), (f"{total}{most}{counted.ceiling}", high)


def _doing(group: GroupBoard, now: float, width: int, glyphs: Glyphs) -> str:
    """How it ended; or how long it may still take, what it does or waits for, why, and since when."""
    if group.verdict is not None:
        return _ended(group, group.verdict, glyphs)
    if group.restoring:
        cause = f" ({_short(glyphs.safe(group.cause), glyphs)})" if group.cause and width >= NARROW else ""
        return f"puts back{cause}; {_waits(group, now, width, glyphs)}"
    left = time_left(group, now)
    rest = "" if left is None else f"{'about ' * (width >= BAR)}{lasting(left)} left; "
    return "rolls back; " * group.rolling + rest + _waits(group, now, width, glyphs)


def _ended(group: GroupBoard, verdict: Verdict, glyphs: Glyphs) -> str:
    """Of one that did not end well the reason is what must not be cut."""
    why = _short(glyphs.safe(ending(verdict, group.name, group.cause).why) or str(verdict.outcome), glyphs)
    if verdict.code:
        return f"{verdict.outcome}: {why}; after {lasting(group.took)}"
    return f"{verdict.outcome} in {lasting(group.took)}: {why}"


def _waits(group: GroupBoard, now: float, width: int, glyphs: Glyphs) -> str:
    if not group.waits:
        counts = sorted(group.counts.items())
        stages = ", ".join(f"{count} {glyphs.safe(stage)}" for stage, count in counts if stage != "serving")
        turn = f"waits for its turn{': ' * bool(group.turn)}{glyphs.safe(group.turn)}"
        return stages or ("looking" if group.first_at else turn)
    first, *others = group.waits
    until = "" if first.until is None else f" of {lasting(first.until - first.since)}"
    more = f", +{len(others)}" if others else ""
    on = _short(glyphs.safe(first.on), glyphs) if width >= NARROW else _NAMED.sub("", glyphs.safe(first.on))
    why = f": {_short(glyphs.safe(first.why), glyphs)}," if first.why else ""
    return f"{on}{why} {lasting(now - first.since)}{until}{more}"


def _short(text: str, glyphs: Glyphs) -> str:
    """Ids cut to what tells them apart; the lines above have them whole."""
    return _ID.sub(rf"i-\1{glyphs.more}", text)
