"""Event loops with a time of their own: one that jumps to the next timer, one that runs faster than the wall clock.

With `VirtualLoop` an hour of waiting costs nothing. While a thread of the loop is at work its time stands still; while
a child process lives it goes at the wall clock's pace, so that a limit on a hung command still strikes.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

BLINK = 0.02
"""Seconds that a wait for real work lasts at most before the timers are looked at again."""


class _PacedSelector(selectors.BaseSelector):
    """A selector that asks its loop how to wait."""

    def __init__(self, pace: Callable[[selectors.BaseSelector, float | None], Any]) -> None:
        self._real = selectors.DefaultSelector()
        self._pace = pace

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = self._pace(self._real, timeout)
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time begins at 0 and jumps to the next timer whenever nothing is ready and no real work is under way."""

    def __init__(self) -> None:
        self._virtual = 0.0
        self._threads_at_work = 0
        self._children: list[asyncio.SubprocessTransport] = []
        super().__init__(_PacedSelector(self._wait))

    def time(self) -> float:
        return self._virtual

    def _wait(self, real: selectors.BaseSelector, timeout: float | None) -> Any:
        ready = real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._children_alive():
            return self._wait_really(real, timeout, flows=True)
        if self._threads_at_work or self._borrowed_threads():
            return self._wait_really(real, BLINK, flows=False)
        if timeout is None:  # no timer at all: only something real can go on
            return real.select(None)
        self._virtual += timeout
        return []

    def _wait_really(self, real: selectors.BaseSelector, timeout: float | None, *, flows: bool) -> Any:
        began = time.monotonic()
        ready = real.select(BLINK if timeout is None else min(timeout, BLINK))
        if flows:
            self._virtual += min(time.monotonic() - began, BLINK if timeout is None else timeout)
        return ready

    def _children_alive(self) -> bool:
        self._children = [one for one in self._children if one.get_returncode() is None]
        return bool(self._children)

    def _borrowed_threads(self) -> bool:
        """anyio runs `to_thread` on threads of its own; one that is not in its list of idle ones is at work."""
        if threading.active_count() == 1:
            return False
        return any(
            thread not in thread.idle_workers
            for thread in threading.enumerate()
            if hasattr(thread, "idle_workers") and getattr(thread, "loop", None) is self
        )

    def run_in_executor(  # type: ignore[override]  # typeshed's is generic over the arguments
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        future = super().run_in_executor(executor, func, *args)
        self._threads_at_work += 1
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _: asyncio.Future[Any]) -> None:
        self._threads_at_work -= 1

    async def subprocess_exec(self, *args: Any, **more: Any) -> Any:
        transport, protocol = await super().subprocess_exec(*args, **more)
        self._children.append(transport)
        return transport, protocol

    async def subprocess_shell(self, *args: Any, **more: Any) -> Any:
        transport, protocol = await super().subprocess_shell(*args, **more)
        self._children.append(transport)
        return transport, protocol


class ScaledLoop(asyncio.SelectorEventLoop):
    """Its time goes `speed` times as fast as the wall clock's: sleeps and limits shrink, child processes do not."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._zero = time.monotonic()
        super().__init__(_PacedSelector(self._wait))

    def time(self) -> float:
        return (time.monotonic() - self._zero) * self._speed

    def _wait(self, real: selectors.BaseSelector, timeout: float | None) -> Any:
        return real.select(None if timeout is None else timeout / self._speed)


def run_virtual(main: Callable[[], Awaitable[T]]) -> T:
    """Run to the end in a virtual loop of its own; closes it."""
    return _run(main, VirtualLoop)


def run_scaled(main: Callable[[], Awaitable[T]], speed: float) -> T:
    """Run to the end in a loop that is `speed` times as fast as the wall clock; closes it."""
    return _run(main, lambda: ScaledLoop(speed))


def _run(main: Callable[[], Awaitable[T]], factory: Callable[[], asyncio.AbstractEventLoop]) -> T:
    async def body() -> T:
        return await main()

    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(body())


def loop_clock() -> Callable[[], float]:
    """The running loop's own clock: what a world in that loop has to follow."""
    return asyncio.get_running_loop().time
