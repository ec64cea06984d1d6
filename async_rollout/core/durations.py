"""Which durations the owner may choose."""

from __future__ import annotations

import math

from async_rollout.core.policy import LONGEST_DURATION
from async_rollout.errors import UsageError


def sensible(name: str, seconds: float, least: float) -> None:
    """Raises UsageError for a duration that is shorter than the least, or longer than 30 days."""
    if not math.isfinite(seconds) or not least <= seconds <= LONGEST_DURATION:
        raise UsageError(f"{name}: {seconds} s is not between {least:g} s and 30 days")
