"""Stopping a run: gently, at once, by cancelling, and from another machine through the tags."""

from __future__ import annotations

import anyio
import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.belief import Me
from async_rollout.core.journal import Goal
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import Hooks
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.simulation import UNWATCHED, Endless, InstantHooks, MortalCloud, conductor, new_world, ours, simulate


@pytest.mark.parametrize("at", [2.0, 8.0, 14.0, 18.0, 30.0, 70.0, 95.0, 120.0, 135.0, 200.0, 230.0])
def test_a_gentle_stop_at_any_moment_puts_all_back(at: float) -> None:
    async def press(world: World, halt: Halt) -> None:
        await anyio.sleep(at)
        halt.request(Stop.FINISH, "SIGINT")

    run = simulate("at-max", UNWATCHED, halt=press)
    left, verdict = run.left, run.result.verdict
    assert verdict.code == 130, verdict
    assert (left.minimum, left.desired, left.maximum, left.suspended) == (3, 3, 3, ())
    assert ours(left) == []
    assert len(run.members) == 3
    assert min(one.serving for one in run.history) >= 3


@pytest.mark.parametrize("at", [2.0, 14.0, 30.0, 70.0, 95.0, 120.0, 135.0, 200.0])
def test_a_stop_at_once_takes_less_than_five_seconds_and_leaves_a_record_to_go_on_from(at: float) -> None:
    asked: list[float] = []

    async def press(world: World, halt: Halt) -> None:
        await anyio.sleep(at)
        asked.append(anyio.current_time())
        halt.request(Stop.NOW, "SIGTERM")

    run = simulate("at-max", UNWATCHED, halt=press, goals=(Goal.REPLACE, Goal.REPLACE))
    first, second = run.results
    assert first.verdict.code == 143
    assert first.seconds - asked[0] < 5.0
    assert second.verdict.code == 0, second.verdict
    assert not run.found_ids & run.members
    assert run.left.suspended == ()


def test_a_stop_at_once_lets_alarms_and_schedules_run_and_serves_with_all_that_may() -> None:
    async def press(world: World, halt: Halt) -> None:
        await anyio.sleep(95.0)
        halt.request(Stop.NOW, "SIGTERM")

    run = simulate("at-max", UNWATCHED, halt=press)
    assert {name for name, _ in run.left.suspended} == {"ReplaceUnhealthy", "AZRebalance"}
    assert run.result.verdict.left
    registered = [run.world.state.registered(source, id) for source in run.left.source_ids for id in run.found_ids]
    assert all(any(one.state != "draining" for one in each) for each in registered)


def test_cancelling_is_safe_and_the_record_goes_on() -> None:
    async def story() -> tuple[World, GroupResult]:
        world = new_world()
        with anyio.move_on_after(100.0):
            await conductor(world, "first").run()
        assert len(ours(world.state.groups["web"])) >= 3
        return world, await conductor(world, "second").run()

    world, result = run_virtual(story)
    assert result.verdict.code == 0
    assert ours(world.state.groups["web"]) == []


def test_restore_stops_a_live_run_elsewhere_and_waits_until_all_is_put_back() -> None:
    async def story() -> tuple[World, dict[str, GroupResult]]:
        world, results = new_world(), dict[str, GroupResult]()

        async def live() -> None:
            results["live"] = await conductor(world, "live").run()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(live)
            await anyio.sleep(100.0)
            results["back"] = await conductor(world, "back", Goal.RESTORE).run()
        return world, results

    world, ended = run_virtual(story)
    live, back = ended["live"], ended["back"]
    assert (live.verdict.outcome, live.verdict.code) == (Outcome.STOPPED, 130)
    assert "restore" in live.verdict.why
    assert back.verdict.code == 0
    group = world.state.groups["web"]
    assert (group.desired, group.maximum, group.suspended, ours(group)) == (3, 3, (), [])


def test_of_two_runs_on_one_group_the_second_gives_way_and_names_the_first() -> None:
    async def story() -> list[GroupResult]:
        world, results = new_world(), []

        async def roll(name: str) -> None:
            results.append(await conductor(world, name).run())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(roll, "first")
            await anyio.sleep(60.0)
            tasks.start_soon(roll, "second")
        return results

    loser, winner = run_virtual(story)
    assert loser.verdict.code == 5
    assert "host-first" in loser.verdict.why
    assert winner.verdict.code == 0


@pytest.mark.parametrize("apart", [0.0, 0.1, 0.5, 3.0, 6.0, 11.0])
def test_of_two_runs_at_the_same_moment_at_most_one_acts(apart: float) -> None:
    async def story() -> tuple[World, list[GroupResult]]:
        world, results = new_world(), []

        async def roll(name: str, after: float) -> None:
            await anyio.sleep(after)
            results.append(await conductor(world, name).run())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(roll, "first", 0.0)
            tasks.start_soon(roll, "second", apart)
        return world, results

    world, results = run_virtual(story)
    assert sorted(one.verdict.code for one in results) == [0, 5]
    group = world.state.groups["web"]
    assert (group.desired, group.maximum, group.suspended, ours(group)) == (3, 3, (), [])
    assert min(one.serving for one in world.history) >= 3


def test_a_holder_that_slept_through_its_lease_stops_when_it_wakes() -> None:
    async def story() -> list[GroupResult]:
        world, results = new_world(), []
        cloud = MortalCloud(world)
        sleeper = Rollout(
            cloud, "web", UNWATCHED, Me(run="old", holder="host-old/boot/1"), hooks=InstantHooks(),
            tell=lambda event: None, halt=Halt(),
        )  # fmt: skip
        look, asleep = cloud.look, anyio.Event()

        async def slow_look(*args: object) -> object:
            if anyio.current_time() > 100.0 and not asleep.is_set():
                asleep.set()
                await anyio.sleep(1800.0)
            return await look(*args)  # type: ignore[arg-type]

        cloud.look = slow_look  # type: ignore[method-assign,assignment]

        async def old() -> None:
            results.append(await sleeper.run())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(old)
            await asleep.wait()
            results.append(await conductor(world, "new").run())
        return results

    new, old = run_virtual(story)
    assert new.verdict.code == 0
    assert old.verdict.code in (0, 5)


def test_hooks_die_with_a_cancelled_run() -> None:
    slow = Endless()

    async def story() -> None:
        world = new_world()
        with anyio.move_on_after(200.0):
            await conductor(world, "first", hooks=Hooks(before_terminate=slow)).run()

    run_virtual(story)
    assert len(slow.ended) == 1
