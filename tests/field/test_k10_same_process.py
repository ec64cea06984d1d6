"""K10: the same group twice in one process, as two requests of a deployment service; and one after a cancelled one."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.journal import Goal, Journal
from async_rollout.engine import identity, preview
from async_rollout.engine.fleet import restore, roll_out
from async_rollout.engine.identity import identify, is_here, is_over, under_way
from async_rollout.engine.result import Summary
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.drafts import snapshot_of
from support.fleets import not_as_found, world_of
from support.simulation import ours

pytestmark = pytest.mark.skipif("none" in identify(Goal.REPLACE).holder, reason="this system does not tell processes")


def rolls(world: World) -> asyncio.Task[Summary]:
    """Each request has a cloud of its own."""
    return asyncio.create_task(roll_out(PortCloud(world).groups("web")))


def test_k10_the_second_is_refused_at_once_and_names_the_run() -> None:
    async def story() -> tuple[Summary, float, Summary, str]:
        world = world_of("web")
        first = rolls(world)
        await anyio.sleep(60.0)
        began = anyio.current_time()
        second = await rolls(world)
        took = anyio.current_time() - began
        (seen,) = await preview.status(PortCloud(world).groups("web"))
        return second, took, await first, str(seen.run)

    second, took, first, run = run_virtual(story)
    verdict = second.results[0].verdict
    assert (verdict.outcome, verdict.code, first.code) == (Outcome.HELD, 5, 0)
    assert run in verdict.why and "in this very process" in verdict.why
    assert took < 2.0


def test_k10_after_a_cancelled_one_the_next_does_not_wait_for_its_lease() -> None:
    async def story() -> tuple[World, Summary, float, bool | None]:
        world = world_of("web")
        with anyio.move_on_after(100.0):
            await roll_out(PortCloud(world).groups("web"))
        assert ours(world.state.groups["web"])
        (seen,) = await preview.status(PortCloud(world).groups("web"))
        began = anyio.current_time()
        back = await restore(PortCloud(world).groups("web"))
        return world, back, anyio.current_time() - began, seen.alive

    world, back, took, alive = run_virtual(story)
    assert (back.code, alive) == (0, False)
    assert not_as_found(world, "web") == []
    assert took < 120.0, "the lease alone lasts 180 s"


def test_k10_restore_still_stops_a_live_one() -> None:
    async def story() -> tuple[Summary, Summary]:
        world = world_of("web")
        first = rolls(world)
        await anyio.sleep(60.0)
        return await restore(PortCloud(world).groups("web")), await first

    back, first = run_virtual(story)
    assert (back.code, first.code) == (0, 130)


def test_k10_only_this_process_knows_of_its_runs() -> None:
    record = snapshot_of("SSS", record={"holder": identify(Goal.REPLACE).holder}).observation.journal
    other = snapshot_of("SSS", record={"holder": "elsewhere/boot/1/1/1"}).observation.journal
    assert isinstance(record, Journal) and isinstance(other, Journal)
    me = identify(Goal.REPLACE)
    assert is_over(record) and not is_here(record)
    with under_way(type(me)(run=record.run, holder=me.holder)):
        assert is_here(record) and not is_over(record)
        assert not is_here(other)
    assert not is_over(other) and not is_over(None) and not is_here(None)
    assert record.run not in identity._UNDER_WAY
