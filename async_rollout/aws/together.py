"""The parts of one look, asked at the same time; the first that fails ends the others, and the look with its error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import anyio

from async_rollout.aws.faults import CallFailedError
from async_rollout.errors import RolloutError

T = TypeVar("T")


class Part(Generic[T]):
    """One part: the work, and its value once `together` is through. asks: False where it has nothing to wait for."""

    def __init__(self, work: Callable[[], Awaitable[T]], *, asks: bool = True) -> None:
        self.asks = asks
        self._work = work
        self._value: list[T] = []

    async def run(self) -> None:
        self._value.append(await self._work())

    @property
    def value(self) -> T:
        return self._value[0]


async def together(*parts: Part[Any]) -> None:
    """Run all parts to their end. Raises what the first failing one raised, never a group of it.

    Most looks ask little: a task is made only where two of them have to wait at the same time.
    """
    waiting = [part for part in parts if part.asks]
    for part in parts:
        if not part.asks or len(waiting) == 1:
            await part.run()
    if len(waiting) > 1:
        await _at_once(waiting)


async def _at_once(parts: Sequence[Part[Any]]) -> None:
    failed: list[Exception] = []
    async with anyio.create_task_group() as tasks:

        async def finish(part: Part[Any]) -> None:
            try:
                await part.run()
            except (CallFailedError, RolloutError) as error:
                failed.append(error)
                tasks.cancel_scope.cancel()

        for part in parts:
            tasks.start_soon(finish, part)
    if failed:
        raise failed[0]
