"""Clocks for a world: one moved by hand. (Others: a loop's `time`, the wall clock times a speed.)"""

from __future__ import annotations


class ManualClock:
    """Stands still until it is moved; call it for the seconds since its start."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        """Forward only."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self.seconds += seconds
