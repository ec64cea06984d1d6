"""A hook's output: any bytes in, a bounded number of lines out that are safe to show anywhere.

What a terminal, a browser or a log could take for an order (escape sequences, control characters, marks that turn the
direction of writing) is taken out; nothing is shown twice and nothing is waited for.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

LONGEST_LINE = 2_000
"""Characters; the rest of such a line is cut off."""
MOST_LINES = 10_000
MOST_BYTES = 4 * 1024 * 1024
"""What is shown of one hook; afterwards it is read, lest the hook be held up, and dropped."""
LAST_LINES = 10
LAST_CHARS = 2_000
"""What is kept of the end, to explain a failure."""

_HELD = 4 * LONGEST_LINE
"""Bytes of an unfinished line that are held: a character in UTF-8 has at most four."""

ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, moving the cursor
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]).*?(?:\x07|\x1b\\|\x9c|$)"  # strings: titles, links, the clipboard
    r"|\x1b[ -/]*[0-~]?"
)
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters, marks of direction, line separators and what has no width."""


def safe(text: str) -> str:
    """One line as data: without escape sequences and unseen characters, cut at LONGEST_LINE characters."""
    seen = UNSEEN.sub("", ESCAPES.sub("", text).replace("\n", " ").expandtabs(4))
    return seen if len(seen) <= LONGEST_LINE else seen[: LONGEST_LINE - 1] + "…"


class Output:
    """Feed it bytes, close it once; `say` gets each line."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._held = b""
        self._lines = self._bytes = 0
        self._last: deque[str] = deque(maxlen=LAST_LINES)

    def feed(self, data: bytes) -> None:
        """Take some output. Lines that are whole are said at once."""
        self._bytes += len(data)
        *whole, rest = (self._held + data).split(b"\n")
        self._held = rest[:_HELD]
        for line in whole if self._open else whole[-LAST_LINES:]:
            self._line(line)

    def close(self) -> None:
        """Say what came after the last line's end."""
        if self._held:
            self._line(self._held)
        self._held = b""

    def said(self) -> str:
        """The last lines as one, at most LAST_CHARS characters."""
        return " | ".join(self._last)[-LAST_CHARS:]

    @property
    def _open(self) -> bool:
        return self._lines < MOST_LINES and self._bytes <= MOST_BYTES

    def _line(self, raw: bytes) -> None:
        """A progress bar draws over itself: what stands at the end of the line counts."""
        line = safe(raw[:_HELD].decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2])
        if line.strip():
            self._last.append(line.strip())
        was_open = self._lines <= MOST_LINES
        if self._open:
            self._say(line)
            self._lines += 1
        elif was_open:
            self._lines = MOST_LINES + 1
            self._say("(much output: the rest is not shown)")
