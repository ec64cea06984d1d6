"""The computers that a storm's conductors run on: they sleep now and then, and may be one host of many namespaces."""

from __future__ import annotations

from collections.abc import Mapping

import anyio

from async_rollout.core.actions import CloudAction, Needs
from async_rollout.core.journal import Goal
from async_rollout.core.observation import Observation
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.identity import identify
from async_rollout.engine.ports import Answer, Urgency
from async_rollout.sandbox.hosts import Host
from support.storms.conductors import Mortal


class Sleeper:
    """What one conductor reaches of its cloud. naps: after so many calls its host sleeps for so many seconds; what it
    had asked for is answered meanwhile, and it learns so when it wakes."""

    def __init__(self, cloud: Mortal, host: Host, naps: Mapping[int, float]) -> None:
        self._cloud, self._host, self._naps, self._calls, self._wakes = cloud, host, dict(naps), 0, 0.0

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        await self._awake()
        observation = await self._cloud.look(group, needs, after, urgency)
        await self._nap()
        return observation

    async def glance(self, group: str) -> Observation:
        await self._awake()
        observation = await self._cloud.glance(group)
        await self._nap()
        return observation

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        await self._awake()
        answer = await self._cloud.act(group, action, young, urgency)
        await self._nap()
        return answer

    async def _nap(self) -> None:
        self._calls += 1
        seconds = self._naps.pop(self._calls, 0.0)
        if seconds and self._wakes <= anyio.current_time():
            self._wakes = anyio.current_time() + seconds
            await self._host.sleep(seconds)
        await self._awake()

    async def _awake(self) -> None:
        """Whatever else this conductor is about to do stands still with its host."""
        while (left := self._wakes - anyio.current_time()) > 0:
            await anyio.sleep(left)


def holder(run: str, *, here: bool) -> str:
    """A conductor's name on a computer of its own; or on this one, in a namespace that is not ours, as a container."""
    if not here:
        return f"host-{run}/boot/1"
    host, boot, *_ = identify(Goal.REPLACE).holder.split("/")
    return f"{host}/{boot}/of-{run}/7/99"
