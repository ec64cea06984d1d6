"""Work that several wait for at once: single-flight calls and batches that gather their passengers.

A flight runs in a task of its own, so a waiter that is cancelled takes nothing from the others; the last one to leave
ends it. `Flights` owns every such task and ends them when the cloud closes: no task group is held open anywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import anyio
import anyio.lowlevel

from async_rollout.errors import BrokenError

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Flight(Generic[T]):
    """One piece of work under way. started: the loop's time before its first request."""

    def __init__(self, task: asyncio.Task[T]) -> None:
        self.started = anyio.current_time()
        self._task = task
        self._waiting = 0
        self._left = False

    @property
    def over(self) -> bool:
        """Ended, or about to be because nobody waits any more: not to be joined."""
        return self._left or self._task.done()

    async def join(self) -> T:
        """Its result, or its exception."""
        self._waiting += 1
        try:
            return await asyncio.shield(self._task)
        except asyncio.CancelledError:
            asker = asyncio.current_task()
            if self._task.cancelled() and asker is not None and not asker.cancelling():
                raise BrokenError("the cloud was closed while it was asked") from None
            raise
        finally:
            self._waiting -= 1
            if not self._waiting and not self._task.done():
                self._left = True
                self._task.cancel()


class Flights:
    """Owner of all flights of one cloud."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._shared: dict[str, Flight[Any]] = {}
        self._closed = False

    def start(self, work: Coroutine[Any, Any, T]) -> Flight[T]:
        """Begin one flight."""
        if self._closed:
            work.close()
            raise BrokenError("the cloud is closed: nothing can be asked of it any more")
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._landed)
        return Flight(task)

    async def share(self, key: str, after: float, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of `work`, from one already under way for this key if that began at or after `after`."""
        flight: Flight[T] | None = self._shared.get(key)
        if flight is None or flight.started < after:
            flight = self._shared[key] = self.start(work())
        try:
            return await flight.join()
        finally:
            if flight.over and self._shared.get(key) is flight:
                del self._shared[key]

    async def close(self) -> None:
        """End all that is under way."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _landed(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen, even if every waiter has left: else the loop complains of it


class Batch(Generic[K, V]):
    """Gathers the keys that several ask for, then asks for them together, chunk by chunk, each chunk a flight.

    split: keys into chunks. window: how long after one departure the next may be, seconds, so that askers out of step
    still share calls; who asks alone after that time never waits.
    """

    def __init__(
        self,
        flights: Flights,
        fetch: Callable[[tuple[K, ...]], Coroutine[Any, Any, Mapping[K, V]]],
        *,
        split: Callable[[Sequence[K]], list[tuple[K, ...]]],
        window: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._flights = flights
        self._fetch = fetch
        self._split = split
        self._window = window
        self._departed = float("-inf")
        self._leaves = float("inf")
        self._sooner = anyio.Event()
        self._keys: dict[K, None] = {}
        self._boarding: Flight[dict[K, Flight[Mapping[K, V]]]] | None = None

    async def ask(self, keys: Iterable[K], patience: float = 0.0) -> dict[K, V]:
        """What is known of these keys, all of it asked after this call began; unknown ones are absent.

        patience: seconds that this one may wait for others to board.
        """
        wanted = list(keys)
        self._hurry(anyio.current_time() + patience)
        if self._boarding is None or self._boarding.over:
            self._keys = {}
            self._leaves = anyio.current_time() + patience
            self._boarding = self._flights.start(self._depart())
        self._keys |= dict.fromkeys(wanted)
        flights = await self._boarding.join()
        found: dict[K, V] = {}
        for flight in dict.fromkeys(flights[key] for key in wanted):
            found |= await flight.join()
        return {key: found[key] for key in wanted if key in found}

    def _hurry(self, by: float) -> None:
        """Leave by then, if that is sooner than was meant."""
        if by < self._leaves:
            self._leaves = by
            self._sooner.set()

    async def _depart(self) -> dict[K, Flight[Mapping[K, V]]]:
        while (left := max(self._leaves, self._departed + self._window()) - anyio.current_time()) > 0:
            self._sooner = anyio.Event()
            with anyio.move_on_after(left):
                await self._sooner.wait()
        await anyio.lowlevel.checkpoint()
        keys, self._keys = list(self._keys), {}
        self._departed = anyio.current_time()
        seats: dict[K, Flight[Mapping[K, V]]] = {}
        for chunk in self._split(keys):
            seats |= dict.fromkeys(chunk, self._flights.start(self._fetch(chunk)))
        return seats


def chunks(keys: Sequence[T], size: int) -> list[tuple[T, ...]]:
    """Cut into tuples of at most `size`."""
    return [tuple(keys[start : start + size]) for start in range(0, len(keys), size)]
