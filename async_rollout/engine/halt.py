"""An order to stop, for every group of a run at once. Signals call it; embedders may."""

from __future__ import annotations

from collections.abc import Callable

from async_rollout.core.snapshot import Stop


class Halt:
    """An order to stop, for all rollouts that it is given to. `stop`, `cause`, `code`: what was asked for so far.

    Not for threads: call it on the loop that the rollouts run on.
    """

    def __init__(self) -> None:
        self.stop: Stop | None = None
        self.cause = ""
        self.code = 0
        self._listeners: list[Callable[[], None]] = []

    def request(self, stop: Stop, cause: str = "", *, code: int = 0) -> None:
        """Ask for a stop.

        stop: NOW outranks FINISH, whenever it comes.
        cause: why, in words for people; the first one is kept.
        code: the exit code to end with; 0: a signal's, 130 for FINISH and 143 for NOW.
        """
        if self.stop is not Stop.NOW:
            self.stop = stop
        self.cause, self.code = self.cause or cause, self.code or code
        for listener in self._listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called at each request; at once if there was one."""
        self._listeners.append(listener)
        if self.stop is not None:
            listener()
