"""Any bytes become a bounded number of lines that no terminal and no log takes for an order."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.engine.output import LAST_CHARS, LONGEST_LINE, MOST_BYTES, MOST_LINES, Output, safe


def lines_of(*pieces: bytes) -> list[str]:
    lines: list[str] = []
    output = Output(lines.append)
    for piece in pieces:
        output.feed(piece)
    output.close()
    return lines


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain", "plain"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07after", "after"),
        (b"\x1b]52;c;ZXZpbA==\x1b\\after", "after"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1bPq1\x1b\\after", "after"),
        (b"a\x1bcb", "ab"),
        (b"a\x1b(Bb", "ab"),
        ("\x9b31mred".encode(), "red"),
        ("\x9d0;title\x9cafter".encode(), "after"),
        (b"a\x07b\x08c\x7f\x00d", "abcd"),
        ("ab\u202ecd\u2066e\u200f".encode(), "abcde"),
        ("a\u2028b\x85c\ufeff\U000e0041".encode(), "abc"),
        (b"\xff\xfea", "\ufffd\ufffda"),
        (b"10 %\r50 %\r100 %\r", "100 %"),
        (b"a\tb", "a   b"),
        (b"an end cut off \x1b[3", "an end cut off "),
    ],
)
def test_one_line(raw: bytes, shown: str) -> None:
    assert lines_of(raw + b"\n") == [shown]


def test_lines_are_put_together_from_pieces() -> None:
    assert lines_of(b"one\r\ntw", b"o\n", "\u00e9".encode()[:1], "\u00e9".encode()[1:]) == ["one", "two", "\u00e9"]


def test_a_long_line_is_cut_however_it_comes() -> None:
    for pieces in ([b"x" * 100_000 + b"\nnext"], [b"x" * 999] * 100 + [b"\nnext"]):
        long, following = lines_of(*pieces)
        assert (len(long), long[-1], following) == (LONGEST_LINE, "…", "next")


def test_many_lines_end_with_one_note_and_the_last_are_kept() -> None:
    lines: list[str] = []
    output = Output(lines.append)
    for number in range(MOST_LINES + 5_000):
        output.feed(f"{number}\n".encode())
    output.close()
    assert len(lines) == MOST_LINES + 1
    assert lines[-2:] == [str(MOST_LINES - 1), "(much output: the rest is not shown)"]
    assert output.said().endswith(f" | {MOST_LINES + 4_998} | {MOST_LINES + 4_999}")


def test_many_bytes_end_with_one_note_too() -> None:
    lines: list[str] = []
    output = Output(lines.append)
    for _ in range(MOST_BYTES // 10_000 + 100):
        output.feed(b"y" * 9_999 + b"\n")
    output.feed(b"why it failed")
    output.close()
    assert lines.count("(much output: the rest is not shown)") == 1
    assert len(lines) <= MOST_BYTES // 10_000 + 1
    assert output.said().endswith("why it failed")


def test_what_is_said_at_the_end_is_one_bounded_line() -> None:
    output = Output(lambda _: None)
    output.feed(b"first\n\n" + b"z" * 5_000 + b"\nlast\n")
    assert len(output.said()) == LAST_CHARS
    assert output.said().endswith("z… | last")


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_no_bytes_make_an_unsafe_line(pieces: list[bytes]) -> None:
    for line in lines_of(*pieces):
        assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in line)
        assert not any(
            unicodedata.bidirectional(character) in {"RLO", "LRO", "RLI", "LRI", "FSI"} for character in line
        )


@given(st.text(max_size=200))
def test_safe_is_safe_again(text: str) -> None:
    assert safe(safe(text)) == safe(text)
