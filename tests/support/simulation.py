"""One simulated rollout after another: the real core and engine through the port door, under a virtual clock.

`simulate` owns its loop: same arguments, same trace. What it gives back is asked of the world's ground truth.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, cast

import anyio

from async_rollout.core.belief import Me
from async_rollout.core.events import Event
from async_rollout.core.journal import Goal
from async_rollout.core.spec import AsyncHook, Hook, HookCall, LaunchCall, RolloutSpec
from async_rollout.engine.clocks import always
from async_rollout.engine.halt import Halt
from async_rollout.engine.ports import HookResult, Urgency
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.faults import Faults
from async_rollout.sandbox.history import Census, What
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.scenarios import build
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World

ASKED = (What.SET_DESIRED, What.LAUNCH_INSTANCES)
"""How a world's record says that somebody asked for instances."""

UNWATCHED = RolloutSpec(canary_wait=0.0)
"""The defaults, but that nobody waits for the first newcomer: what a story is about begins at once."""
BY_NUMBER = replace(UNWATCHED, launch=LaunchCall.DESIRED)
"""So too, and AWS is told a number and chooses the zones itself."""


class Endless:
    """A hook that ends only when it is ended. ended: of which instances it was."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    async def __call__(self, call: HookCall) -> int:
        try:
            await anyio.sleep_forever()
        finally:
            self.ended.append(call.instance)
        return 0


Others = Callable[[World], Coroutine[Any, Any, None]]
"""What other people do meanwhile, on the same virtual clock."""


class InstantHooks:
    """Async hooks only; each takes a virtual second."""

    def __init__(self) -> None:
        self.calls: list[HookCall] = []

    async def run(self, hook: Hook, call: HookCall, limit: float, say: Callable[[str], None]) -> HookResult:
        self.calls.append(call)
        await anyio.sleep(1.0)
        assert not isinstance(hook, str)
        answer = await cast("AsyncHook", hook)(call)
        code = answer if isinstance(answer, int) and not isinstance(answer, bool) else int(answer is False)
        return HookResult(ok=code == 0, code=code, said=f"ended with {code}", seconds=1.0)


@dataclass(kw_only=True)
class Run:
    """One simulated rollout. found and left: the group before and after; found_ids: who was there before."""

    world: World
    group: str
    found: Group
    found_ids: frozenset[str]
    results: list[GroupResult] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    hooks: InstantHooks = field(default_factory=InstantHooks)

    @property
    def result(self) -> GroupResult:
        return self.results[-1]

    @property
    def left(self) -> Group:
        return self.world.state.groups[self.group]

    @property
    def members(self) -> frozenset[str]:
        return frozenset(one.id for one in self.world.state.members(self.group))

    @property
    def history(self) -> list[Census]:
        return [one for one in self.world.history if one.group == self.group]


def ours(group: Group) -> list[str]:
    """Our tags on a group, if any."""
    return [tag.key for tag in group.tags if tag.key.startswith("async-rollout:")]


def simulate(
    scenario: str | Callable[[World], object] = "at-max",
    spec: RolloutSpec | None = None,
    *,
    seed: int = 0,
    group: str = "web",
    goals: tuple[Goal, ...] = (Goal.REPLACE,),
    kill_after: int | None = None,
    others: Others | None = None,
    faults: Callable[[World], Faults] | None = None,
    halt: Callable[[World, Halt], Coroutine[Any, Any, None]] | None = None,
    limit: float = 20_000.0,
) -> Run:
    """Roll one group. goals: one conductor after the other; with kill_after the first is killed after so many acts."""

    async def story() -> Run:
        world = _world(scenario, seed)
        members = frozenset(one.id for one in world.state.members(group))
        run = Run(world=world, group=group, found=world.state.groups[group], found_ids=members)
        door_faults = faults(world) if faults else None
        async with anyio.create_task_group() as tasks:
            if others is not None:
                tasks.start_soon(others, world)
            for number, goal in enumerate(goals):
                kill = kill_after if number == 0 else None
                await _conduct(run, spec or RolloutSpec(), goal, number, kill, door_faults, halt, limit)
            tasks.cancel_scope.cancel()
        return run

    try:
        return run_virtual(story)
    except BaseExceptionGroup as several:
        late, _ = several.split(TimeoutError)
        raise TimeoutError(f"not at its end after {limit:.0f} s") if late else several from None


def _world(scenario: str | Callable[[World], object], seed: int) -> World:
    clock = asyncio.get_running_loop().time
    if isinstance(scenario, str):
        return build(scenario, seed=seed, clock=clock)
    world = World(seed, clock)
    scenario(world)
    return world


class Killed(BaseException):
    """A simulated kill: nobody catches it."""


class MortalCloud(PortCloud):
    """A port door that dies before its n-th act; nothing of the killed one reaches the world afterwards."""

    lives: int | None = None
    killed: anyio.Event

    async def act(self, group: str, action, young=always, urgency=Urgency.USUAL):  # type: ignore[no-untyped-def]
        if self.lives is not None:
            if self.lives == 0:
                self.close()
                self.killed.set()
            self.lives -= 1
        return await super().act(group, action, young, urgency)


async def _conduct(
    run: Run,
    spec: RolloutSpec,
    goal: Goal,
    number: int,
    kill: int | None,
    faults: Faults | None,
    halt: Callable[[World, Halt], Coroutine[Any, Any, None]] | None,
    limit: float,
) -> None:
    cloud = MortalCloud(run.world, faults=faults)
    cloud.lives, cloud.killed = kill, anyio.Event()
    order = Halt()
    me = Me(run=f"run{number}", holder=f"host{number}/boot/1", intent=goal)
    rollout = Rollout(cloud, run.group, spec, me, hooks=run.hooks, tell=run.events.append, halt=order)
    with anyio.fail_after(limit):
        async with anyio.create_task_group() as tasks:

            async def die() -> None:
                await cloud.killed.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(die)
            if halt is not None and number == 0:
                tasks.start_soon(halt, run.world, order)
            run.results.append(await rollout.run())
            tasks.cancel_scope.cancel()


def conductor(world: World, run: str, goal: Goal = Goal.REPLACE, halt: Halt | None = None, **spec: object) -> Rollout:
    """One more conductor on the group `web`, from a machine of its own."""
    cloud, me = MortalCloud(world), Me(run=run, holder=f"host-{run}/boot/1", intent=goal)
    order = replace(UNWATCHED, **spec)  # type: ignore[arg-type]
    return Rollout(cloud, "web", order, me, hooks=InstantHooks(), tell=lambda event: None, halt=halt or Halt())


def new_world(scenario: str = "at-max") -> World:
    return build(scenario, clock=asyncio.get_running_loop().time)
