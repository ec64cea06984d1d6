"""One storm from its beginning to the calm after it: conductors come and are killed, and the last one must end well."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import anyio

from async_rollout.core.actions import Verdict
from async_rollout.core.belief import Me
from async_rollout.core.choices import Scaling
from async_rollout.core.events import Event
from async_rollout.core.journal import QUICK, Goal
from async_rollout.core.spec import Hook, HookCall, HookPoint
from async_rollout.engine.halt import Halt
from async_rollout.engine.ports import HookResult
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.faults import Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.hosts import Host
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.troubles import Troubles
from async_rollout.sandbox.virtual import run_virtual
from support.storms.answered import answered
from support.storms.clusters import calmed
from support.storms.conductors import Mortal, opened
from support.storms.failing import failing
from support.storms.hosts import Sleeper, holder
from support.storms.loads import unhooked, unshifted
from support.storms.owners import GROUP, PATIENT
from support.storms.people import meddle
from support.storms.weather import Weather, drawn
from support.storms.witness import Witness
from support.storms.worse import worse

LONGEST = 3 * 3600.0
"""A conductor in a storm without end is killed after so many seconds: safety is asked all the same."""
FRESH = 14.0
"""The oldest look that a removal may rest on (10 s), the seconds of its own calls, and the whole second of a Date."""
CALM_TRIES = 3
"""After the storm: so often `restore` is tried, as a person would; the lease of a killed one may have to run out."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """One command that came to its end, or was stopped at its limit. One that was killed with its conductor did not."""

    at: float
    point: HookPoint
    instance: str
    ok: bool


@dataclass(frozen=True, kw_only=True)
class Parted:
    """One conductor that came to an end of its own. off: which of alarms and schedules its record keeps suspended;
    missed: the scheduled actions that it names."""

    at: float
    run: str
    verdict: Verdict
    off: frozenset[str]
    missed: tuple[str, ...]


@dataclass(kw_only=True)
class Past:
    """What a storm left to ask the laws about. lives: from when to when each conductor was at work.

    ended: every command that came to its end; parted: every conductor that did.
    """

    weather: Weather
    world: Witness
    found: Group
    found_ids: frozenset[str]
    results: list[GroupResult] = field(default_factory=list)
    calm: list[GroupResult] = field(default_factory=list)
    overdue: float | None = None
    lives: dict[str, tuple[float, float]] = field(default_factory=dict)
    parted: list[Parted] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)

    @property
    def window(self) -> float:
        """How old what a deed rests on may be in this weather, seconds."""
        return FRESH + self.weather.lag

    def digest(self) -> str:
        """The same for the same seed: virtual time, call and answer, and what was told."""
        lines = [repr(one) for one in (*self.world.record, *self.events, *sorted(self.world.calls.items()))]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Errands:
    """Commands that take their time, fail, hang and talk, as the weather says."""

    def __init__(self, past: Past) -> None:
        self._past, self._rng = past, random.Random(f"errands {past.weather.seed}")

    async def run(self, hook: Hook, call: HookCall, limit: float, say: Callable[[str], None]) -> HookResult:
        how, rng = self._past.weather.errand, self._rng
        seconds = rng.uniform(0.0, how.seconds) if rng.random() >= how.hanging else limit
        await anyio.sleep(min(seconds, limit))
        for number in range(how.lines):
            say(f"::error::line {number}")
        if seconds >= limit:
            self._past.ended.append(Ended(at=self._past.world.now, point=call.point, instance=call.instance, ok=False))
            return HookResult(ok=False, code=None, timed_out=True, seconds=limit)
        ok = rng.random() >= how.failing
        if call.point is HookPoint.UP_CHECK:
            ok = self._past.world.app_up(call.instance)
        self._past.ended.append(Ended(at=self._past.world.now, point=call.point, instance=call.instance, ok=ok))
        return HookResult(ok=ok, code=0 if ok else 3, seconds=seconds)


def storm(
    seed: int,
    *,
    liveness: bool = False,
    wire: bool = False,
    launches: bool = False,
    releases: bool = False,
    further: Callable[[Weather], Weather] = lambda weather: weather,
) -> Past:
    """Go through the storm of this seed. wire: the real aws layer stands between, in place of the port door.

    launches: they are answered, where that may be. releases: of new instances that fail, in a world that may be ill.
    further: what else is other in it.
    """
    weather = worse(drawn(seed, liveness=liveness, wire=wire))
    weather = answered(weather) if launches else weather
    return run_virtual(partial(_story, further(failing(weather) if releases else weather)))


async def _story(weather: Weather) -> Past:
    past = _built(weather)
    faults = Faults(past.world, weather.faults)
    async with anyio.create_task_group() as others:
        others.start_soon(meddle, past.world, weather.deeds)
        if weather.struck is not None:
            others.start_soon(_strike, past.world, *weather.struck)
        if weather.second_at is not None:
            others.start_soon(_second, past, faults, weather.second_at)
        for number, kill in enumerate(weather.kills):
            await _conduct(past, faults, f"run{number}", weather.goals[number], lives=kill)
        await _last(past, faults)
        others.cancel_scope.cancel()
    await _calm(past)
    return past


async def _strike(world: Witness, at: float, seconds: float) -> None:
    await anyio.sleep(at)
    world.strike(GROUP, seconds, who="aws")


def _built(weather: Weather) -> Past:
    world = Witness(weather.seed, asyncio.get_running_loop().time)
    world.readings = weather.readings
    a_group(
        world,
        size=weather.size,
        minimum=weather.minimum,
        maximum=weather.maximum,
        zones=weather.zones,
        classic=weather.classic,
        target_groups=weather.target_groups,
        delay=weather.delay,
        outdated=weather.outdated,
        suspended=weather.suspended,
        edit=weather.shaped,
    )
    troubles = world.troubles[GROUP]
    troubles.failing_launches, troubles.sick_launches = weather.trouble.failing, weather.trouble.sick
    troubles.dying_launches, troubles.short_lived_launches = weather.trouble.dying, weather.trouble.short_lived
    troubles.launch_message, troubles.lingering = weather.trouble.words, weather.trouble.lingering
    troubles.answering = weather.answering
    troubles.relapse, troubles.relapse_share = weather.relapse, weather.relapse_share
    troubles.relapsing = weather.relapsing
    _refuses(troubles, weather, world.state.groups[GROUP])
    world.follows, world.unseen = weather.spec.scaling is Scaling.FOLLOW, PATIENT + weather.lag
    if weather.scalers is not None:
        weather.scalers.begin(world, GROUP)
    if weather.hosting is not None:
        weather.hosting.begin(world, GROUP)
    world.begin()
    found = world.state.groups[GROUP]
    return Past(weather=weather, world=world, found=found, found_ids=frozenset(one.id for one in world.members(GROUP)))


def _refuses(troubles: Troubles, weather: Weather, group: Group) -> None:
    """Which launches AWS refuses, and in what words."""
    how = weather.trouble
    troubles.zone_words = dict(zip(group.zones, how.dry, strict=False))
    troubles.quota = None if how.quota is None else group.desired + how.quota
    troubles.quota_words = how.quota_words or troubles.quota_words
    troubles.settling, troubles.settling_words = how.settling, how.settling_words


async def _last(past: Past, faults: Faults) -> None:
    """The last conductor. Where calm comes, it must end within its limits from then on."""
    calm = past.weather.calm_at
    limit = LONGEST if calm is None else calm + past.weather.patience
    if await _conduct(past, faults, "last", Goal.REPLACE, limit=limit) is None and calm is not None:
        past.overdue = limit


async def _second(past: Past, faults: Faults, at: float) -> None:
    await anyio.sleep(at)
    await _conduct(past, faults, "second", Goal.REPLACE)


async def _conduct(
    past: Past,
    faults: Faults,
    run: str,
    goal: Goal,
    *,
    lives: int | None = None,
    limit: float = LONGEST,
) -> GroupResult | None:
    """One conductor to its end, its kill, or the end of our patience; what it came to, if it came to anything."""
    me = Me(run=run, holder=holder(run, here=past.weather.one_host), intent=goal)
    host = Host()
    came: list[GroupResult] = []
    began = past.world.now
    async with opened(past.world, faults, run, lives, wire=past.weather.wire) as cloud:
        spec, tell = past.weather.spec, past.events.append
        reach = Sleeper(cloud, host, dict(past.weather.naps))
        rollout = Rollout(
            reach, GROUP, spec, me, hooks=Errands(past), tell=tell, halt=Halt(), clocks=host.clocks
        )  # fmt: skip
        with suppress(TimeoutError), anyio.fail_after(limit):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_die, cloud, tasks)
                came.append(await rollout.run())
                tasks.cancel_scope.cancel()
        cloud.close()
    past.lives[run] = began, past.world.now
    past.results += came
    past.parted += [_parted(past, run, one) for one in came]
    return came[0] if came else None


def _parted(past: Past, run: str, end: GroupResult) -> Parted:
    record, group = past.world.record_of(), past.world.state.groups.get(GROUP)
    ours = record.suspended if record is not None and record.run == run else ()
    off = frozenset(ours) & frozenset(QUICK) & (group.suspended_names if group is not None else frozenset())
    unowned = off - past.world.log.unsure
    return Parted(at=past.world.now, run=run, verdict=end.verdict, off=unowned, missed=end.missed)


async def _die(cloud: Mortal, tasks: anyio.abc.TaskGroup) -> None:
    await cloud.killed.wait()
    tasks.cancel_scope.cancel()


async def _calm(past: Past) -> None:
    """No fault, nobody else, launches that succeed: `restore` must end, and leave no trace."""
    past.world.troubles[GROUP] = type(past.world.troubles[GROUP])()
    with past.world.access():
        unhooked(past.world)
        unshifted(past.world)
        calmed(past.world, GROUP)
    quiet = Faults(past.world, ())
    await anyio.sleep(400.0)
    past.weather = replace(past.weather, errand=replace(past.weather.errand, failing=0.0, hanging=0.0))
    for number in range(CALM_TRIES):
        began = anyio.current_time()
        if past.world.record_of() is None and number:
            break
        result = await _conduct(past, quiet, f"calm{number}", Goal.RESTORE, limit=past.weather.patience)
        if result is None:
            past.overdue = anyio.current_time() - began if past.overdue is None else past.overdue
            break
        past.calm.append(result)
    await anyio.sleep(900.0)
    past.world.advance()
