"""One rollout in real time, over HTTP, beside the very same on the virtual clock: what virtual time hides would show.

A group of three, healthy half a minute after a launch was asked for, drained in fifteen seconds; about two minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import aioboto3  # type: ignore[import-untyped]
import anyio

from async_rollout import connect, roll_out
from async_rollout.engine.ports import GroupRef
from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.doors.http import AWS_LATENCY
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Physics
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.bench.direct import cloud
from support.bench.oracle import fall_of, ideal, rises_of
from support.bench.table import Row
from support.simulation import ASKED

GROUP, SIZE, PROOF = "web", 3, 2.0
PHYSICS = Physics(boot=20.0, warm=6.0, terminate=5.0)


def rows() -> Iterator[Row]:
    """wall / path in real time, on the virtual clock, and how far they are apart."""
    real, virtual = anyio.run(_really), run_virtual(_virtually)
    yield Row(what="wall / path in real time over HTTP; on the virtual clock", measured=(real, virtual))
    yield Row(what="how far apart", measured=(abs(real / virtual - 1),), goal=(0.02,))


async def _really() -> float:
    box = Sandbox("size-0")
    _built(box.world)
    known = aioboto3.Session(aws_access_key_id="sandbox", aws_secret_access_key="sandbox", region_name="eu-west-1")
    async with box.serve() as endpoint, connect(endpoint=endpoint, session=known, api_share=1.0) as one:
        await _rolled(one.groups(GROUP))
    return _ratio(box.world)


async def _virtually() -> float:
    world = World(0, loop_clock())
    _built(world)
    one = cloud(world, api_share=1.0, latency=AWS_LATENCY)
    await _rolled(one.groups(GROUP))
    await one.close()
    return _ratio(world)


def _built(world: World) -> None:
    a_group(world, name=GROUP, size=SIZE, outdated=SIZE, physics=PHYSICS, delay=15.0)


async def _rolled(groups: Sequence[GroupRef]) -> None:
    summary = await roll_out(groups)
    if summary.code:
        raise SystemExit(summary.results[0].verdict.why)


def _ratio(world: World) -> float:
    """From the first raise of desired until the last old one is gone, over the best for these draws."""
    mine = [one for one in world.record if one.group == GROUP]
    launched = {one.instance for one in mine if one.what is What.LAUNCH}
    first = next(one.at for one in mine if one.what in ASKED)
    last = max(one.at for one in mine if one.what is What.GONE and one.instance not in launched)
    rises = rises_of(world, GROUP, old=SIZE, proof=PROOF)
    return (last - first) / ideal(rises, fall_of(world, GROUP), surge=1, draining=1)
