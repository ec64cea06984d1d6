"""The live view: the board at the bottom of the terminal, drawn anew in place; what happens scrolls above it and stays.

A thread of its own draws, ten times a second at most and once a second when nothing happens, so that neither a slow
terminal nor many groups hold a rollout up. No alternate screen: the last frame stays where it is.
"""

from __future__ import annotations

import io
import math
import os
import queue
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.text import Text

from async_rollout.core.events import Event
from async_rollout.render import Behind, Write
from async_rollout.render.board import Board
from async_rollout.render.paint import painting
from async_rollout.render.plain import Plain, Stamp
from async_rollout.render.rows import ASCII, FINE, Glyphs, frame
from async_rollout.render.sink import encoding
from async_rollout.render.words import PROGRAM

PACE, IDLE = 0.1, 1.0
"""Seconds between two frames: at least, and when nothing happens."""
INDENT = 4
Size = Callable[[], tuple[int, int]]
"""Columns and lines of the terminal now."""


def view(write: Write, *, verbose: bool = False, behind: Behind) -> Live:
    """The view for `--output live`."""
    return Live(Painter(write, Console(file=io.StringIO(), force_terminal=True), _size, verbose=verbose), behind)


class Painter:
    """Draws frames. console: gives text its colours; `NO_COLOR` and its like are rich's to heed."""

    def __init__(
        self, write: Write, console: Console, size: Size, *, verbose: bool = False, stamp: Stamp | None = None,
        clock: Callable[[], float] = time.monotonic, glyphs: Glyphs | None = None,
    ) -> None:  # fmt: skip
        self._write, self._console, self._size, self._clock = write, console, size, clock
        self._lines: list[str] = []
        self._paint = painting(console)
        self._plain = Plain(self._lines.append, verbose=verbose, stamp=stamp, waits=verbose, paint=self._wrapped)
        self._glyphs = glyphs or _glyphs()
        self._drawn: tuple[str, ...] = ()
        self._cells: list[int] = []
        self._known: dict[tuple[object, ...], str] = {}
        self._told = 0.0, clock()

    @property
    def board(self) -> Board:
        """All that was told."""
        return self._plain.board

    def tell(self, event: Event) -> None:
        """Take an event; what it changes shows in the next frame."""
        self._plain.tell(event)
        self._told = max(self._told[0], event.at), self._clock()

    def say(self, line: str) -> None:
        """Take a line that is to scroll by."""
        self._lines += self._pieces(line)

    def end(self, code: int, error: str = "") -> None:
        """The last frame; it shows the moment of the last event, whenever it is drawn."""
        self._plain.end(code, error)
        self._told = self._told[0], self._clock()
        self.paint()

    def paint(self) -> None:
        """Draw what has changed: the lines that scroll, then the rows over the rows before."""
        width, height = self._size()
        at, since = self._told
        board = self._plain.board
        rows = frame(board, at + self._clock() - since, width, height, self._glyphs) if board.groups else []
        new = self._coloured(rows, width)
        if self._lines or new != self._drawn:
            up = sum(max(1, math.ceil(cells / width)) for cells in self._cells)  # a narrower terminal has wrapped them
            back = f"\r\x1b[{up}A\x1b[J" if up else ""  # \r: keys that were typed stand before the cursor
            self._write(back + "\n".join([*self._lines, *new]))
            self._lines.clear()
            self._drawn, self._cells = new, [row.cell_len for row in rows]

    def _wrapped(self, line: str, event: Event) -> str:
        return "\n".join(self._paint(piece, event) for piece in self._pieces(line))

    def _pieces(self, line: str) -> list[str]:
        """Broken between words, and what follows stands in; a command to type stays whole for whoever copies it."""
        if len(line) < (width := self._size()[0]) or PROGRAM in line:
            return [line]
        indent = " " * (len(line) - len(line.lstrip()) + INDENT)
        return textwrap.wrap(
            line, max(width - 1, 20), subsequent_indent=indent[:12], break_long_words=False, break_on_hyphens=False
        )

    def _coloured(self, rows: Sequence[Text], width: int) -> tuple[str, ...]:
        """Most rows are those of the frame before: colouring them again would be most of the work."""
        keys = [(row.plain, tuple(row.spans), width) for row in rows]
        known = self._known
        self._known = {key: known.get(key) or self._with_colours(row) for key, row in zip(keys, rows, strict=True)}
        return tuple(self._known[key] for key in keys)

    def _with_colours(self, row: Text) -> str:
        with self._console.capture() as caught:
            self._console.print(row, width=row.cell_len + 1, no_wrap=True, overflow="crop", soft_wrap=False, end="")
        return caught.get()


class Live:
    """Hands events over to the thread that draws; neither `tell` nor `say` ever waits."""

    def __init__(self, painter: Painter, behind: Behind) -> None:
        self._painter, self._behind = painter, behind
        self.in_place = False
        self._inbox: queue.SimpleQueue[Event | str | tuple[int, str]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._draw, name="live view", daemon=True)
        self._thread.start()

    def tell(self, event: Event) -> None:
        """Show one event."""
        self.in_place = True
        self._inbox.put(event)

    def say(self, line: str) -> None:
        """Have a line scroll by, above the rows."""
        self._inbox.put(line)

    def end(self, code: int, error: str = "") -> None:
        """Draw the last frame, as far as the terminal takes it."""
        self._inbox.put((code, error))
        self._thread.join(IDLE)

    def _draw(self) -> None:
        drawn = 0.0
        while True:
            time.sleep(max(0.0, drawn + PACE - time.monotonic()))
            if (end := self._taken()) is not None:
                return self._painter.end(*end)
            if not self._behind():
                self._painter.paint()
                drawn = time.monotonic()

    def _taken(self) -> tuple[int, str] | None:
        """Take all that has come, waiting for the first of it no longer than idle; the order to end, if it is there."""
        try:
            item = self._inbox.get(timeout=IDLE)
            while not isinstance(item, tuple):
                self._painter.say(item) if isinstance(item, str) else self._painter.tell(item)
                item = self._inbox.get_nowait()
        except queue.Empty:
            return None
        return item


def _size() -> tuple[int, int]:
    try:
        found = os.get_terminal_size(2)
    except OSError:
        return 80, 24
    return found.columns or 80, found.lines or 24


def _glyphs() -> Glyphs:
    return FINE if encoding(sys.stderr) == "utf-8" else ASCII
