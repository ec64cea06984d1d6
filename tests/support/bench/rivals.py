"""How long others take for the same draws: strategies written from what is known of their timing, no code of theirs.

The original's loop asks every few seconds and waits for one thing after the other; AWS's instance refresh is given its
best case, no time lost to asking.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

CALL = 0.165
"""Seconds of a call, in the middle of the benchmark's latency."""
SOURCES = 3


def original(rises: Sequence[float], ups: Sequence[float], drain: float) -> float:
    """The original's loop, from its first raise until its last terminate; one at a time, boots only after that.

    A pause of 3 s, InService asked each 5 s, each source's health each 10 s in turn; deregistered; each source's end of
    draining each 10 s in turn; 2 s; terminated, for which AWS launches the next.
    """
    now, asked = 0.0, 0.0
    for rise, up in zip(rises, ups, strict=True):
        now = _seen(now + 3.0, asked + up, 5.0)
        for _ in range(SOURCES):
            now = _seen(now, asked + rise, 10.0)
        out = now = now + SOURCES * CALL
        for _ in range(SOURCES):
            now = _seen(now, out + drain, 10.0)
        asked = now = now + 2.0 + CALL
    return now


def _seen(now: float, at: float, pause: float) -> float:
    """When a poll that begins now and asks so often has seen what happens at `at`."""
    looks = max(0, math.ceil((at - now - CALL) / (pause + CALL)))
    return now + looks * (pause + CALL) + CALL


def instance_refresh(rises: Sequence[float], ups: Sequence[float], fall: float, *, grace: float) -> float:
    """Launch first, one at a time (100 %/110 % of ten): the old one leaves beside the next boot.

    A replacement counts when it is healthy; with a grace period, when that is over since it was InService.
    """
    return sum(up + grace if grace else rise for rise, up in zip(rises, ups, strict=True)) + fall
