"""A reader that is slow, stuck or gone changes nothing."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from async_rollout.render.sink import WAITING_MAX, Sink, encoding


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def test_lines_arrive_in_order(pipe: tuple[int, int]) -> None:
    sink = Sink(pipe[1])
    for number in range(100):
        sink.write(f"line {number} ü")
    assert sink.close() == 0
    assert os.read(pipe[0], 10_000).decode().splitlines() == [f"line {number} ü" for number in range(100)]


def test_a_closed_pipe_makes_it_silent(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    sink = Sink(pipe[1])
    for _ in range(10):
        sink.write("nobody reads this")
    sink.close()
    sink.write("nor this")


def test_a_reader_that_is_stuck_holds_nobody_up(pipe: tuple[int, int]) -> None:
    sink = Sink(pipe[1])
    began = time.monotonic()
    for _ in range(WAITING_MAX + 100):
        sink.write("x" * 100)
    assert sink.close(0.1) > 0
    assert time.monotonic() - began < 5
    os.close(pipe[0])  # frees its thread


def test_a_reader_that_comes_late_gets_all_of_it(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    sink = Sink(pipe[1])
    for _ in range(2_000):
        sink.write("x" * 99)
    got = 0
    while got < 200_000:
        got += len(os.read(pipe[0], 65_536))
    assert sink.close() == 0
    assert got == 200_000


def test_once_silenced_it_says_nothing_more(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        sink = Sink(file.fileno())
        sink.silence()
        sink.write("too late")
        sink.close()
    assert (tmp_path / "log").read_bytes() == b""


class Stream(io.StringIO):
    """A terminal, or none, that Python speaks to in that encoding."""

    def __init__(self, encoding: str, *, terminal: bool = True) -> None:
        super().__init__()
        self._encoding, self._terminal = encoding, terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("stream", "environment", "found"),
    [
        (Stream("UTF-8"), {}, "utf-8"),
        (Stream("utf8"), {"LANG": "de_DE.UTF-8"}, "utf-8"),
        (Stream("utf-8"), {"LC_CTYPE": "C.UTF-8"}, "utf-8"),
        (Stream("utf-8"), {"LC_ALL": "C.UTF-8", "LANG": "C"}, "utf-8"),
        (Stream("utf-8"), {"LC_CTYPE": "C.UTF-8", "LANG": "C"}, "ascii"),
        (Stream("utf-8"), {"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, "ascii"),
        (Stream("utf-8"), {"LANG": "POSIX"}, "ascii"),
        (Stream("ISO-8859-1"), {"LANG": "de_DE"}, "iso8859-1"),
        (Stream("ascii", terminal=False), {"LC_ALL": "C"}, "utf-8"),
        (None, {}, "utf-8"),
    ],
)
def test_a_terminal_gets_what_it_takes_and_a_file_utf_8(
    stream: Stream | None, environment: dict[str, str], found: str
) -> None:
    assert encoding(stream, environment) == found


def test_no_byte_of_utf_8_is_an_order_to_a_terminal_of_another_kind(pipe: tuple[int, int]) -> None:
    sink = Sink(pipe[1], "iso8859-1")
    sink.write("\u00fc \u011b[31m")  # in UTF-8 the second letter ends with 0x9b: to such a terminal it begins an order
    sink.close()
    assert os.read(pipe[0], 100) == b"\xfc \\u011b[31m\n"
