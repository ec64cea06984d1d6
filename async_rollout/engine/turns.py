"""Who begins when: no more groups of a cloud at once than AWS's request buckets carry, and their first looks by turns.

A fleet's first looks cost more than all that follow, so they are not asked at once. What the buckets give then goes to
the groups in their order: the first is at work while the last still waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import inf

import anyio
from anyio.abc import TaskGroup

from async_rollout.core.actions import CloudAction, Needs
from async_rollout.core.observation import Observation
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.halt import Halt
from async_rollout.engine.ports import Answer, Cloud, GroupCloud, Urgency
from async_rollout.engine.telling import TELL_AGAIN

AT_ONCE = 2
"""First looks under way at the same time."""
PATIENCE = 2.0
"""Seconds after which the next one begins all the same: a group that cannot be seen delays nobody else."""
PATIENT = 2.0
"""Times what the last look took: where all are slow they wait for AWS's buckets, and more at once would be slower."""

Told = Callable[[int], None]


class Turns:
    """The groups of one cloud. tasks: where it waits for who has had his first look."""

    def __init__(self, cloud: Cloud, tasks: TaskGroup, halt: Halt) -> None:
        self._cloud, self._tasks, self._halt = cloud, tasks, halt
        self._places = anyio.Semaphore(AT_ONCE)
        self._usual = 0.0
        self._row: deque[_Waiting] = deque()
        self._under_way = self._refused = 0
        halt.listen(self._call_all)

    @asynccontextmanager
    async def taken(self, told: Told, *, waits: bool = True) -> AsyncIterator[GroupCloud]:
        """A turn, once there is one; it is over at the end.

        told: given the number of groups under way once it is seen that those take up what the buckets carry. waits:
        whether for them too, or for its first look alone. An order to stop ends that wait.
        """
        await (self._room(_Waiting(told)) if waits else self._places.acquire())
        self._under_way += 1
        first = _FirstLook(self._cloud, self._took)
        self._tasks.start_soon(self._hand_on, first.over)
        try:
            yield first
        finally:
            first.over.set()
            self._under_way -= 1
            self._call_first()

    async def _room(self, me: _Waiting) -> None:
        """A place for its first look, in the order of coming, when the buckets carry one more."""
        self._row.append(me)
        self._tell()
        try:
            while not await self._placed(me):
                me.called = anyio.Event()
                with anyio.move_on_after(PATIENCE if self._row[0] is me else inf):
                    await me.called.wait()
        finally:
            self._row.remove(me)
            self._call_first()

    async def _placed(self, me: _Waiting) -> bool:
        if self._row[0] is not me:
            return False
        await self._places.acquire()
        if self._halt.stop is not None or not self._under_way or self._cloud.carries(self._under_way + 1):
            self._refused = 0
            return True
        self._places.release()
        self._refused += 1
        self._tell()
        return False

    def _tell(self) -> None:
        """All who wait, once it is more than a rush at the beginning."""
        if self._refused * PATIENCE >= TELL_AGAIN:
            for one in self._row:
                one.tell(self._under_way)

    def _call_first(self) -> None:
        if self._row:
            self._row[0].called.set()

    def _call_all(self) -> None:
        for one in self._row:
            one.called.set()

    async def _hand_on(self, over: anyio.Event) -> None:
        with anyio.move_on_after(max(PATIENCE, PATIENT * self._usual)):
            await over.wait()
        self._places.release()

    def _took(self, seconds: float) -> None:
        self._usual = seconds


class _Waiting:
    """One that waits for room. told: what it tells, once."""

    def __init__(self, told: Told) -> None:
        self._told: Told | None = told
        self.called = anyio.Event()

    def tell(self, under_way: int) -> None:
        told, self._told = self._told, None
        if told is not None:
            told(under_way)


class _FirstLook:
    """A cloud that says when its first look is over, and how long that took if it came to anything."""

    def __init__(self, cloud: GroupCloud, took: Callable[[float], None]) -> None:
        self._cloud, self._took = cloud, took
        self.over = anyio.Event()

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        if self.over.is_set():
            return await self._cloud.look(group, needs, after, urgency)
        began = anyio.current_time()
        try:
            observation = await self._cloud.look(group, needs, after, urgency)
        finally:
            self.over.set()
        self._took(anyio.current_time() - began)
        return observation

    async def glance(self, group: str) -> Observation:
        return await self._cloud.glance(group)

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        return await self._cloud.act(group, action, young, urgency)
