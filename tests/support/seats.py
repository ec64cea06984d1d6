"""People at terminals: the real command line on a screen of its own."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyte

from support.quick import Desk


@dataclass
class Seat:
    """Somebody at a terminal. screen: what it shows."""

    process: subprocess.Popen[bytes]
    terminal: int
    screen: pyte.HistoryScreen
    stream: pyte.ByteStream
    frames: int = 0

    def read(self) -> bool:
        """Show what has come within a fifth of a second; whether anything has."""
        ready, _, _ = select.select([self.terminal], [], [], 0.2)
        if ready:
            came = os.read(self.terminal, 65_536)
            self.frames += came.count(b"\x1b[J")
            self.stream.feed(came)
        return bool(ready)

    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def text(self) -> str:
        above = ["".join(row[x].data for x in range(self.screen.columns)) for row in self.screen.history.top]
        return "\n".join([*above, *self.screen.display])

    def until(self, true: Callable[[], bool], seconds: float = 40.0) -> None:
        ends = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < ends, "\n".join(self.lines())
            assert self.read() or self.process.poll() is None, "\n".join(self.lines())

    def code(self) -> int:
        """Read to the end; its exit code."""
        ends = time.monotonic() + 60
        while self.read() or self.process.poll() is None:
            assert time.monotonic() < ends, "\n".join(self.lines())
        return self.process.wait()


@contextmanager
def seated(desk: Desk, size: tuple[int, int], *words: str, **environment: str) -> Iterator[Seat]:
    """A command line at a terminal of that size, which is its controlling one: Ctrl-C typed there is a signal."""
    columns, lines = size
    terminal, other = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    name = os.ttyname(other)
    command = ["/bin/sh", "-c", f'exec "$0" "$@" <{name} >{name} 2>{name}', *desk.command(*words)]
    variables = desk.environment | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONUTF8": "1"} | environment
    screen = pyte.HistoryScreen(columns, lines, history=2000)
    with subprocess.Popen(command, env=variables, start_new_session=True) as process:
        try:
            yield Seat(process, terminal, screen, pyte.ByteStream(screen))
        finally:
            process.kill()
    os.close(terminal)
    os.close(other)
