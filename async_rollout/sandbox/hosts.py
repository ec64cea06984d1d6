"""A computer that a conductor runs on. While it sleeps the loop's clock stands still, and the world goes on."""

from __future__ import annotations

import anyio

from async_rollout.engine.clocks import Moment


class Host:
    """One computer on the world's clock, which is the running loop's."""

    def __init__(self) -> None:
        self._slept = 0.0

    def clocks(self) -> Moment:
        """Now, as a process on it reads its clocks."""
        now = anyio.current_time()
        return Moment(loop=now - self._slept, boot=now, wall=now)

    async def sleep(self, seconds: float) -> None:
        """Its lid is closed for so long; who awaits this stands still with it."""
        await anyio.sleep(seconds)
        self._slept += seconds
