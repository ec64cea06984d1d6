"""How long a rollout goes on once it is told to stop at once, also where that is a cancel (RULES §13).

A cancel that ended it where it stands would leave alarms off and an instance drained. So it runs behind a shield, is
told, and ends by itself; the cancel goes on when it has ended or its grace is over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

LAST_WORDS = 1.0
"""Of the grace, seconds for what follows the last act: commands are ended, connections closed, lines written."""


class Grace:
    """One rollout's. seconds: from the order to stop until all is over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._scope = anyio.CancelScope(shield=True)

    def begins(self) -> None:
        """The order came: from now on so much is left. A second order gives no more."""
        acting = max(self.seconds - LAST_WORDS, self.seconds / 2)
        self._scope.deadline = min(self._scope.deadline, anyio.current_time() + acting)

    async def hold(
        self, work: Callable[[], Awaitable[None]], told: Callable[[], None], late: Callable[[], None]
    ) -> None:
        """Do the work to its end, or to that of its grace; then `late` is called. `told`: called at a cancel."""
        over = anyio.Event()

        async def held() -> None:
            with self._scope:
                await work()
            if self._scope.cancelled_caught:
                late()
            over.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(held)
            try:
                await over.wait()
            except anyio.get_cancelled_exc_class():
                told()
                raise
