"""Where something is rolled, and what every way to roll needs there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from async_rollout.sandbox.world import World


class RollerError(Exception):
    """It did not come to its end."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """old: those that are there at first, by group. speed: the world's seconds in one of the wall clock.

    endpoint: of the sandbox over HTTP.
    """

    world: World
    speed: float
    endpoint: str
    old: Mapping[str, Sequence[str]]

    async def sleep(self, seconds: float) -> None:
        """So many of the world's."""
        await asyncio.sleep(seconds / self.speed)

    async def until(self, true: Callable[[], bool], every: float) -> None:
        """Ask, and ask again after so many of the world's seconds."""
        while not true():
            await self.sleep(every)

    async def each(self, way: Callable[[Scene, str], Coroutine[Any, Any, None]]) -> None:
        """All groups at once."""
        async with asyncio.TaskGroup() as tasks:
            for name in self.old:
                tasks.create_task(way(self, name))

    def left(self) -> int:
        """How many of the old ones their groups still have."""
        return sum(self.world.instance(id).member for ids in self.old.values() for id in ids)


Roller = Callable[[Scene], Coroutine[Any, Any, None]]
"""Replaces all old instances of all groups."""
