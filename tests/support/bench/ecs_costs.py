"""What it takes to replace hosts of ECS: the very same draws, rolled in different ways, on a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from async_rollout import RolloutSpec, connect, roll_out
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.ecs.records import Service
from async_rollout.sandbox.history import Happening, What
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.bench.ecs_counted import counted_out
from support.bench.ecs_draws import CLUSTER, GROUP, Draw, Ill, built
from support.bench.ecs_ecsmec import ecsmec
from support.bench.ecs_refresh import refreshed
from support.bench.ecs_scene import EcsScene, Way

HORIZON = 50 * 3600.0
"""Seconds after which an ill draw is looked at for the last time: a lifecycle hook holds an instance for 48 hours."""
SERVING = ("RUNNING", "DEACTIVATING")
"""What a task is as long as a target group sends to it, or lets it finish what it has sent."""


async def _ours(scene: EcsScene, surge: int | str) -> str:
    """The product itself, over the wire, with its defaults."""
    async with connect(session=session(scene.world), jitter=lambda: 0.5) as cloud:
        summary = await roll_out(cloud.groups(scene.group), RolloutSpec(max_surge=surge))
    return summary.results[0].verdict.why if summary.code else ""


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "async-rollout": partial(_ours, surge=1),
        "async-rollout, --max-surge 100%": partial(_ours, surge="100%"),
        "instance refresh 100/110 (model)": partial(refreshed, first=True, awaits=True),
        "instance refresh 100/110, hooks not waited for (model)": partial(refreshed, first=True, awaits=False),
        "instance refresh 90/100 (model)": partial(refreshed, first=False, awaits=True),
        "ecsmec (model)": ecsmec,
        "rolling_replace.py (model)": counted_out,
    }
)
"""By what people call it."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """One draw rolled once. ran: seconds until it has ended; wall: until the last old host that goes is gone, too.

    moves: tasks of services that were stopped, whatever stopped them, of `tasks` that there were; without daemons.
    killed: tasks that were there still as their host ended; serving: those that were SERVING then.
    least: of the services that keep all of their tasks, the share that was healthy at the worst moment.
    gone: old hosts that were gone as it ended, or on their way out with no way back.
    said: its last words, empty: it said that it was done.
    Of ill draws, 50 hours after the beginning: ended, old hosts that are gone; missing, tasks that services lack;
    draining, hosts that are left DRAINING.
    """

    ran: float
    wall: float
    moves: int
    tasks: int
    killed: int
    serving: int
    least: float
    gone: int
    ended: int
    missing: int
    draining: int
    said: str


def cost(draw: Draw, way: Way) -> Cost:
    """Same arguments, same cost."""

    async def main() -> Cost:
        world = World(draw.seed, loop_clock())
        old = built(world, draw)
        scene = EcsScene(world=world, group=GROUP, cluster=CLUSTER, old=old)
        began, services = scene.now, _kept(world)
        said = await way(scene)
        over, gone = scene.now, len(old) - len(scene.left())
        if draw.ill is Ill.NOTHING:
            await scene.within(
                lambda: all(world.instance(id).ec2 == "terminated" for id in old), every=1.0, limit=600.0
            )
        else:
            await asyncio.sleep(began + HORIZON - scene.now)
        return _counted(scene, services, began=began, over=over, gone=gone, said=said)

    return run_virtual(main)


def _kept(world: World) -> list[Service]:
    return [one for one in world.state.services.values() if not one.daemon]


def _counted(scene: EcsScene, services: list[Service], *, began: float, over: float, gone: int, said: str) -> Cost:
    world, ids = scene.world, frozenset(scene.old)
    mine = frozenset(f"service:{one.name}" for one in services)
    stopped = [one for one in _told(world, What.TASK) if one[1] == "STOPPED" and one[0] in mine]
    killed = _told(world, What.TASK_LOST)
    ends = [one.at for one in world.record if one.what in (What.GONE, What.DIED) and one.instance in ids]
    return Cost(
        ran=over - began,
        wall=max([over, *ends]) - began,
        moves=len(stopped),
        tasks=sum(one.desired for one in services),
        killed=len(killed),
        serving=sum(one[1] in SERVING for one in killed),
        least=_least(world),
        gone=gone,
        ended=sum(world.instance(id).ec2 == "terminated" for id in ids),
        missing=sum(max(0, one.desired - world.ecs.numbers.now(one.arn).healthy) for one in services),
        draining=sum(host.status == "DRAINING" for host in world.ecs.hosts_in(CLUSTER) if host.ended_at is None),
        said=said,
    )


def _told(world: World, what: What) -> list[list[str]]:
    """The words of each such happening: a task's group, its lastStatus, its id, and why."""
    happened: list[Happening] = [one for one in world.record if one.what is what]
    return [one.detail.split() for one in happened]


def _least(world: World) -> float:
    kept = {one.arn for one in _kept(world) if one.minimum >= 100}
    return min(one.healthy / one.desired for one in world.ecs.history if one.service in kept)
