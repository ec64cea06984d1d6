"""A number of instances, or a share of a group."""

from __future__ import annotations

import re
from dataclasses import dataclass

from async_rollout.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number of instances or a share of the group. Where one is asked for, 3, "3" and "25%" do as well.

    value: the number, or the percentage.
    percent: whether it is a percentage; False by default.
    """

    value: int
    percent: bool = False

    def up(self, base: int) -> int:
        """Of a base of so many, rounded up, as a surge is: 25 % of 3 is 1."""
        return -(-base * self.value // 100) if self.percent else self.value

    def down(self, base: int) -> int:
        """Of a base of so many, rounded down, as an allowed gap is: 25 % of 3 is 0."""
        return base * self.value // 100 if self.percent else self.value

    def __str__(self) -> str:
        return f"{self.value}%" if self.percent else str(self.value)


AmountLike = Amount | int | str


def amount(text: AmountLike) -> Amount:
    """Read `3`, `"3"` or `"25%"`. Raises UsageError on anything else, negatives and shares above 100 %."""
    if isinstance(text, Amount):
        return text
    found = re.fullmatch(r"(\d{1,6})(%?)", str(text).strip()) if not isinstance(text, bool) else None
    if not found or (found[2] and int(found[1]) > 100):
        raise UsageError(f"{text!r} is not a number of instances: write 3 or 25%")
    return Amount(value=int(found[1]), percent=bool(found[2]))
