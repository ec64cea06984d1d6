"""K6: the task that rolls is cancelled, as a deployment service does; K8: what it says is left is true by then."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import anyio
import pytest

from async_rollout.core.actions import CloudAction, Deregister, Outcome, Register, Resume
from async_rollout.core.events import FleetEnded, RolloutEnded
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import HookCall, Hooks, RolloutSpec
from async_rollout.engine.clocks import always
from async_rollout.engine.fleet import roll_out
from async_rollout.engine.halt import Halt
from async_rollout.engine.ports import Unknown, Urgency
from async_rollout.engine.result import Summary
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.fleets import Told, Wayward, done_by_us, world_of
from support.simulation import Endless, InstantHooks, ours

SPEC = RolloutSpec()
OTHERS = {"AZRebalance", "ReplaceUnhealthy"}


def suspended(world: World, group: str = "web") -> set[str]:
    return {name for name, _ in world.state.groups[group].suspended}


def draining(world: World, group: str = "web") -> list[str]:
    state = world.state
    sources = state.groups[group].source_ids
    held = (one for id in sources for each in state.members(group) for one in state.registered(id, each.id))
    return [one.state for one in held if one.state == "draining"]


async def until_it_drains(world: World, group: str = "web") -> None:
    while not draining(world, group):
        await anyio.sleep(0.5)


async def rolling(
    world: World, told: Told, *names: str, spec: RolloutSpec = SPEC, halt: Halt | None = None, **more: object
) -> Summary:
    return await roll_out(Wayward(world, **more).groups(*names), spec, tell=told, halt=halt)  # type: ignore[arg-type]


def test_k6_a_cancel_in_a_drain_is_a_stop_at_once() -> None:
    async def story() -> tuple[World, Told, float]:
        world, told = world_of("web", "api"), Told()
        task = asyncio.create_task(rolling(world, told, "web", "api"))
        await until_it_drains(world)
        assert suspended(world) > OTHERS
        began = anyio.current_time()
        task.cancel("the service stops")
        with pytest.raises(asyncio.CancelledError):
            await task
        return world, told, anyio.current_time() - began

    world, told, took = run_virtual(story)
    assert took < SPEC.stop_grace
    for name in ("web", "api"):
        assert suspended(world, name) == OTHERS
        assert draining(world, name) == []
        assert ours(world.state.groups[name])
        (end,) = told.of(RolloutEnded, name)
        assert (end.verdict.outcome, end.verdict.code) == (Outcome.STOPPED, 143)
        assert "AlarmNotification" not in " ".join(end.verdict.left)
    (fleet,) = told.of(FleetEnded)
    assert {end.group: end.code for end in fleet.ends} == {"web": 143, "api": 143}


def test_k6_a_cancel_of_one_call_is_none_of_anothers() -> None:
    """Two calls of a service may share a Halt."""

    async def story() -> tuple[World, list[Summary]]:
        world, halt, ends = world_of("web", "api"), Halt(), []

        async def other() -> None:
            ends.append(await rolling(world, Told(), "api", halt=halt))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(other)
            with anyio.move_on_after(100.0):
                await rolling(world, Told(), "web", halt=halt)
            assert halt.stop is None
        return world, ends

    _, ends = run_virtual(story)
    assert ends[0].ok


def test_k6_a_group_that_had_not_begun_is_told_as_untouched() -> None:
    async def story() -> tuple[World, Told]:
        world, told = world_of("web", "api"), Told()
        with anyio.move_on_after(100.0):
            await roll_out(Wayward(world).groups("web", "api"), tell=told, max_groups=1)
        return world, told

    world, told = run_virtual(story)
    (end,) = told.of(RolloutEnded, "api")
    assert (end.verdict.code, end.verdict.why) == (143, "cancelled; nothing was changed")
    assert done_by_us(world, "api") == []


def test_k6_the_grace_is_kept_though_aws_hangs_and_commands_end() -> None:
    slow = Endless()

    async def hangs(group: str, action: CloudAction) -> None:
        if isinstance(action, Resume):
            await anyio.sleep_forever()

    async def story() -> tuple[World, Told, float]:
        world, told = world_of("web"), Told()
        spec = replace(SPEC, hooks=Hooks(before_terminate=slow), stop_grace=8.0)
        with anyio.move_on_after(300.0) as scope:
            await roll_out(Wayward(world, act=hangs).groups("web"), spec, tell=told, hooks=InstantHooks())
        assert scope.cancelled_caught
        return world, told, anyio.current_time() - 300.0

    world, told, took = run_virtual(story)
    assert 6.5 < took < 8.0
    assert len(slow.ended) == 1
    (end,) = told.of(RolloutEnded, "web")
    assert "8 s" in end.verdict.why and any("AlarmNotification" in line for line in end.verdict.left)
    assert suspended(world) > OTHERS


def test_k6_who_may_have_gone_out_in_the_last_moment_is_named() -> None:
    """Its deregistration was recorded and is in flight when the grace is over: no look has shown it yet."""

    async def hangs(group: str, action: CloudAction) -> None:
        if isinstance(action, Deregister):
            await anyio.sleep_forever()

    async def story() -> tuple[World, Told]:
        world, told = world_of("web"), Told()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: rolling(world, told, "web", act=hangs))
            while not departures_of(world):
                await anyio.sleep(0.5)
            tasks.cancel_scope.cancel()
        return world, told

    world, told = run_virtual(story)
    (end,) = told.of(RolloutEnded, "web")
    (id,) = departures_of(world)
    assert f"{id} is out of its load balancers" in end.verdict.left


def departures_of(world: World) -> list[str]:
    keys = (tag.key for tag in world.state.groups["web"].tags)
    return [key.rpartition(":")[2] for key in keys if ":lane:" in key]


def test_k6_what_does_not_come_through_at_first_is_tried_again_within_the_grace() -> None:
    tries: list[float] = []

    async def story() -> tuple[World, Told]:
        world, told = world_of("web"), Told()
        with anyio.move_on_after(100.0):
            await roll_out(Unlucky(world, tries).groups("web"), tell=told)
        return world, told

    world, told = run_virtual(story)
    assert len(tries) >= 3
    assert suspended(world) == OTHERS
    (end,) = told.of(RolloutEnded, "web")
    assert "AlarmNotification" not in " ".join(end.verdict.left)


class Unlucky(Wayward):
    """The first two times that processes are to be resumed there is no answer."""

    def __init__(self, world: World, tries: list[float]) -> None:
        super().__init__(world)
        self._tries = tries

    async def act(self, group, action, young=always, urgency=Urgency.USUAL):  # type: ignore[no-untyped-def]

        if isinstance(action, Resume):
            self._tries.append(anyio.current_time())
            if len(self._tries) <= 2:
                return Unknown(why="no answer")
        return await super().act(group, action, young, urgency)


def test_k6_a_command_that_takes_its_time_to_end_does_not_change_what_was_told() -> None:
    async def stubborn(call: HookCall) -> int:
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(60.0)

    async def story() -> tuple[World, Told]:
        world, told = world_of("web"), Told()
        spec = replace(SPEC, hooks=Hooks(before_terminate=stubborn))
        with anyio.move_on_after(300.0):
            await roll_out(Wayward(world).groups("web"), spec, tell=told, hooks=InstantHooks())
        return world, told

    world, told = run_virtual(story)
    (end,) = told.of(RolloutEnded, "web")
    assert end.verdict.why == "cancelled" and told.at(RolloutEnded, "web")[0] < 303.0
    assert suspended(world) == OTHERS


@pytest.mark.parametrize("stop", [True, False])
def test_k6_stopped_before_the_first_look_has_come_nothing_was_changed(stop: bool) -> None:
    async def hangs(group: str) -> None:
        if anyio.current_time() > 0.0:
            await anyio.sleep_forever()

    async def story() -> tuple[World, Told]:
        world, told, halt = world_of("web"), Told(), Halt()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: rolling(world, told, "web", halt=halt, look=hangs))
            await anyio.sleep(10.0)
            if stop:
                halt.request(Stop.NOW, "SIGTERM")
            else:
                tasks.cancel_scope.cancel()
        return world, told

    world, told = run_virtual(story)
    (end,) = told.of(RolloutEnded, "web")
    assert (end.verdict.code, end.verdict.why) == (143, f"{'SIGTERM' if stop else 'cancelled'}; nothing was changed")
    assert done_by_us(world) == []


def test_k8_what_is_left_is_what_is_left_by_then() -> None:
    async def story() -> tuple[World, Told]:
        world, told, halt = world_of("web"), Told(), Halt()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: rolling(world, told, "web", halt=halt))
            await until_it_drains(world)
            halt.request(Stop.NOW, "SIGTERM")
        return world, told

    world, told = run_virtual(story)
    (end,) = told.of(RolloutEnded, "web")
    left = end.verdict.left
    assert any(line.startswith("suspended by us: ") for line in left)
    assert {word for line in left if "suspended" in line for word in line.split(": ")[1].split(", ")} == suspended(
        world
    )
    assert not any("is out of its load balancers" in line for line in left)
    assert any(line.endswith("is registered back, not seen healthy yet") for line in left)


def test_k5_all_groups_alarms_are_on_before_any_waits_for_its_load_balancers() -> None:
    """Where registering takes long, nobody's alarms wait for it."""

    async def slow(group: str, action: CloudAction) -> None:
        if isinstance(action, Register):
            await anyio.sleep(60.0)

    async def story() -> World:
        world, told = world_of("web", "api"), Told()
        with anyio.move_on_after(130.0):
            await rolling(world, told, "web", "api", act=slow)
        return world

    world = run_virtual(story)
    assert suspended(world, "web") == suspended(world, "api") == OTHERS
