"""Cron's five fields, by which scheduled actions repeat: minute, hour, day of the month, month, day of the week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
HORIZON = 8 * 366
"""Days: every date that there is comes within eight years, the 29th of February too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """When it is due. either: both days are restricted, and cron then takes any of the two."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def _on(self, day: datetime) -> bool:
        month, week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and ((month or week) if self.either else (month and week))

    def following(self, after: float, zone: tzinfo) -> float | None:
        """The first time after a moment (both epoch seconds), by the clocks of a zone; None: there is none."""
        begin = datetime.fromtimestamp(after, zone).replace(tzinfo=None, second=0, microsecond=0) + timedelta(minutes=1)
        for number in range(HORIZON):
            day = begin.replace(hour=0, minute=0) + timedelta(days=number)
            if not self._on(day):
                continue
            times = (day.replace(hour=hour, minute=minute) for hour in self.hours for minute in self.minutes)
            if (due := next((one for one in times if one >= begin), None)) is not None:
                return due.replace(tzinfo=zone).timestamp()
        return None


def parse(text: str) -> Cron:
    """Raises ValueError for what cron does not take."""
    minute, hour, day, month, weekday = text.lower().split()
    return Cron(
        minutes=tuple(sorted(_field(minute, 0, 59))),
        hours=tuple(sorted(_field(hour, 0, 23))),
        days=_field(day, 1, 31),
        months=_field(month, 1, 12, dict(zip(MONTHS, range(1, 13), strict=True))),
        weekdays=frozenset(one % 7 for one in _field(weekday, 0, 7, dict(zip(DAYS, range(7), strict=True)))),
        either=not day.startswith("*") and not weekday.startswith("*"),
    )


def _field(text: str, least: int, most: int, names: dict[str, int] | None = None) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        first = least if span == "*" else _number(low, names)
        last = most if span == "*" or (step and not high) else _number(high or low, names)
        every = int(step) if "/" in part else 1
        if not least <= first <= last <= most or every < 1:
            raise ValueError(f"{part!r} is not between {least} and {most}")
        found.update(range(first, last + 1, every))
    return frozenset(found)


def _number(text: str, names: dict[str, int] | None) -> int:
    return (names or {})[text] if text in (names or {}) else int(text)
