"""The promise over time, drawn: step lines of what served and what existed, against floor and ceiling. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from async_rollout.render.timeline import Timeline
from async_rollout.render.words import lasting

WIDTH, HEIGHT = 1000.0, 120.0
"""The drawing units."""
MARKS = 5
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400)
"""Seconds between two numbers of a time axis."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """lines: paths by name; marks: where the axis of counts is numbered, and what stands there.

    spans: the time between two changes: left and width in per cent, and what held then.
    """

    lines: dict[str, str]
    band: str
    area: str
    marks: Sequence[tuple[float, int, str]]
    spans: Sequence[tuple[float, float, str]]


def chart(line: Timeline) -> Chart | None:
    """The chart of one group; None if nothing was counted."""
    if not line.counts:
        return None
    low, high = _range(line)
    drawn = {
        name: [*_steps(line, [(at, HEIGHT * (high - value) / (high - low)) for at, value in _values(line, name)])]
        for name in ("total", "ceiling", "floor", "available")
    }
    left, right = drawn["available"][0][0], drawn["available"][-1][0]
    return Chart(
        lines={name: _path(points) for name, points in drawn.items()},
        band=_path([*drawn["ceiling"], *reversed(drawn["floor"])]),
        area=_path([*drawn["available"], (right, HEIGHT), (left, HEIGHT)]),
        marks=list(_marks(line, low, high)),
        spans=list(_spans(line)),
    )


def length(line: Timeline) -> float:
    """Seconds that are drawn."""
    return max(1.0, line.end - line.begin)


def ticks(seconds: float) -> list[tuple[float, str]]:
    """Where a time axis is numbered, in per cent, and the number: round ones, and not too many."""
    step = next((step for step in STEPS if seconds / step <= MARKS), max(STEPS[-1], seconds / MARKS))
    return [(100 * n * step / seconds, lasting(n * step)) for n in range(int(seconds / step) + 1)]


def _values(line: Timeline, name: str) -> Iterator[tuple[float, int]]:
    return ((counted.at, getattr(counted, name)) for counted in line.counts)


def _range(line: Timeline) -> tuple[int, int]:
    """Around what happened: floor and ceiling lie close together, and would be one line in a large group."""
    told = [(counted.available, counted.floor, counted.total, counted.ceiling) for counted in line.counts]
    high, least = max(map(max, told)) + 1, min(min(numbers[:2]) for numbers in told)
    return min(max(0, least - max(1, (high - least) // 2)), high - 1), high


def _steps(line: Timeline, points: Points) -> Iterator[tuple[float, float]]:
    x = [WIDTH * (at - line.begin) / length(line) for at, _ in points]
    for (_, y), left, right in zip(points, x, [*x[1:], WIDTH], strict=True):
        yield from ((left, y), (right, y))


def _path(points: Points) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _marks(line: Timeline, low: int, high: int) -> Iterator[tuple[float, int, str]]:
    last = line.counts[-1]
    every = max(1, -(-(high - low) // MARKS))
    known = {last.floor: "floor", last.ceiling: "ceiling"}
    values = {value for value in range(low, high + 1, every) if all(abs(value - mark) >= every for mark in known)}
    for value in sorted(values | known.keys()):
        yield round(100 * (high - value) / (high - low), 2), value, known.get(value, "")


def _spans(line: Timeline) -> Iterator[tuple[float, float, str]]:
    ends = [counted.at for counted in line.counts[1:]] + [line.end]
    for counted, end in zip(line.counts, ends, strict=True):
        if end > counted.at:
            since = lasting(counted.at - line.begin)
            out = f", {counted.out} on the way out" if counted.out else ""
            low = f"{counted.available} available (floor {counted.floor})"
            words = f"{low}, {counted.total} in all (ceiling {counted.ceiling}){out}"
            left, width = (100 * seconds / length(line) for seconds in (counted.at - line.begin, end - counted.at))
            yield round(left, 3), round(width, 3), f"from {since} for {lasting(end - counted.at)}: {words}"
