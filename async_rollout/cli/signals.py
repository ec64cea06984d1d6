"""Signals while a rollout runs: Ctrl-C stops gently, once more at once; SIGTERM now; SIGHUP ends the views only.

SIGINT without a person at a terminal is a scheduler's (GitHub's cancel), which waits no longer than after SIGTERM.

This is the only place of the package that knows signals. What they order goes through a Halt, on the loop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from async_rollout.cli.ask import seat
from async_rollout.cli.console import Console
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import HookPoint, RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.render.words import command, lasting

LAST_WORDS = 0.4
"""Seconds of the grace for the last lines: then the process is gone, whatever AWS does."""
NAMED = 10
"""More groups than these would fill the screen, just when it is needed."""


class Signals:
    """The orders of one run. code: how it ended, once that is known."""

    def __init__(self, halt: Halt, console: Console, spec: RolloutSpec, groups: Sequence[str]) -> None:
        self.code: int | None = None
        self._halt, self._console, self._groups = halt, console, groups
        self._worst, self._grace = worst_of_stop(spec), spec.stop_grace
        self._interrupted = False

    def interrupt(self) -> None:
        """SIGINT."""
        with seat({}) as person:
            if person is None and not self._interrupted:
                self._stop_now("SIGINT", 130)
                return
        if self._interrupted:
            self._console.say("leaving at once; what was changed stands in the groups' tags", *self._ways_on())
            self.leave(130)
        self._interrupted = True
        self._console.say(
            "stopping: no more removals; a running command may end, then the groups are put back",
            f"  that takes at worst {lasting(self._worst)}, and twice the longest deregistration delay",
            "  Ctrl-C once more leaves at once; then:",
            *self._ways_on(),
        )
        self._halt.request(Stop.FINISH, "Ctrl-C")

    def terminate(self) -> None:
        """SIGTERM."""
        self._stop_now("SIGTERM", 143)

    def _stop_now(self, signal: str, code: int) -> None:
        words = f"{signal}: putting back what can be within {lasting(self._grace)}; the rest stands in the groups' tags"
        self._console.say(words, *self._ways_on())
        deadline = threading.Timer(max(0.0, self._grace - LAST_WORDS), self.leave, (code,))
        deadline.daemon = True
        deadline.start()
        self._halt.request(Stop.NOW, signal, code=code)

    def hang_up(self) -> None:
        """SIGHUP."""
        self._console.silence()

    def leave(self, code: int) -> None:
        """End the process here and now; hooks die with it (`engine.guard`)."""
        last = code if self.code is None else self.code
        self._console.end(last)
        self._console.close(LAST_WORDS)
        os._exit(last)

    def _ways_on(self) -> tuple[str, str]:
        if len(self._groups) > NAMED:
            return "  to go on:     the same command again", "  to put back:  the same with restore in the place of run"
        go, back = command("run", *self._groups), command("restore", *self._groups)
        return f"  to go on:     {go}", f"  to put back:  {back}"


@contextmanager
def heeded(signals: Signals) -> Iterator[None]:
    """Heed the signals while the block lasts; those that were ignored from outside (nohup) stay ignored."""
    loop = asyncio.get_running_loop()
    orders = {
        signal.SIGINT: signals.interrupt,
        signal.SIGTERM: signals.terminate,
        signal.SIGHUP: signals.hang_up,
    }
    taken = [number for number in orders if signal.getsignal(number) is not signal.SIG_IGN]
    for number in taken:
        loop.add_signal_handler(number, orders[number])
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)


def worst_of_stop(spec: RolloutSpec) -> float:
    """Seconds that a gentle stop may take: each of its waits at its limit, apart from what AWS itself adds."""
    limits = spec.limits
    hooks = limits.hook * sum(point is not HookPoint.UP_CHECK for point in spec.hooks.points)
    return limits.launch + limits.healthy + hooks + spec.wait_before_terminate + limits.drain + limits.terminate
