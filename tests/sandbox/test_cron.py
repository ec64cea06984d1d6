"""When a scheduled action is due again."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from async_rollout.sandbox.cron import parse


def following(text: str, after: str, zone: str = "UTC") -> str | None:
    due = parse(text).following(datetime.fromisoformat(after).timestamp(), ZoneInfo(zone))
    return None if due is None else datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize(
    ("text", "after", "due"),
    [
        ("0 8 * * *", "2026-01-05T07:59:59Z", "2026-01-05T08:00:00"),
        ("0 8 * * *", "2026-01-05T08:00:00Z", "2026-01-06T08:00:00"),
        ("*/20 * * * *", "2026-01-05T08:41:10Z", "2026-01-05T09:00:00"),
        ("5,35 9-17 * * MON-FRI", "2026-01-09T17:40:00Z", "2026-01-12T09:05:00"),
        ("0 0 1 jan *", "2026-01-05T08:00:00Z", "2027-01-01T00:00:00"),
        ("0 0 29 2 *", "2026-01-05T08:00:00Z", "2028-02-29T00:00:00"),
        ("0 0 * * 7", "2026-01-05T08:00:00Z", "2026-01-11T00:00:00"),
        ("0 0 13 * 5", "2026-01-05T08:00:00Z", "2026-01-09T00:00:00"),
        ("30 10/6 * * *", "2026-01-05T10:31:00Z", "2026-01-05T16:30:00"),
        ("0 0 31 2 *", "2026-01-05T08:00:00Z", None),
    ],
)
def test_when_it_is_due_next(text: str, after: str, due: str | None) -> None:
    assert following(text, after) == due


def test_a_zone_has_clocks_of_its_own() -> None:
    assert following("0 8 * * *", "2026-01-05T08:00:00Z", "Europe/Berlin") == "2026-01-06T07:00:00"
    assert following("0 8 * * *", "2026-07-05T08:00:00Z", "Europe/Berlin") == "2026-07-06T06:00:00"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "to unpack"), ("* * * *", "to unpack"), ("60 * * * *", "not between 0 and 59"), ("x * * * *", "invalid"),
        ("* * 0 * *", "not between 1 and 31"), ("5-1 * * * *", "not between"), ("*/0 * * * *", "not between"),
    ],
)  # fmt: skip
def test_what_cron_does_not_take(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text)
