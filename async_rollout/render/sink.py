"""Where lines go: a thread of its own writes them, so that whoever reads slowly or not at all changes nothing.

A closed pipe, a full disk or a stopped terminal makes a sink silent; the rollout goes on.
"""

from __future__ import annotations

import codecs
import os
import queue
import threading
import time
from collections.abc import Mapping
from typing import TextIO

WAITING_MAX = 20_000
"""Lines that wait for a slow reader; what comes on top is dropped and counted."""

BEHIND = 20
"""So many waiting lines are more than a terminal leaves that is read at all."""

FULL_PAUSE = 0.05
"""Seconds until a descriptor that somebody set to not block is tried again."""


def encoding(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> str:
    """What a terminal takes: to one that is not UTF-8 some bytes of UTF-8 are orders. A file or a pipe takes UTF-8.

    Python speaks UTF-8 where the locale is C, and says so in LC_CTYPE; whoever chose C did not mean that.
    """
    if stream is None or not stream.isatty():
        return "utf-8"
    whole, letters, rest = (environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    if (whole or (letters if letters != "C.UTF-8" else "") or rest) in ("C", "POSIX"):
        return "ascii"
    return codecs.lookup(stream.encoding or "ascii").name


class Sink:
    """Lines for one file descriptor, which stays open. `write` never blocks and never raises."""

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        self._descriptor, self._encoding = descriptor, encoding
        self._lines: queue.Queue[str | threading.Event | None] = queue.Queue(WAITING_MAX)
        self._lost = 0
        self._silent = threading.Event()
        self._writer = threading.Thread(target=self._pour, name=f"sink {descriptor}", daemon=True)
        self._writer.start()

    def write(self, line: str) -> None:
        """One line, without its end."""
        if self._silent.is_set():
            return
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._lost += 1

    def behind(self) -> bool:
        """Whether the reader is so slow that what may be left out should be."""
        return self._lines.qsize() > BEHIND

    def silence(self) -> None:
        """From now on nothing is written any more."""
        self._silent.set()

    def drained(self, seconds: float) -> bool:
        """Wait until all that was said is written, for at most so many seconds."""
        mark = threading.Event()
        try:
            self._lines.put(mark, timeout=seconds)
        except queue.Full:
            return False
        return mark.wait(seconds)

    def close(self, seconds: float = 2.0) -> int:
        """Let what waits be written, for at most so many seconds; gives how many lines were lost."""
        ends = time.monotonic() + seconds
        try:
            self._lines.put(None, timeout=seconds)
        except queue.Full:
            return self._lost + self._lines.qsize()
        self._writer.join(max(0.0, ends - time.monotonic()))
        return self._lost + self._lines.qsize()

    def _pour(self) -> None:
        while (line := self._lines.get()) is not None:
            if isinstance(line, threading.Event):
                line.set()
            elif not self._silent.is_set():
                self._put(f"{line}\n".encode(self._encoding, errors="backslashreplace"))

    def _put(self, data: bytes) -> None:
        while data and not self._silent.is_set():
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                time.sleep(FULL_PAUSE)
            except OSError:
                self.silence()
