"""The live view as people see it: the real command line on a terminal of its own, against the sandbox."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import struct
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.quick import QUICK, Desk, as_found, desks
from support.seats import seated

SIZES = ((80, 24), (200, 50), (40, 10))


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
        text = "".join(seat.text().split())
        assert "after-terminateendedwith3" in text and "exitcode6" in text
        assert "failed:theafter-terminatecommandfor" in text and "state:" in text
        assert f"next:async-rolloutrun-a{desk.group}" in text


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_ctrl_c_is_answered_on_the_screen(desk: Desk, size: tuple[int, int]) -> None:
    with seated(desk, size, "run", "-a", desk.group, *QUICK, "-y") as seat:
        seat.until(lambda: "launch instances" in desk.served.kinds(desk.group))
        os.write(seat.terminal, b"\x03")
        assert seat.code() == 130
        text = "".join(seat.text().split())
        assert "\n1 stopping" not in seat.text(), "the ^C that the terminal shows left a rest of a row"
        assert "stopping:nomoreremovals" in text and f"async-rolloutrun-a{desk.group}" in text
        assert "state:thegroupisasitwasfound" in text
        assert seat.lines()[-2].startswith("1 group: 1 stopped") and seat.lines()[-1].startswith("\u25a0 ")
        assert max(map(len, seat.lines()[-2:])) < size[0]
    assert as_found(desk) == []


def test_ctrl_c_twice_leaves_at_once_and_says_how_to_go_on(desk: Desk) -> None:
    with seated(desk, (80, 24), "run", "-a", desk.group, *QUICK, "-y") as seat:
        seat.until(lambda: "launch instances" in desk.served.kinds(desk.group))
        os.write(seat.terminal, b"\x03")
        seat.until(lambda: "turns back" in seat.text())
        os.write(seat.terminal, b"\x03")
        assert seat.code() == 130
        text = seat.text()
        assert "leaving at once" in text and f"to put back:  async-rollout restore -a {desk.group}" in text
        assert "1 being put back" in seat.lines()[-2] and seat.lines()[-1].startswith("\u21ba ")


def test_the_plan_is_shown_and_only_yes_begins(desk: Desk) -> None:
    with seated(desk, (80, 24), "run", "-a", desk.group, *QUICK, ASYNC_ROLLOUT_YES="") as seat:
        seat.until(lambda: "then Enter:" in seat.text())
        assert f"Replace 1 instance of {desk.group}?" in seat.text() and "launched from" in seat.text()
        os.write(seat.terminal, b"no\n")
        assert seat.code() == 2
        assert "not begun, as answered; nothing was changed" in seat.text()
    with seated(desk, (80, 24), "run", "-a", desk.group, *QUICK, ASYNC_ROLLOUT_YES="") as seat:
        seat.until(lambda: "then Enter:" in seat.text())
        os.write(seat.terminal, b"\x03")
        assert seat.code() == 130
        assert "stopped before anything was changed" in seat.text() and "Traceback" not in seat.text()
    with seated(desk, (80, 24), "run", "-a", desk.group, *QUICK, CI="true", ASYNC_ROLLOUT_YES="") as seat:
        assert seat.code() == 0
        assert "Replace 1 instance" not in seat.text() and "1 group:" not in seat.text()
    assert as_found(desk) == []


def test_a_terminal_that_goes_away_ends_the_view_and_not_the_run(desk: Desk, tmp_path: Path) -> None:
    page, events = tmp_path / "page.html", tmp_path / "run.jsonl"
    words = ("run", "-a", desk.group, *QUICK, "-y", "--report", str(page), "--events", str(events))
    with seated(desk, (80, 24), *words) as seat:
        seat.until(lambda: any(line.startswith("\u25b8") for line in seat.lines()))
        seat.process.send_signal(signal.SIGHUP)
        assert seat.code() == 0
        assert "all replaced" not in seat.text()
    assert "all replaced" in page.read_text() and "all replaced" in events.read_text()
    assert re.search(r'"type": "called".*"LaunchInstances": 1', events.read_text())
    assert re.search(r"AWS calls</h2>.*\d+ in all", page.read_text())
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


def test_frames_are_ten_a_second_at_most_and_one_where_nothing_happens(desk: Desk, tmp_path: Path) -> None:
    busy = Path(__file__).parents[1] / "render" / "recorded" / "run.jsonl"
    began = time.monotonic()
    with seated(desk, (80, 24), "replay", str(busy), "--output", "live", "--speed", "120") as seat:
        assert seat.code() == 0
        assert 10 < seat.frames <= 10 * (time.monotonic() - began) + 1
    first, *_, last = [line for line in busy.read_text().splitlines() if '"waiting"' in line][:20]
    idle = tmp_path / "idle.jsonl"
    idle.write_text(f"{first}\n{last}\n")
    apart = json.loads(last)["at"] - json.loads(first)["at"]
    with seated(desk, (80, 24), "replay", str(idle), "--output", "live", "--speed", str(apart / 4)) as seat:
        assert seat.code() == 0
        assert 3 <= seat.frames <= 6
