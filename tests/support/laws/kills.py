"""One rollout stopped at one point, then a second conductor: the machinery behind test_kills.py.

A point is each call of the first conductor that changes something, and each begin and end of its hooks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

import anyio

from async_rollout.core.belief import Me
from async_rollout.core.budget import Bounds, bounds
from async_rollout.core.journal import Goal
from async_rollout.core.spec import Hook, HookCall, HookPoint, RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.engine.identity import identify
from async_rollout.engine.ports import Answer, HookResult, Unknown
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.acts import Step
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.faults import Fault, Faults
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Instance
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.laws.kill_worlds import Story
from support.laws.truth import broken
from support.simulation import Run, ours

LIMIT = 20_000.0
"""No conductor of these stories needs so long; one that does hangs."""
AFTERWARDS = 300.0
"""What was left wrong shows when AWS has had some time: its health checks, its zones, its alarms."""
NEVER = 10**9
NO_PROCESS = 2**22 + 7
"""Above the largest process id that Linux gives: certainly dead."""


class Way(StrEnum):
    """How the first conductor is stopped. LOST, UNSENT: its call brings no answer, and it is killed at the next one.

    WAITING: its call is executed, and it is killed before the answer.
    """

    KILLED = "killed"
    CANCELLED = "cancelled"
    LOST = "answer lost, executed"
    UNSENT = "answer lost, not executed"
    WAITING = "executed, killed before the answer"


@dataclass(kw_only=True)
class Fate:
    """What befalls one conductor. at: the number of the point; struck: it has come to that; names: of all points."""

    way: Way = Way.KILLED
    at: int = NEVER
    names: list[str] = field(default_factory=list)
    struck: bool = False
    over: anyio.Event = field(default_factory=anyio.Event)
    close: Callable[[], None] = lambda: None

    def comes(self, name: str, *, call: bool) -> bool:
        """One more point; whether this call's answer is to be lost."""
        here, ambiguous = len(self.names) == self.at, self.way in (Way.LOST, Way.UNSENT, Way.WAITING)
        after = ambiguous and self.struck
        self.names.append(name)
        if here and ambiguous and call:
            self.struck = True
            return True
        if here or after:
            self.struck = True
            self.end()
        return False

    def end(self) -> None:
        """It is killed, or cancelled, now."""
        if self.way is not Way.CANCELLED:
            self.close()  # first the door, so that no `finally` helps
        self.over.set()


class Doomed(PortCloud):
    """The port door of the conductor with that fate."""

    def __init__(self, world: World, fate: Fate, faults: tuple[Fault, ...]) -> None:
        super().__init__(world, faults=Faults(world, faults))
        self._fate = fate
        fate.close = self.close

    async def _take(self, step: Step) -> Answer:
        if not self._fate.comes(step.name, call=True):
            return await super()._take(step)
        if self._fate.way is Way.WAITING:
            return await super()._take(replace(step, do=partial(self._last, step)))
        if self._fate.way is Way.LOST:
            await super()._take(step)
        return Unknown(why=f"{step.name}: no answer")

    def _last(self, step: Step) -> object:
        try:
            return step.do()
        finally:
            self._fate.end()


class Commands:
    """Hooks that take a second; the up-check asks the instance itself. began, ended: (point, instance) in order.

    failing: the points whose command does not do well.
    """

    def __init__(self, world: World, failing: tuple[HookPoint, ...] = ()) -> None:
        self._world = world
        self._failing = failing
        self.began: list[tuple[HookPoint, str]] = []
        self.ended: list[tuple[HookPoint, str]] = []
        self.fate = Fate()

    async def run(self, hook: Hook, call: HookCall, limit: float, say: Callable[[str], None]) -> HookResult:
        fate = self.fate
        fate.comes(call.point, call=False)
        await self._second(fate)
        self.began.append((call.point, call.instance))
        up = call.point is not HookPoint.UP_CHECK or self._world.app_up(call.instance)
        ok = up and call.point not in self._failing
        self.ended.append((call.point, call.instance))
        fate.comes(call.point, call=False)
        await self._second(fate)
        return HookResult(ok=ok, code=0 if ok else 1, seconds=1.0)

    async def _second(self, fate: Fate) -> None:
        await anyio.sleep(LIMIT if fate.over.is_set() else 0.5)


Picture = tuple[object, ...]
"""A group as it is, without the ids of its instances: two that ended alike are equal."""


def picture(run: Run, *, versions: bool = True) -> Picture:
    """versions False: whatever its instances were launched from."""
    state, group = run.world.state, run.left
    members = state.members(run.group)

    def portrait(one: Instance) -> tuple[object, ...]:
        held = [state.registered(source, one.id) for source in group.source_ids]
        words = [sorted((each.state, each.port or 0) for each in several) for several in held]
        template = (one.template and one.template.version, one.configuration) if versions else None
        rows = [row.status for row in run.world.ecs.rows_of(one.id)]
        return one.lifecycle, one.health, one.ec2, template, words, rows

    strangers = {
        (source, id)
        for source in group.source_ids
        for id in state.registrations[source]
        if id not in {one.id for one in members}
    }
    sizes = (group.minimum, group.desired, group.maximum)
    tags = sorted((tag.key, tag.value) for tag in group.tags)
    return sizes, sorted(group.suspended_names), tags, sorted(map(repr, map(portrait, members))), sorted(strangers)


@dataclass(kw_only=True)
class End:
    """What a story came to. points: the first conductor's, by name; struck: its fate came; stopped: it did not live on.

    One whose very last answer is lost looks again, sees that all is done, and ends by itself.
    """

    run: Run
    before: Picture
    points: list[str]
    struck: bool
    stopped: bool
    commands: Commands
    way: Way


def told(story: Story, fate: Fate, then: Goal, *, seed: int = 0, same_machine: bool = True) -> End:
    """The first conductor meets its fate; if that stopped it, the second one comes."""

    async def play() -> End:
        world = World(seed, asyncio.get_running_loop().time)
        story.build(world)
        world.readings = story.readings
        members = frozenset(one.id for one in world.state.members("web"))
        run = Run(world=world, group="web", found=world.state.groups["web"], found_ids=members)
        commands, fate.over, before = Commands(world, story.failing), anyio.Event(), picture(run, versions=False)
        here = identify(Goal.REPLACE).holder.rsplit("/", 2)[0]
        first = f"{here}/{NO_PROCESS}/1" if same_machine else "elsewhere/boot/1"
        await _conduct(run, story.spec, Me(run="first", holder=first), fate, commands)
        if fate.over.is_set():
            me, spec = Me(run="second", holder=f"{here}/1/1", intent=then), story.next or story.spec
            await _conduct(run, spec, me, Fate(), commands, story.faults)
        await anyio.sleep(AFTERWARDS)
        world.advance()
        stopped = fate.over.is_set()
        return End(
            run=run, before=before, points=fate.names, struck=fate.struck, stopped=stopped, commands=commands,
            way=fate.way,
        )  # fmt: skip

    return run_virtual(play)


async def _conduct(
    run: Run, spec: RolloutSpec, me: Me, fate: Fate, commands: Commands, faults: tuple[Fault, ...] = ()
) -> None:
    commands.fate = fate
    cloud = Doomed(run.world, fate, faults)
    rollout = Rollout(cloud, run.group, spec, me, hooks=commands, tell=run.events.append, halt=Halt())
    with anyio.fail_after(LIMIT):
        async with anyio.create_task_group() as tasks:

            async def die() -> None:
                await fate.over.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(die)
            run.results.append(await rollout.run())
            tasks.cancel_scope.cancel()


def wrong(story: Story, end: End, then: Goal, undisturbed: Picture) -> list[str]:
    """What is not as it should be after all, in words."""
    run, verdict = end.run, end.run.result.verdict
    if verdict.code:
        return [f"it ended with {verdict.code}: {verdict.why}"]
    lines = [
        line
        for line in broken(run, _limits(story, end, then), replaced=False, surge=_surges(story))
        if _counts(story, line)
    ]
    lines += [f"law E2: {one.detail} was lost" for one in run.world.record if one.what is What.TASK_LOST]
    if then is Goal.REPLACE or not end.stopped:
        now = picture(run)
        lines += [] if now == undisturbed else [f"it ended as {now}, undisturbed it ends as {undisturbed}"]
        lines += _replaced(story, run) + _unhooked(story, end)
    else:
        now = picture(run, versions=False)
        lines += [] if _as_before(story, now, end.before) else [f"restored is {now}, found was {end.before}"]
        lines += [f"{key} is left" for key in ours(run.left)]
    return lines


def _surges(story: Story) -> bool:
    return bounds(story.spec, 1).ceiling > 1


def _limits(story: Story, end: End, then: Goal) -> Bounds:
    """Behind nothing an instance serves until it is terminated; one that is turned round counts again."""
    limits, turned = bounds(story.spec, end.run.found.desired), then is Goal.RESTORE or end.way is Way.CANCELLED
    ceiling = limits.exist if turned or not end.run.found.source_ids else limits.ceiling
    return Bounds(floor=limits.floor, ceiling=ceiling, exist=limits.exist, draining=limits.draining)


def _counts(story: Story, line: str) -> bool:
    """What --force was told to reset is not as found; where load balancers are not asked, they may not serve yet."""
    forced = () if story.spec.require_healthy_group else ("law 8", "law 7: suspended")
    unasked = () if story.spec.require_healthy_targets else ("law 1", "law 2", "law 5")
    return not line.startswith((*forced, *unasked))


def _as_before(story: Story, now: Picture, before: Picture) -> bool:
    if story.spec.require_healthy_group:
        return now == before
    return (now[0], now[2:]) == (before[0], before[2:]) and set(now[1]) <= set(before[1])  # type: ignore[call-overload]


def _replaced(story: Story, run: Run) -> list[str]:
    gone = len(run.found_ids - run.members)
    return [] if gone == story.old else [f"{gone} of {story.old} old ones were replaced"]


def _unhooked(story: Story, end: End) -> list[str]:
    """Hooks are at least once: for each that went, before its terminate and after it."""
    run = end.run
    went = [one.instance for one in run.world.record if one.what is What.TERMINATE and one.who == "owner"]
    points = (point for point in story.spec.hooks.points if point is not HookPoint.UP_CHECK)
    missing = [(point, id) for point in points for id in went if (point, id) not in end.commands.ended]
    return [f"the {point} command of {id} never ran" for point, id in missing]


def kills(story: Story, way: Way, then: Goal, *, first: int, every: int) -> Iterator[tuple[int, list[str]]]:
    """Stop at one point in so many; the number of each and what is wrong. Odd ones are followed up from elsewhere."""
    undisturbed = told(story, Fate(), then)
    assert undisturbed.run.result.verdict.code == 0, undisturbed.run.result.verdict
    expected = picture(undisturbed.run)
    for at in range(first, len(undisturbed.points), every):
        end = told(story, Fate(way=way, at=at), then, same_machine=at % 2 == 0)
        yield at, wrong(story, end, then, expected) if end.struck else [f"it never came to point {at}"]
