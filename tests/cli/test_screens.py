"""The live view as people see it: the real command line on a terminal of its own, against the sandbox."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyte
import pytest

from cli.quick import QUICK, Desk, as_found, desks

SIZES = ((80, 24), (200, 50), (40, 10))


@dataclass
class Seat:
    """Somebody at a terminal. screen: what it shows."""

    process: subprocess.Popen[bytes]
    terminal: int
    screen: pyte.HistoryScreen
    stream: pyte.ByteStream

    def read(self) -> bool:
        """Show what has come within a fifth of a second; whether anything has."""
        ready, _, _ = select.select([self.terminal], [], [], 0.2)
        if ready:
            self.stream.feed(os.read(self.terminal, 65_536))
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


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A group behind a target group."""
    with desks(2, tmp_path) as (_, one):
        yield one


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_rollout_ends_with_its_last_frame(desk: Desk, size: tuple[int, int]) -> None:
    with seated(desk, size, "run", "-a", desk.group, *QUICK, "-y") as seat:
        seat.until(lambda: any(line.startswith("\u25b8") for line in seat.lines()))
        assert seat.code() == 0
        rows = seat.lines()[-2:]
        assert rows[0].startswith("1 group: 1 done")
        assert rows[1].startswith("\u2714 ") and "1/1" in rows[1]
        assert max(map(len, rows)) < size[0]
        assert "".join(seat.text().split()).count("allreplaced,thegroupisasitwasfound") >= 1
    assert as_found(desk) == []


def test_replayed_its_recording_ends_with_the_same_frame(desk: Desk) -> None:
    file = desk.home / "run.jsonl"
    with seated(desk, (80, 24), "run", "-a", desk.group, *QUICK, "-y", "--events", str(file)) as seat:
        assert seat.code() == 0
        frame = seat.lines()[-2:]
    with seated(desk, (80, 24), "replay", str(file), "--output", "live") as seat:
        assert seat.code() == 0
        assert seat.lines()[-2:] == frame


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_failure_says_what_to_do_next(desk: Desk, size: tuple[int, int]) -> None:
    with seated(desk, size, "run", "-a", desk.group, *QUICK, "-y", "-d", "exit 3") as seat:
        assert seat.code() == 6
        assert seat.lines()[-1].startswith("\u2716 ")
        text = " ".join(seat.text().split())
        assert "after-terminate ended with 3" in text or "after-terminateendedwith3" in text.replace(" ", "")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_ctrl_c_is_answered_on_the_screen(desk: Desk, size: tuple[int, int]) -> None:
    with seated(desk, size, "run", "-a", desk.group, *QUICK, "-y") as seat:
        seat.until(lambda: "set desired" in desk.served.kinds(desk.group))
        os.write(seat.terminal, b"\x03")
        assert seat.code() == 130
        text = "".join(seat.text().split())
        assert "stopping:nomoreremovals" in text and f"async-rolloutrun-a{desk.group}" in text
        assert seat.lines()[-1].startswith("\u2716 ")
    assert as_found(desk) == []


def test_without_colours_and_without_utf_8(desk: Desk) -> None:
    plain = {"NO_COLOR": "1", "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with seated(desk, (80, 24), "run", "-a", desk.group, *QUICK, "-y", **plain) as seat:
        assert seat.code() == 0
        assert seat.lines()[-1].startswith("+ ") and seat.lines()[-1].isascii()
        assert {cell.fg for row in seat.screen.buffer.values() for cell in row.values()} == {"default"}


def test_a_dumb_terminal_gets_lines(desk: Desk) -> None:
    with seated(desk, (80, 24), "run", "-a", desk.group, *QUICK, "-y", TERM="dumb") as seat:
        assert seat.code() == 0
        assert "1 group:" not in seat.text() and "all replaced" in seat.text()


def test_a_terminal_that_changes_its_size_does_no_harm(desk: Desk) -> None:
    with seated(desk, (120, 30), "run", "-a", desk.group, *QUICK, "-y") as seat:
        for columns in (40, 100, 3, 60):
            seat.until(lambda: any(line.startswith("\u25b8") for line in seat.lines()))
            fcntl.ioctl(seat.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 10, columns, 0, 0))
            seat.process.send_signal(signal.SIGWINCH)
        assert seat.code() == 0
    assert as_found(desk) == []
