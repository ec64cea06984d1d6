"""AWS's instance refresh over hosts of ECS, a model of ours made from its documents, each doubt read in its favour.

An old host goes by an ordinary termination. ECS's managed draining has put a lifecycle hook on the group, so AWS holds
the host in Terminating:Wait until its tasks have stopped, for 48 hours at most, and then ends it whatever is left
("Safely stop Amazon ECS workloads running on EC2 instances"). A new one counts when it is InService, healthy, and its
warm-up is over ("How an instance refresh works in an Auto Scaling group"); tasks are not asked about. Ten per cent are
replaced at a time, one at least. It fails when for an hour nothing could be replaced ("Limitations" of the same page).
What the documents leave open is whether a host that its hook holds is waited for: both are modelled.
"""

from __future__ import annotations

from async_rollout.sandbox.world import World
from support.bench.ecs_scene import EcsScene
from support.traffic.refresh import LOOKING, WHO, counted, of_the_fullest_zone

HOUR = 3600.0


async def refreshed(scene: EcsScene, *, first: bool, awaits: bool) -> str:
    """first: launch before terminate, 100 to 110 per cent; False: 90 to 100. awaits: who drains is waited for."""
    world, found = scene.world, scene.world.group(scene.group)
    step = max(1, len(scene.old) // 10)
    spare = step if first else 0
    if first:
        world.update_group(scene.group, maximum=found.maximum + step, desired=found.desired + step, who=WHO)
    for number in range(len(scene.old)):
        if number % step == 0 and not await _may_go_on(scene, found.desired + spare, awaits=awaits):
            return "Failed: nothing could be replaced for an hour; what is Terminating:Wait cannot be called back"
        last = first and number >= len(scene.old) - step
        world.terminate(of_the_fullest_zone(world, scene.group, scene.old), decrement=last, who=WHO)
    if not await _may_go_on(scene, found.desired, awaits=awaits):
        return "Failed: for an hour the last ones had not ended; what is Terminating:Wait cannot be called back"
    world.update_group(scene.group, maximum=found.maximum, who=WHO)
    return ""


async def _may_go_on(scene: EcsScene, number: int, *, awaits: bool) -> bool:
    """So many are trusted, and nobody is still on the way out where that is waited for."""

    def ready() -> bool:
        return counted(scene.world, scene.group) >= number and not (awaits and _leaving(scene.world, scene.group))

    return await scene.within(ready, every=LOOKING, limit=HOUR)


def _leaving(world: World, group: str) -> bool:
    return any(one.leaving for one in world.members(group))
