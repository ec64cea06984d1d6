"""How durations and amounts are written."""

from __future__ import annotations

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.cli.durations import instances, seconds
from async_rollout.core.amounts import Amount
from async_rollout.render.words import lasting


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90", 90),
        ("90s", 90),
        ("0.5s", 0.5),
        ("5m", 300),
        ("1h30m", 5400),
        ("1h", 3600),
        ("1h0m5s", 3605),
        (" 5m ", 300),
        ("0", 0),
    ],
)
def test_durations(text: str, meant: float) -> None:
    assert seconds(text) == meant


@pytest.mark.parametrize("text", ["", "s", "5x", "-5", "5m3h", "1d", "1e9", "nan", "inf", "٣", "5 m", "1h 30m", "m5"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="write 90, 90s, 5m or 1h30m"):
        seconds(text)


@given(st.integers(0, 3_599))
def test_what_is_printed_can_be_typed(whole: int) -> None:
    assert seconds(lasting(whole)) == whole


def test_amounts() -> None:
    assert instances("3") == Amount(value=3)
    assert instances("25%") == Amount(value=25, percent=True)
    for text in ("", "-1", "101%", "1.5", "many"):
        with pytest.raises(typer.BadParameter, match="write 3 or 25%"):
            instances(text)
