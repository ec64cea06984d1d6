"""The original script's loop by its own rules: its steps in their order, its pauses, one loop a group.

Not its code. It takes one group a call, so groups at once are as many of it at once.
"""

from __future__ import annotations

from functools import partial

from async_rollout.sandbox.world import World
from support.traffic.scene import Scene

SUSPENDED = ("ScheduledActions", "AlarmNotification", "AZRebalance")
SETTLING, LOOKING = 5.0, 10.0
"""Seconds between its looks at the group, and at load balancers."""


async def original(scene: Scene) -> None:
    await scene.each(_roll)


async def _roll(scene: Scene, name: str) -> None:
    """Desired goes up by one once; then out of the load balancers, terminated, and AWS launches the next."""
    world, found = scene.world, scene.world.group(name)
    if found.maximum == found.desired:
        world.update_group(name, maximum=found.maximum + 1)
    world.suspend(name, SUSPENDED)
    await scene.sleep(3.0)
    await scene.until(partial(_settled, world, name), SETTLING)
    await _all_well(scene, name)
    known = _members(world, name)
    world.set_desired_capacity(name, found.desired + 1)
    for number, id in enumerate(scene.old[name], 1):
        await scene.sleep(3.0)
        await scene.until(partial(_settled, world, name), SETTLING)
        await scene.until(partial(_somebody_new, world, name, known), LOOKING)
        await _all_well(scene, name)
        await _out(scene, name, id)
        await scene.sleep(2.0)
        known = _members(world, name)
        world.terminate(id, decrement=number == len(scene.old[name]))
    world.resume(name, SUSPENDED)
    world.update_group(name, maximum=found.maximum)


def _members(world: World, name: str) -> frozenset[str]:
    return frozenset(one.id for one in world.members(name))


def _settled(world: World, name: str) -> bool:
    """As many are called Healthy as are desired; one that is Pending is, too."""
    return sum(one.health == "Healthy" for one in world.members(name)) == world.group(name).desired


def _somebody_new(world: World, name: str, known: frozenset[str]) -> bool:
    return bool(_members(world, name) - known)


async def _all_well(scene: Scene, name: str) -> None:
    """Each load balancer in turn holds all of the group, healthy."""
    for source in scene.world.group(name).source_ids:
        await scene.until(partial(_well, scene.world, name, source), LOOKING)


def _well(world: World, name: str, source: str) -> bool:
    return _members(world, name) <= {one.instance for one in world.look().registered(source) if one.state == "healthy"}


async def _out(scene: Scene, name: str, id: str) -> None:
    """Out of all load balancers, then gone from each in turn."""
    sources = scene.world.group(name).source_ids
    for source in sources:
        scene.world.deregister(source, id)
    for source in sources:
        await scene.until(partial(_gone, scene.world, source, id), LOOKING)


def _gone(world: World, source: str, id: str) -> bool:
    return not world.look().registered(source, id)
