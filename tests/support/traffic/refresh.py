"""AWS's instance refresh, a model of ours made from its documents: one at a time, new ones trusted by the clock.

A new instance counts when it is InService, its group's own health check has nothing against it and the warm-up is over
(as long as the grace period, as where nothing is set). An old one goes by an ordinary termination, draining included,
of the zone that has the most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from async_rollout.sandbox.records import Instance
from async_rollout.sandbox.world import World
from support.traffic.scene import Scene

LOOKING = 1.0
"""Seconds between two looks; AWS's own are not published."""
WHO = "instance refresh"


async def launching_first(scene: Scene) -> None:
    """100 to 110 per cent: of so few, one more than there were."""
    await scene.each(_launching_first)


async def terminating_first(scene: Scene) -> None:
    """At least 90 per cent and no more than there are, where nothing is set: of so few, one fewer."""
    await scene.each(_terminating_first)


async def _launching_first(scene: Scene, name: str) -> None:
    world, found = scene.world, scene.world.group(name)
    world.update_group(name, maximum=found.maximum + 1, desired=found.desired + 1, who=WHO)
    for left in range(len(scene.old[name]), 0, -1):
        await scene.until(lambda: counted(world, name) > found.desired, LOOKING)
        world.terminate(of_the_fullest_zone(world, name, scene.old[name]), decrement=left == 1, who=WHO)
    world.update_group(name, maximum=found.maximum, who=WHO)


async def _terminating_first(scene: Scene, name: str) -> None:
    world, found = scene.world, scene.world.group(name)
    for _ in scene.old[name]:
        world.terminate(of_the_fullest_zone(world, name, scene.old[name]), decrement=False, who=WHO)
        await scene.until(lambda: counted(world, name) >= found.desired, LOOKING)


def of_the_fullest_zone(world: World, name: str, old: Sequence[str]) -> str:
    """One of the old ones that stay, as a termination policy would have it."""
    staying = [one for one in world.members(name) if not one.leaving]
    full = Counter(one.zone for one in staying)
    return max((one for one in staying if one.id in old), key=lambda one: full[one.zone]).id


def counted(world: World, name: str) -> int:
    """How many are InService, healthy by the group's own check, and past their warm-up."""
    warm_up, now = world.group(name).grace, world.look().at
    return sum(_counts(one, warm_up, now) for one in world.members(name))


def _counts(one: Instance, warm_up: float, now: float) -> bool:
    return one.in_service and one.health == "Healthy" and now >= (one.in_service_at or now) + warm_up
