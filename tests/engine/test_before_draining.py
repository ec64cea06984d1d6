"""A command before draining: it is run while the instance serves still, and its no changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import anyio
import pytest

from async_rollout.core.events import HookEnded, HookStarted, StageChanged, Warned
from async_rollout.core.journal import Goal
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import HookCall, Hooks, OnFailure, RolloutSpec
from async_rollout.core.stages import Stage
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import GroupResult
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.simulation import Run, conductor, simulate


def three(world: World) -> None:
    a_group(world, size=3, minimum=1, maximum=4)


async def slow(call: HookCall) -> int:
    await anyio.sleep(60.0)
    return 0


async def no(call: HookCall) -> int:
    return 3


def told(run: Run, what: What) -> dict[str, float]:
    """When something befell an instance first."""
    found: dict[str, float] = {}
    for one in run.world.record:
        if one.what is what:
            found.setdefault(one.instance, one.at)
    return found


def test_it_ends_before_its_instance_is_taken_out_anywhere() -> None:
    run = simulate(three, RolloutSpec(hooks=Hooks(before_draining=slow)))
    assert run.result.verdict.code == 0 and len(run.result.replaced) == 3
    ended = {one.instance: one.at for one in run.events if isinstance(one, HookEnded)}
    out = told(run, What.DEREGISTER)
    assert all(ended[id] <= out[id] for id in run.found_ids)
    moved = [one.stage for one in run.events if isinstance(one, StageChanged) and one.instance == min(ended)]
    assert moved[:2] == [Stage.PREPARING, Stage.DRAINING]


def test_after_a_failure_it_serves_on_and_nothing_has_happened() -> None:
    run = simulate(three, RolloutSpec(hooks=Hooks(before_draining=no)))
    assert run.result.verdict.code == 6 and "before-draining command" in run.result.verdict.why
    assert told(run, What.DEREGISTER).keys().isdisjoint(run.found_ids)
    assert run.found_ids <= run.members and run.left == run.found
    assert told(run, What.REGISTER).keys().isdisjoint(run.found_ids)
    stages = [
        (one.at, one.stage) for one in run.events if isinstance(one, StageChanged) and one.instance in run.found_ids
    ]
    ((at, _),) = [each for each in stages if each[1] is Stage.PREPARING]
    assert min(back for back, stage in stages if stage is Stage.SERVING and back > at) - at < 20.0
    assert [one.text for one in run.events if isinstance(one, Warned) and "serves on" in one.text]


def test_paused_after_a_failure_it_is_tried_again_by_the_next_run() -> None:
    answers = [3]

    async def mended(call: HookCall) -> int:
        return answers.pop() if answers else 0

    spec = RolloutSpec(hooks=Hooks(before_draining=mended), on_failure=OnFailure.PAUSE)
    run = simulate(three, spec, goals=(Goal.REPLACE, Goal.REPLACE))
    assert [one.verdict.code for one in run.results] == [6, 0]
    assert answers == [] and run.left == run.found


@pytest.mark.parametrize("goal", [Goal.REPLACE, Goal.RESTORE])
def test_told_to_stop_meanwhile_it_serves_on(goal: Goal) -> None:
    async def stop(world: World, halt: Halt) -> None:
        await anyio.sleep(400.0)
        halt.request(Stop.NOW)

    begun: list[str] = []

    async def endless(call: HookCall) -> int:
        begun.append(call.instance)
        await anyio.sleep(3000.0 if len(begun) == 1 else 1.0)
        return 0

    spec = RolloutSpec(hooks=Hooks(before_draining=endless), canary_wait=0.0)
    run = simulate(three, spec, halt=stop, goals=(Goal.REPLACE, goal))
    assert [one.verdict.code for one in run.results] == [143, 0]
    assert not any("out of its load balancers" in line for line in run.results[0].verdict.left)
    if goal is Goal.RESTORE:
        assert told(run, What.DEREGISTER).keys().isdisjoint(run.found_ids)
    else:
        started = [one for one in run.events if isinstance(one, HookStarted) and one.instance == begun[0]]
        assert len(started) == 2 and begun[0] not in run.members


def test_a_zone_that_is_shifted_meanwhile_keeps_it_where_it_is() -> None:
    begun, over = anyio.Event(), list[float]()

    async def telling(call: HookCall) -> int:
        begun.set()
        await anyio.sleep(60.0)
        return 0

    async def shifts(world: World) -> None:
        await begun.wait()
        (source, *_), zone = world.state.groups["web"].target_groups, world.members("web")[0].zone
        world.shift_zone(source, zone, active=True)
        await anyio.sleep(300.0)
        world.advance()
        world.shift_zone(source, zone, active=False)
        over.append(world.now)

    run = simulate(three, RolloutSpec(hooks=Hooks(before_draining=telling)), others=shifts)
    assert run.result.verdict.code == 0
    assert min(told(run, What.DEREGISTER).values()) >= over[0]


def test_where_the_floor_is_lost_meanwhile_it_serves_on_until_it_holds_again() -> None:
    """The application of the newcomer that was to take its place breaks while it is being told."""
    begun = anyio.Event()
    broke: list[float] = []

    async def telling(call: HookCall) -> int:
        begun.set()
        await anyio.sleep(60.0)
        return 0

    async def breaks(world: World) -> None:
        await begun.wait()
        (new,) = [one.id for one in world.members("web") if one.in_service and one.id not in found]
        world.break_app(new, mended_after=400.0)
        broke.append(world.now)

    found: set[str] = set()

    def build(world: World) -> None:
        three(world)
        found.update(one.id for one in world.members("web"))

    run = simulate(build, RolloutSpec(hooks=Hooks(before_draining=telling)), others=breaks)
    assert run.result.verdict.code == 0 and run.left == run.found
    first = min(at for id, at in told(run, What.DEREGISTER).items() if id in found)
    record = (one for one in run.world.record if one.what is What.HEALTHY and one.instance not in found)
    assert first > min(one.at for one in record if one.at > broke[0]), "another new one, or the same again"
    assert min(one.serving for one in run.history) >= 3


@pytest.mark.parametrize("surge", [0, 1])
def test_a_running_command_may_end_when_all_is_put_back(surge: int) -> None:
    """Ctrl-C while it runs: one command at a time, none is cut, and who was told serves on and is named."""
    at: dict[str, list[float]] = {}

    async def telling(call: HookCall) -> int:
        at.setdefault(call.instance, []).append(anyio.current_time())
        await anyio.sleep(300.0)
        at[call.instance].append(anyio.current_time())
        return 0

    async def stop(world: World, halt: Halt) -> None:
        while not at:
            await anyio.sleep(1.0)
        halt.request(Stop.FINISH)

    run = simulate(
        three, RolloutSpec(max_surge=surge, max_unavailable=1, hooks=Hooks(before_draining=telling)), halt=stop
    )
    assert run.result.verdict.code == 130 and run.left == run.found
    spans = sorted(at.values())
    assert all(len(span) == 2 for span in spans) and all(a[1] <= b[0] for a, b in pairwise(spans))
    (first, *_) = at
    assert any(first in one.text and "was run" in one.text for one in run.events if isinstance(one, Warned))


@pytest.mark.parametrize("seconds", [0.0, 60.0, 300.0])
@pytest.mark.parametrize("kill", [8, 12, 16, 24, 36])
def test_who_was_told_by_a_killed_run_is_told_once_more_and_no_third_time(seconds: float, kill: int) -> None:
    """Who is new has to stay well anew for the next run, which may take longer than its command."""

    async def yes(call: HookCall) -> int:
        return 0

    spec = RolloutSpec(canary_wait=0.0, min_ready=seconds, hooks=Hooks(before_draining=yes))
    build = partial(a_group, size=4, minimum=1, maximum=8, delay=20.0)
    run = simulate(build, spec, goals=(Goal.REPLACE,) * 2, kill_after=kill)
    assert run.result.verdict.code == 0 and run.members.isdisjoint(run.found_ids)
    asked = {id: [call.resumed for call in run.hooks.calls if call.instance == id] for id in run.found_ids}
    assert all(one in ([False], [False, True]) for one in asked.values()), asked
    assert min(one.serving for one in run.history) >= 4


def test_an_ill_one_goes_first_where_both_cannot() -> None:
    """Another old one breaks for good while the first is being told: that one steps back, and all are replaced."""
    asked: list[str] = []

    async def telling(call: HookCall) -> int:
        asked.append(call.instance)
        await anyio.sleep(60.0)
        return 0

    async def breaks(world: World) -> None:
        while not asked:
            await anyio.sleep(1.0)
        world.break_app(next(one.id for one in world.members("web") if one.id != asked[0]))

    run = simulate(three, RolloutSpec(hooks=Hooks(before_draining=telling)), others=breaks)
    assert run.result.verdict.code == 0 and len(run.result.replaced) == 3
    assert run.result.seconds < 3000.0


def test_gone_on_without_it_who_is_out_is_put_back() -> None:
    """Stopped at once in the command, gone on without, stopped at once when it is out, and put back: all serve."""

    async def story() -> tuple[World, list[GroupResult], frozenset[str]]:
        world = World(1, asyncio.get_running_loop().time)
        three(world)
        found, asked, out = frozenset(one.id for one in world.members("web")), list[str](), list[str]()

        async def telling(call: HookCall) -> int:
            asked.append(call.instance)
            await anyio.sleep(900.0)
            return 0

        async def stops(halt: Halt, seen: Callable[[], bool]) -> None:
            while not seen():
                await anyio.sleep(1.0)
            halt.request(Stop.NOW)

        def is_out() -> bool:
            return any(one.what is What.DEREGISTER and one.instance in found for one in world.record)

        results = []
        given, none = {"hooks": Hooks(before_draining=telling)}, {"without_commands": True}
        for run, spec, seen in (("one", given, lambda: bool(asked)), ("two", none, is_out)):
            halt = Halt()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(stops, halt, seen)
                results.append(await conductor(world, run, halt=halt, **spec).run())
        results.append(await conductor(world, "three", Goal.RESTORE).run())
        return world, results, found | frozenset(out)

    world, results, found = run_virtual(story)
    assert [one.verdict.code for one in results] == [143, 143, 0]
    group = world.state.groups["web"]
    listed = {one.id for one in world.members("web") if world.state.registered(group.target_groups[0], one.id)}
    assert found <= listed
