"""Without draining: instances ended at EC2 while load balancers send them requests."""

from __future__ import annotations

from support.traffic.scene import Scene

LOOKING = 1.0


async def ended(scene: Scene) -> None:
    """One of each group at a time, the next when the group is whole again."""
    await scene.each(_roll)


async def _roll(scene: Scene, name: str) -> None:
    world, size = scene.world, scene.world.group(name).desired
    for id in scene.old[name]:
        world.kill(id)
        await scene.until(lambda: world.healthy(name) == size == len(world.members(name)), LOOKING)
