"""Several groups at once in the sandbox, under a virtual clock, and a cloud that misbehaves when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from async_rollout.core.actions import CloudAction, Launch, Needs, SetCapacity
from async_rollout.core.events import Event
from async_rollout.core.observation import Observation
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.ports import Answer, Urgency
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.faults import Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import Happening
from async_rollout.sandbox.world import World
from support.simulation import ours

BeforeLook = Callable[[str], Awaitable[None]]
BeforeAct = Callable[[str, CloudAction], Awaitable[None]]


def asks_for_more(action: CloudAction) -> bool:
    """Whether an act is for a new instance, in either way."""
    return isinstance(action, Launch) or (isinstance(action, SetCapacity) and bool(action.desired))


async def nothing(*_: object) -> None:
    """What most clouds do before a look or an act."""


class Wayward(PortCloud):
    """A port door that awaits something first: it may sleep, or raise. Its own calls take a tenth of a second each."""

    def __init__(
        self, world: World, *, look: BeforeLook = nothing, act: BeforeAct = nothing, faults: Faults | None = None
    ) -> None:
        super().__init__(world, latency=(0.1, 0.1), faults=faults)
        self._before_look, self._before_act = look, act
        self.looks: list[tuple[float, str]] = []

    async def glance(self, group: str) -> Observation:
        await self._before_look(group)
        return await super().glance(group)

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        self.looks.append((anyio.current_time(), group))
        await self._before_look(group)
        return await super().look(group, needs, after, urgency)

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        await self._before_act(group, action)
        return await super().act(group, action)  # what is slow here is on its way already


def clock() -> Callable[[], float]:
    return asyncio.get_running_loop().time


def world_of(*names: str, seed: int = 0, size: int = 3) -> World:
    """A world on the running loop's clock with groups of these names, each behind three sources."""
    world = World(seed, clock())
    for name in names:
        a_group(world, name=name, size=size)
    return world


@dataclass
class Told:
    """All that was told, and when by the loop's clock."""

    events: list[Event] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self.times.append(anyio.current_time())

    def of(self, kind: type, group: str | None = None) -> list:  # type: ignore[type-arg]
        return [one for one in self.events if isinstance(one, kind) and group in (None, one.group)]

    def at(self, kind: type, group: str) -> list[float]:
        told = zip(self.events, self.times, strict=True)
        return [at for one, at in told if isinstance(one, kind) and one.group == group]


def ids(world: World, group: str) -> frozenset[str]:
    return frozenset(one.id for one in world.state.members(group))


def done_by_us(world: World, group: str | None = None) -> list[Happening]:
    """What the owner did, through any door; without a group's name to anything at all."""
    return [one for one in world.record if one.who == "owner" and group in (None, one.group)]


def not_as_found(world: World, *groups: str, size: int = 3) -> list[str]:
    """What of these groups is other than `world_of` made it, a sentence each."""
    wrong = []
    for name in groups:
        group = world.state.groups[name]
        sizes = (group.minimum, group.desired, group.maximum)
        out = [one.id for one in world.state.members(name) for id in group.source_ids if not _served(world, id, one.id)]
        wrong += [f"{name} has sizes {sizes}"] if sizes != (size, size, size) else []
        wrong += [f"{name} has {what}" for what in (*group.suspended, *ours(group))]
        wrong += [f"{name} misses {id} at a source" for id in out]
    return wrong


def _served(world: World, source: str, id: str) -> bool:
    return any(one.state != "draining" for one in world.state.registered(source, id))


def lowest(world: World, group: str) -> int:
    """The fewest that ever served."""
    return min((one.serving for one in world.history if one.group == group), default=10**6)
