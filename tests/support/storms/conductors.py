"""The clouds that a storm's conductors hold: the port door, or the real aws layer over the wire door. Both can die."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Protocol

import anyio

from async_rollout.aws.cloud import AwsCloud
from async_rollout.aws.session import connect
from async_rollout.core.actions import CloudAction, Needs
from async_rollout.core.observation import Observation
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.ports import Answer, GroupCloud, Urgency
from async_rollout.sandbox.doors.acts import Step
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from support.storms.witness import Witness


class Mortal(GroupCloud, Protocol):
    """A cloud whose holder can be killed: the door is closed first, so that no `finally` helps."""

    killed: anyio.Event

    def close(self) -> None:
        """Nothing reaches the world any more."""


class Ported(PortCloud):
    """The port door of one conductor. lives: it dies before so many acts more."""

    def __init__(self, world: Witness, faults: Faults, run: str, lives: int | None) -> None:
        super().__init__(world, faults=faults)
        self._run, self._lives, self.killed = run, lives, anyio.Event()

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        if self._lives == 0:
            self.close()
            self.killed.set()
        self._lives = None if self._lives is None else self._lives - 1
        return await super().act(group, action, young, urgency)

    async def _take(self, step: Step) -> Answer:
        return await super()._take(replace(step, do=partial(self._in_my_name, step.do)))

    def _in_my_name(self, do: Callable[[], object]) -> object:
        assert isinstance(self.world, Witness)
        self.world.actor = self._run
        return do()


class Gate(Faults):
    """The faults of a storm as one conductor meets them; closed, every request hangs before it is executed."""

    def __init__(self, world: Witness, faults: Faults, run: str) -> None:
        super().__init__(world)
        self._witness, self._faults, self._run, self.closed = world, faults, run, False

    def verdict(self, service_action: str) -> Fault | None:
        if self.closed:
            return Fault(kind=FaultKind.DELAY, seconds=1e12)
        self._witness.actor = self._run
        return self._faults.verdict(service_action)


class Wired:
    """The aws layer of one conductor."""

    def __init__(self, cloud: AwsCloud, gate: Gate, lives: int | None) -> None:
        self._cloud, self._gate, self._lives, self.killed = cloud, gate, lives, anyio.Event()

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        return await self._cloud.look(group, needs, after, urgency)

    async def glance(self, group: str) -> Observation:
        return await self._cloud.glance(group)

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        if self._lives == 0:
            self.close()
            self.killed.set()
        self._lives = None if self._lives is None else self._lives - 1
        return await self._cloud.act(group, action, young, urgency)

    def close(self) -> None:
        self._gate.closed = True


@asynccontextmanager
async def opened(world: Witness, faults: Faults, run: str, lives: int | None, *, wire: bool) -> AsyncIterator[Mortal]:
    """The cloud of one conductor."""
    if not wire:
        yield Ported(world, faults, run, lives)
        return
    gate = Gate(world, faults, run)
    async with connect(session=session(world, gate), jitter=lambda: 0.5) as cloud:
        yield Wired(cloud, gate, lives)
