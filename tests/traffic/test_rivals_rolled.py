"""The ways of others, on a virtual clock: each does what is known of it, so that its figures are fair."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Physics
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.bench import rivals
from support.traffic.ended import ended
from support.traffic.original import original
from support.traffic.refresh import LOOKING, launching_first, terminating_first
from support.traffic.scene import Roller, Scene

SIZE, DRAIN, WARM_UP = 5, 60.0, 120.0
PHYSICS = Physics(boot=87.0, warm=44.5, terminate=10.0)


def rolled(roller: Roller) -> World:
    """One group of five, all old, behind one load balancer and two target groups."""

    async def main() -> World:
        world = World(0, loop_clock())
        a_group(
            world, size=SIZE, outdated=SIZE, delay=DRAIN, physics=PHYSICS, edit=lambda one: replace(one, grace=WARM_UP)
        )
        scene = Scene(world=world, speed=1.0, endpoint="", old={"web": tuple(one.id for one in world.members("web"))})
        await roller(scene)
        await scene.until(lambda: not scene.left(), 1.0)
        return world

    return run_virtual(main)


@pytest.mark.parametrize(
    ("roller", "fewest", "exist"),
    [
        (original, SIZE, SIZE + 2),
        (launching_first, SIZE, SIZE + 2),
        (terminating_first, SIZE - 1, SIZE + 1),
        (ended, SIZE - 1, SIZE + 1),
    ],
)
def test_each_replaces_all_and_leaves_the_sizes_as_found(roller: Roller, fewest: int, exist: int) -> None:
    world = rolled(roller)
    group = world.group("web")
    assert (group.minimum, group.desired, group.maximum, group.suspended) == (SIZE, SIZE, SIZE, ())
    assert len(world.members("web")) == SIZE
    assert min(one.serving for one in world.history) == fewest
    assert max(one.exist for one in world.history) <= exist


def at(world: World, what: What) -> dict[str, float]:
    return {one.instance: one.at for one in world.record if one.what is what}


def test_the_originals_loop_takes_the_time_that_the_bench_says() -> None:
    world = rolled(original)
    launched, in_service, healthy = (at(world, what) for what in (What.LAUNCH, What.IN_SERVICE, What.HEALTHY))
    ups = [PHYSICS.react + in_service[id] - launched[id] for id in launched]
    rises = [PHYSICS.react + healthy[id] - launched[id] for id in launched]
    first = next(one.at for one in world.record if one.what is What.SET_DESIRED)
    last = max(at(world, What.TERMINATE).values())
    assert last - first == pytest.approx(rivals.original(rises, ups, DRAIN), rel=0.05)


def test_the_originals_loop_killed_in_a_drain_and_begun_again_waits_for_ever() -> None:
    """It asks for all of the group in each load balancer, and has itself taken one out."""

    async def main() -> tuple[bool, int]:
        world = World(0, loop_clock())
        a_group(world, size=SIZE, outdated=SIZE, delay=DRAIN, physics=PHYSICS)
        scene = Scene(world=world, speed=1.0, endpoint="", old={"web": tuple(one.id for one in world.members("web"))})
        first = asyncio.ensure_future(original(scene))
        await scene.until(lambda: world.census("web").draining > 0, 1.0)
        first.cancel()
        again = await asyncio.wait([asyncio.ensure_future(original(scene))], timeout=24 * 3600.0)
        for task in again[1]:
            task.cancel()
        return bool(again[0]), scene.left()

    assert run_virtual(main) == (False, SIZE)


def test_a_refresh_trusts_a_new_one_when_its_warm_up_is_over() -> None:
    world = rolled(launching_first)
    in_service, ended = sorted(at(world, What.IN_SERVICE).values()), sorted(at(world, What.TERMINATE).values())
    late = [out - up - WARM_UP for up, out in zip(in_service, ended, strict=True)]
    assert len(late) == SIZE and min(late) >= 0 and max(late) <= LOOKING
