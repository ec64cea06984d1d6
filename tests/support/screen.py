"""A terminal emulator that shows what people would see of the live view."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Literal

import pyte
from rich.console import Console

from async_rollout.core.events import Event
from async_rollout.render.live import Painter
from async_rollout.render.plain import Stamp
from async_rollout.render.rows import FINE, Glyphs
from support.told import T


class Terminal:
    """A screen of that size that takes what a painter writes."""

    def __init__(
        self, columns: int, lines: int, *, color: Literal["256", "truecolor"] | None = None, glyphs: Glyphs = FINE,
        stamp: Stamp = lambda at: f"{at - T:5.0f}",
    ) -> None:  # fmt: skip
        self.screen = pyte.HistoryScreen(columns, lines, history=1000)
        self._stream = pyte.Stream(self.screen)
        self.size = columns, lines
        self.now = 0.0
        self.chunks: list[str] = []
        console = Console(file=io.StringIO(), force_terminal=True, color_system=color, width=columns)
        self.painter = Painter(
            self._write, console, lambda: self.size, stamp=stamp, clock=lambda: self.now,
            glyphs=glyphs,
        )  # fmt: skip

    def _write(self, line: str) -> None:
        self.chunks.append(line)
        self._stream.feed(f"{line}\n".replace("\n", "\r\n"))

    def typed(self, keys: str) -> None:
        """The terminal shows what somebody types."""
        self._stream.feed(keys)

    def shown(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def lines(self) -> list[str]:
        """Every line of the screen, empty ones in between too."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip().split("\n")

    def all_lines(self) -> list[str]:
        above = ["".join(row[x].data for x in range(self.size[0])).rstrip() for row in self.screen.history.top]
        return [line for line in above + [line.rstrip() for line in self.screen.display] if line]

    def see(self, events: Sequence[Event], *, paint: int = 1) -> Terminal:
        for number, event in enumerate(events):
            self.painter.tell(event)
            if number % paint == 0:
                self.painter.paint()
        return self
