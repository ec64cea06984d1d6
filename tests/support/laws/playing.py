"""A small play: conductors come to a small world at their times, and each call of theirs is noted with its moment.

`play` owns its loop. Broken code is bounded twice, by virtual time and by looks; what does not end is overdue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import anyio

from async_rollout.core.actions import Action, CloudAction, Needs
from async_rollout.core.belief import Me
from async_rollout.core.events import Event, Warned
from async_rollout.core.journal import Goal, Journal
from async_rollout.core.observation import Observation
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import AsyncHook, Hook, HookCall, HookPoint, RolloutSpec
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.halt import Halt
from async_rollout.engine.ports import Answer, HookResult, Urgency
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.engine.telling import OBJECTED
from async_rollout.sandbox import census
from async_rollout.sandbox.doors.acts import Step
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.faults import Fault, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.hosts import Host
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.simulation import Run
from support.storms.owners import GROUP
from support.storms.witness import Witness

LATER = 120.0
"""What was left wrong shows when AWS has had some time."""

Others = Callable[[Witness], Coroutine[Any, Any, None]]
Places = frozenset[tuple[str, str, int | None]]
"""Source, instance, port: each registration that does not drain."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One conductor: when it comes, what for, before which act it is killed, when it is told to stop and how.

    spec: if not the play's.
    """

    run: str = "one"
    at: float = 0.0
    goal: Goal = Goal.REPLACE
    lives: int | None = None
    stop: tuple[float, Stop] | None = None
    faults: tuple[Fault, ...] = ()
    spec: RolloutSpec | None = None


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One call that reached the world, with the truth of the moment before it. now: the group after it.

    looked: when the look that it rests on was asked for. serving, out: who served, who was missing from a source.
    """

    at: float
    actor: str
    action: Action
    group: Group
    now: Group
    record: Journal | None
    written: Journal | None
    looked: float
    serving: frozenset[str]
    members: frozenset[str]
    out: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One hook. until None: it never ended."""

    call: HookCall
    since: float
    until: float | None = None
    ok: bool = False


@dataclass(kw_only=True)
class Play:
    """What a play left to ask the laws about. looks: of each run, with their times."""

    run: Run
    world: Witness
    spec: RolloutSpec
    places: Places
    deeds: list[Deed] = field(default_factory=list)
    errands: list[Errand] = field(default_factory=list)
    results: dict[str, GroupResult] = field(default_factory=dict)
    began: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    overdue: bool = False
    up: Callable[[HookCall], Awaitable[bool]] | None = None

    @property
    def guard(self) -> str:
        """What the guard said first, if it had to speak."""
        warned = (event.text for event in self.run.events if isinstance(event, Warned))
        said = next((text for text in warned if text.startswith(OBJECTED)), "")
        return said[said.index("law ") :] if said else ""


class Door(PortCloud):
    """The port door of one conductor. It notes each call, dies before its last act, and ends a play that spins."""

    world: Witness

    def __init__(self, play: Play, part: Part, enough: Callable[[], None], looks: int) -> None:
        faults = Faults(play.world, part.faults)
        super().__init__(play.world, faults=faults)
        self.part = part
        self._play, self._enough, self._left = play, enough, looks
        self._lives, self._looked, self.killed = part.lives, 0.0, anyio.Event()
        self._action: CloudAction | None = None
        self.host = Host()

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        self._left -= 1
        if self._left < 0:
            self._enough()
        self.world.advance()
        asked = self.world.now
        observation = await super().look(group, needs, after, urgency)
        self._looked = asked
        return observation

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        if self._lives == 0:
            self.close()
            self.killed.set()
        self._lives = None if self._lives is None else self._lives - 1
        self._action = action
        return await super().act(group, action, young, urgency)

    async def _take(self, step: Step) -> Answer:
        return await super()._take(Step(name=step.name, do=partial(self._noted, step.do, self._action)))

    def _noted(self, do: Callable[[], object], action: CloudAction | None) -> object:
        world, play = self._play.world, self._play
        world.advance()
        group, record = world.state.groups[GROUP], world.record_of()
        members, serving, out = _truth(play)
        world.actor = self.part.run
        done = do()
        assert action is not None
        deed = Deed(
            at=world.now, actor=self.part.run, action=action, group=group, now=world.state.groups[GROUP],
            record=record, written=world.record_of(), looked=self._looked, serving=serving, members=members, out=out,
        )  # fmt: skip
        play.deeds.append(deed)
        return done


def _truth(play: Play) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Ids of the members in service or booting, of those that serve, of those missing from a source."""
    world, state, group = play.world, play.world.state, play.world.state.groups[GROUP]
    members = [one for one in state.members(GROUP) if one.counts]
    serving = frozenset(one.id for one in members if census.serves(state, group, one, world.now))
    out = frozenset(one.id for one in members if one.in_service and _is_out(play, group, one.id))
    return frozenset(one.id for one in members), serving, out


def _is_out(play: Play, group: Group, id: str) -> bool:
    """Missing from a source where it was; a new one ought to be in each."""
    known = {source for source, one, _ in play.places if one == id}
    state = play.world.state
    held = (state.registered(source, id) for source in known or group.source_ids if source in state.sources)
    return any(all(one.state == "draining" for one in several) for several in held)


def places(world: World) -> Places:
    """Where every member is registered now."""
    state, group = world.state, world.state.groups[GROUP]
    found = ((source, id, one) for source in group.source_ids for id in state.rosters[GROUP]
             for one in state.registered(source, id))  # fmt: skip
    return frozenset((source, id, one.port) for source, id, one in found if one.state != "draining")


class Commands:
    """The hooks of a play, timed. A hook that never ends by itself is ended at its limit."""

    def __init__(self, play: Play) -> None:
        self._play = play

    async def run(self, hook: Hook, call: HookCall, limit: float, say: Callable[[str], None]) -> HookResult:
        assert not isinstance(hook, str)
        world, errands = self._play.world, self._play.errands
        errand = Errand(call=call, since=world.now)
        errands.append(errand)
        answer: Any = None
        with anyio.move_on_after(limit) as scope:
            await anyio.sleep(1.0)
            answer = await (
                self._play.up(call)
                if self._play.up and call.point is HookPoint.UP_CHECK
                else cast("AsyncHook", hook)(call)
            )
        ok = not scope.cancelled_caught and answer in (None, 0, True) and answer is not False
        world.advance()
        errands[errands.index(errand)] = Errand(call=call, since=errand.since, until=world.now, ok=ok)
        return HookResult(ok=ok, code=0 if ok else 3, timed_out=scope.cancelled_caught, seconds=1.0)


def small(world: World, **shape: Any) -> object:
    """Two instances behind a Classic Load Balancer and a target group, whatever is not said otherwise."""
    wanted = {"size": 2, "minimum": 1, "maximum": 6, "zones": 1, "target_groups": 1, "delay": 20.0} | shape
    return a_group(world, **wanted)


def play(
    spec: RolloutSpec,
    *parts: Part,
    build: Callable[[World], object] = small,
    others: Others | None = None,
    door: type[Door] = Door,
    limit: float = 1500.0,
    looks: int = 700,
    up: Callable[[HookCall, Witness], bool] | None = None,
) -> Play:
    """To the end of every part, or of the limit; then a while of calm."""

    async def story() -> Play:
        played = _begun(spec, build)
        if up is not None:
            played.up = partial(_asked, up, played.world)
        with anyio.move_on_after(limit) as scope:
            async with anyio.create_task_group() as outside:
                if others is not None:
                    outside.start_soon(others, played.world)
                async with anyio.create_task_group() as tasks:
                    for part in parts or (Part(),):
                        tasks.start_soon(_conduct, played, part, door, scope.cancel, looks)
                outside.cancel_scope.cancel()
        played.overdue = scope.cancelled_caught
        await anyio.sleep(LATER)
        played.world.advance()
        return played

    return run_virtual(story)


async def _asked(up: Callable[[HookCall, Witness], bool], world: Witness, call: HookCall) -> bool:
    return up(call, world)


def _begun(spec: RolloutSpec, build: Callable[[World], object]) -> Play:
    world = Witness(0, asyncio.get_running_loop().time)
    build(world)
    world.begin()
    found = world.state.groups[GROUP]
    run = Run(world=world, group=GROUP, found=found, found_ids=frozenset(one.id for one in world.members(GROUP)))
    return Play(run=run, world=world, spec=spec, places=places(world))


async def _conduct(played: Play, part: Part, door: type[Door], enough: Callable[[], None], looks: int) -> None:
    await anyio.sleep(part.at)
    cloud, halt = door(played, part, enough, looks), Halt()
    me = Me(run=part.run, holder=f"host-{part.run}/boot/1", intent=part.goal)
    tell: Callable[[Event], None] = played.run.events.append
    hooks, clocks = Commands(played), cloud.host.clocks
    rollout = Rollout(cloud, GROUP, part.spec or played.spec, me, hooks=hooks, tell=tell, halt=halt, clocks=clocks)
    played.began[part.run] = played.world.now
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_die, cloud, tasks)
        if part.stop is not None:
            tasks.start_soon(_stop, halt, *part.stop)
        result = await rollout.run()
        played.results[part.run] = result
        played.run.results.append(result)
        tasks.cancel_scope.cancel()
    played.ended[part.run] = played.world.now


async def _die(cloud: Door, tasks: anyio.abc.TaskGroup) -> None:
    await cloud.killed.wait()
    tasks.cancel_scope.cancel()


async def _stop(halt: Halt, at: float, how: Stop) -> None:
    await anyio.sleep(at)
    halt.request(how)
