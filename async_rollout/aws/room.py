"""How many groups AWS's request buckets carry at once, so that no look and no act grows old in our own row of calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import fmean

import anyio

from async_rollout.aws.throttle import Throttle
from async_rollout.core.policy import OLDEST_LOOK, SOON

WRITTEN_THEN_DONE = 2
"""Calls of Auto Scaling that a look leads to: a record and an act (law 9)."""

STEP = 0.1
"""Of those carried for sure, so many more or less at a time: were they too many, looks take so much longer."""


class Room:
    """One cloud's. widths: of each group that was seen, how many calls of a look draw from one bucket at the most.

    So many are carried for sure as can all be looked at everywhere, one after the other, while the first of these looks
    is still young: whatever they do at the same time, nothing is late. As they seldom do, a tenth more are let in each
    time that for as long no call that could not wait has waited for its turn; else a tenth less. And none begins while
    calls wait longer than what may change at any moment is left alone: its first look asks most.
    """

    def __init__(self, throttle: Throttle, widths: Callable[[], Iterable[int]]) -> None:
        self._throttle, self._widths = throttle, widths
        self._more = 0
        self._changed = float("-inf")

    @property
    def sure(self) -> int:
        """So many groups at least."""
        calls = fmean(max(WRITTEN_THEN_DONE, width) for width in tuple(self._widths()) or (0,))
        return max(1, int(self._throttle.slowest * OLDEST_LOOK / calls))

    def carries(self, groups: int) -> bool:
        """Whether so many may be under way."""
        if self._throttle.wait > SOON:
            return False
        more = groups - self.sure
        now = anyio.current_time()
        calm = now - self._throttle.crowded_at >= OLDEST_LOOK
        if more > self._more * calm and now - self._changed >= OLDEST_LOOK:
            step = max(1, int(self.sure * STEP))
            self._more, self._changed = max(0, self._more + (step if calm else -step)), now
        return more <= self._more
