"""Who begins when: a fleet's first looks cost more than all that follow, so they are not asked at once.

What AWS's buckets give then goes to the groups in their order: the first is at work while the last still waits.
"""

from __future__ import annotations

from collections.abc import Callable

import anyio
from anyio.abc import TaskGroup

from async_rollout.core.actions import CloudAction, Needs
from async_rollout.core.sight import Sight
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.ports import Answer, Reach, Urgency

AT_ONCE = 2
"""First looks under way at the same time."""
PATIENCE = 2.0
"""Seconds after which the next one begins all the same: a group that cannot be seen delays nobody else."""
PATIENT = 2.0
"""Times what the last look took: where all are slow they wait for AWS's buckets, and more at once would be slower."""


class Turns:
    """One fleet's. tasks: where it waits for who has had his first look."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._places = anyio.Semaphore(AT_ONCE)
        self._usual = 0.0

    async def take(self, cloud: Reach) -> Reach:
        """Wait for a turn, which is over with the first look that this cloud is asked for."""
        await self._places.acquire()
        first = _FirstLook(cloud, self._took)
        self._tasks.start_soon(self._hand_on, first.over)
        return first

    async def _hand_on(self, over: anyio.Event) -> None:
        with anyio.move_on_after(max(PATIENCE, PATIENT * self._usual)):
            await over.wait()
        self._places.release()

    def _took(self, seconds: float) -> None:
        self._usual = seconds


class _FirstLook:
    """A cloud that says when its first look is over, and how long that took if it came to anything."""

    def __init__(self, cloud: Reach, took: Callable[[float], None]) -> None:
        self._cloud, self._took = cloud, took
        self.over = anyio.Event()

    async def look(self, group: str, needs: Needs, after: float) -> Sight:
        if self.over.is_set():
            return await self._cloud.look(group, needs, after)
        began = anyio.current_time()
        try:
            sight = await self._cloud.look(group, needs, after)
        finally:
            self.over.set()
        self._took(anyio.current_time() - began)
        return sight

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        return await self._cloud.act(group, action, young, urgency)
