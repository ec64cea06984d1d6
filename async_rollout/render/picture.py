"""The live view as a picture: what a terminal would show after these events, as SVG."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from async_rollout.core.events import Event
from async_rollout.render.paint import STYLES, manner
from async_rollout.render.plain import Plain
from async_rollout.render.rows import frame

COLUMNS, LINES = 110, 26
_FONTS = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)
"""rich has them fetched from a network; any fixed font does."""


def svg(events: Sequence[Event], *, title: str = "async-rollout", columns: int = COLUMNS, lines: int = LINES) -> str:
    """The last lines that scrolled by and the rows below them, at the time of the last event (UTC)."""
    said: list[tuple[str, str]] = []

    def heard(line: str, event: Event) -> str:
        said.append((line, manner(event)))
        return line

    plain = Plain(_nowhere, stamp=_utc, waits=False, paint=heard)
    for event in events:
        plain.tell(event)
    rows = frame(plain.board, max((event.at for event in events), default=0.0), columns, lines)
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line, how in said[-max(1, lines - len(rows)) :]:
        console.print(Text(line, STYLES[how]), overflow="ellipsis", no_wrap=True)
    for row in rows:
        console.print(row, overflow="crop", no_wrap=True)
    return _FONTS.sub("", console.export_svg(title=title))


def _utc(at: float) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(at))


def _nowhere(line: str) -> None:
    """The lines are taken with their colours."""
