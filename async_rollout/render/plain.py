"""The plain view: a line a change, and every half minute a line that says what is waited for and why.

For people, and for logs that are searched: nothing is ever redrawn, each line names its group, and no line is of an
earlier time than the one before (a look at another group may be older; the recording has the very time). Colours on a
terminal only, or where `FORCE_COLOR` asks for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from async_rollout.core.events import Called, Event, FleetEnded, Throttled, Waiting
from async_rollout.render import Behind, Write
from async_rollout.render.board import Board, Key, fold, key_of
from async_rollout.render.ending import onward
from async_rollout.render.lines import lines
from async_rollout.render.safe import safe

QUIET = 29.0
"""What is waited for is said again after so many seconds (the engine tells it every 30)."""
CALM = 5.0
"""Seconds after a change in which a new wait is not told: the change has said it."""
OLDEST_LOOK = 30.0
"""Seconds that a look may be older than that at another group which was told before; more is another day's event."""
Stamp = Callable[[float], str]
"""The time of day of an epoch second, in words."""


Paint = Callable[[str, Event], str]
"""A line of an event as it is written."""


def bare(line: str, event: Event) -> str:
    """Without colours."""
    return line


def view(write: Write, *, verbose: bool = False, behind: Behind) -> Plain:
    """The view for `--output plain`."""
    from rich.console import Console

    from async_rollout.render.paint import painting

    return Plain(write, verbose=verbose, paint=painting(Console(stderr=True)))


class Plain:
    """Writes lines as `14:02:11 web  i-0ab… draining: …`. verbose: every act, attempt and repeated call too.

    waits: whether what is waited for is a line. paint: gives a line its colours. board: all that was told.
    """

    in_place = False

    def __init__(
        self, write: Write, *, verbose: bool = False, stamp: Stamp | None = None, waits: bool = True,
        paint: Paint | None = None,
    ) -> None:  # fmt: skip
        self._write, self._verbose, self._waits, self._paint = write, verbose, waits, paint or bare
        self._stamp = stamp or _local
        self.board = Board()
        self._width = 0
        self._at = 0.0
        self._waited: dict[Key, tuple[tuple[str, ...], float]] = {}
        self._spoke: dict[Key, float] = {}
        self._slowed: dict[str, float] = {}

    def tell(self, event: Event) -> None:
        """Write the lines of one event, if there are any."""
        before = self.board.of(event)
        self.board = fold(self.board, event)
        late = 0.0 < event.at < self._at <= event.at + OLDEST_LOOK
        self._at = self._at if late else event.at or self._at
        self._width = max(self._width, min(32, len(safe(event.group))))
        if self._verbose or self._is_news(event):
            for line in lines(before, self.board.of(event), event, verbose=self._verbose):
                self._line(event, line)
        if isinstance(event, FleetEnded) and len(event.ends) > 1:
            for command in onward((group.name, group.verdict) for group in self.board.groups.values()):
                self._line(event, f"  next: {command}")

    def say(self, line: str) -> None:
        """Write a line as it is."""
        self._write(line)

    def end(self, code: int, error: str = "") -> None:
        """The last line: the exit code, unless it is 0 or the error (told beside the view) says it."""
        if code and not error:
            self._write(f"{self._time(0.0)} exit code {code}")

    def _line(self, event: Event, line: str) -> None:
        self._spoke[key_of(event)] = self._at
        name = "all groups" if isinstance(event, (FleetEnded, Called)) else safe(event.group)
        self._write(self._paint(f"{self._time(self._at)} {name:<{self._width}} {line}".rstrip(), event))

    def _time(self, at: float) -> str:
        return self._stamp(at or self._at or time.time())

    def _is_news(self, event: Event) -> bool:
        match event:
            case Waiting():
                return self._waits and self._is_due(event)
            case Throttled(call=call):
                since, self._slowed[call] = self._slowed.get(call, -QUIET), self._at
                return self._at - since >= QUIET
            case _:
                return True

    def _is_due(self, event: Waiting) -> bool:
        """Half a minute has passed; or something else is waited for, and no line just now has said why."""
        on = tuple(wait.on for wait in event.waits)
        key = key_of(event)
        said, since = self._waited.get(key, ((), self._spoke.get(key, 0.0)))
        calm = event.at - self._spoke.get(key, 0.0) >= CALM
        due = (on != said and calm) or event.at - since >= QUIET
        if due:
            self._waited[key] = (on, event.at)
        return due


def _local(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))
