"""HAProxy's servers and the instances' own follow the sandbox: what it says of each is so a moment later.

Each change of the world is acted on when it comes, an instance's own changes in their order. A target that is healthy
gets requests; one that drains gets no new ones, and what is under way goes on until it leaves the listing: then it is
cut, as AWS does after the deregistration delay. A machine that EC2 ends is killed in the same moment.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from async_rollout.sandbox.records import Instance
from async_rollout.sandbox.world import World
from support.traffic.haproxy import HAProxy
from support.traffic.machine import Machine

BLINK = 0.05
"""Seconds that the world is left alone at most."""
STATES = {"healthy": "ready", "draining": "drain"}
"""HAProxy's word for a target's state; for all others it is "maint"."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the world says of one instance. up: its application answers. states: of HAProxy, by load balancer's name."""

    alive: bool
    up: bool
    states: Mapping[str, str]


class Following:
    """lags: seconds from a change until it was so, by what became of somebody ("ready", "drain", "gone", "dead")."""

    def __init__(self, world: World, speed: float, balancer: HAProxy, tasks: asyncio.TaskGroup) -> None:
        self.lags: dict[str, list[float]] = defaultdict(list)
        self._world, self._speed, self._balancer, self._group = world, speed, balancer, tasks
        self._tasks: list[asyncio.Task[None]] = []
        self._epoch, self._began = world.look().at, time.monotonic()
        self._machines: dict[str, Machine] = {}
        self._wanted: dict[str, Wanted] = {}
        self._changes: dict[str, asyncio.Queue[tuple[float, Wanted]]] = {}
        self._woken = asyncio.Event()

    async def settled(self) -> None:
        """Until all that has changed is so."""
        for changes in tuple(self._changes.values()):
            await changes.join()

    def look(self) -> None:
        """The world has changed: note what is new of whom."""
        self._woken.set()
        for one in tuple(self._world.state.instances.values()):
            wanted = self._of(one)
            if wanted != self._wanted.get(one.id):
                self._wanted[one.id] = wanted
                self._changed(one.id, wanted)

    def begin(self) -> None:
        """Go with the world's time from now on."""
        self.lags.clear()
        self._begin(self._pump())

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        for machine in self._machines.values():
            await machine.close()

    async def _pump(self) -> None:
        """Let the world's own events come at their times, for ever."""
        while True:
            self._world.advance()
            at = self._world.next_event_at
            pause = BLINK if at is None else self._due(at) - time.monotonic()
            self._woken.clear()
            try:
                async with asyncio.timeout(min(BLINK, max(0.0, pause))):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def _begin(self, doing: Coroutine[None, None, None]) -> None:
        self._tasks.append(self._group.create_task(doing))

    def _due(self, at: float) -> float:
        """The monotonic clock at that moment of the world."""
        return self._began + (at - self._epoch) / self._speed

    def _of(self, one: Instance) -> Wanted:
        state, names = self._world.state, {}
        for source in state.sources_of(one.group):
            for each in state.registered(source.id, one.id):
                names[source.name] = STATES.get(each.state, "maint")
        alive = one.ec2 in ("pending", "running")
        return Wanted(alive=alive, up=one.app_up(self._world.now), states=names)

    def _changed(self, id: str, wanted: Wanted) -> None:
        if id not in self._machines:
            if not wanted.alive:
                return
            self._machines[id], self._changes[id] = Machine(id), asyncio.Queue()
            self._begin(self._keep(self._machines[id], self._changes[id]))
        if not wanted.alive and not self._machines[id].dead:
            self._machines[id].kill()
            self._late("dead", self._due(self._world.now))
        self._changes[id].put_nowait((self._due(self._world.now), wanted))

    def _late(self, what: str, due: float) -> None:
        self.lags[what].append(time.monotonic() - due)

    async def _keep(self, machine: Machine, changes: asyncio.Queue[tuple[float, Wanted]]) -> None:
        """One instance, to the end of all."""
        shown: dict[str, str] = {}
        await machine.boot()
        while True:
            due, wanted = await changes.get()
            if wanted.up:
                await machine.serve()
            for name in {**shown, **wanted.states}:
                await self._show(machine, name, shown, wanted.states.get(name), due)
            changes.task_done()

    async def _show(self, machine: Machine, name: str, shown: dict[str, str], state: str | None, due: float) -> None:
        """state: None of one that is not listed any more; what is under way there is cut."""
        if name not in shown:
            await self._balancer.add(name, machine.id, machine.port)
            shown[name] = "maint"
        if state is None and shown[name] != "gone":
            await self._balancer.put(name, machine.id, "maint")
            await self._balancer.cut(name, machine.id)
            shown[name] = "gone"
            self._late("gone", due)
        elif state is not None and state != shown[name]:
            await self._balancer.put(name, machine.id, state)
            shown[name] = state
            self._late(state, due)


@asynccontextmanager
async def following(world: World, speed: float, balancer: HAProxy) -> AsyncIterator[Following]:
    """As long as the block lasts; at its beginning all is as the world says. Ends with its machines killed."""
    async with asyncio.TaskGroup() as tasks:
        follower = Following(world, speed, balancer, tasks)
        world.watch(follower.look)
        follower.look()
        await follower.settled()
        follower.begin()
        try:
            yield follower
        finally:
            await follower.end()


def balancers(world: World, groups: Sequence[str]) -> list[str]:
    """The names of all that have a listener."""
    return [one.name for name in groups for one in world.state.sources_of(name) if one.has_listener]
