"""The bench's table: each row a ratio or a count with its goal, an anchor and the limit beside it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LINE = "{:3} {:60} {:>22} {:>14} {:>8} {:>7}  {}"
HEAD = LINE.format("", "", "measured", "goal", "anchor", "limit", "")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure, or several of one kind. goal: none of `measured` may be above the one in its place; none: no goal.

    anchor: what rivals or a plain way take; limit: what physics allow. form: how the figures are written.
    """

    number: str = ""
    what: str
    measured: tuple[float, ...]
    goal: tuple[float, ...] = ()
    anchor: str = ""
    limit: str = ""
    form: str = ".3f"

    @property
    def missed(self) -> bool:
        """A figure is above its goal."""
        return any(one > most for one, most in zip(self.measured, self.goal, strict=False))

    def __str__(self) -> str:
        verdict = "" if not self.goal else "MISSED" if self.missed else "met"
        measured = ", ".join(f"{one:{self.form}}" for one in self.measured)
        goal = ", ".join(f"{one:g}" for one in self.goal)
        return LINE.format(self.number, self.what, measured, goal, self.anchor, self.limit, verdict).rstrip()


def p50_p95(values: Iterable[float]) -> tuple[float, float]:
    """The median, and what 95 of 100 do not exceed."""
    known = sorted(values)
    return statistics.median(known), known[max(0, round(0.95 * len(known)) - 1)]


def median_ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """The median of each divided by the one it was measured beside: what slowed the machine slowed both."""
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))
