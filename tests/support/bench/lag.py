"""How long a turn of an event loop takes: by how much a short sleep is overslept."""

from __future__ import annotations

import time

import anyio

NAP = 0.002
"""Seconds between two looks at the clock."""


class Lag:
    """Measures as long as `watch` runs, from `begin` on. seconds: what each nap was overslept by."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def begin(self) -> None:
        """Forget what was before."""
        self.seconds.clear()

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            before = time.perf_counter()
            await anyio.sleep(NAP)
            self.seconds.append(time.perf_counter() - before - NAP)

    @property
    def p99(self) -> float:
        return sorted(self.seconds)[max(0, round(0.99 * len(self.seconds)) - 1)]

    @property
    def most(self) -> float:
        return max(self.seconds)
