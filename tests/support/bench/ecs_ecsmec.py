"""ecsmec's `replace-auto-scaling-group-instances`, a model of ours: its steps, pauses and limits, none of its code.

Made from its README and from what is known of its release 0.1.3 (2024): the group is doubled, rounded up to a multiple
of its zones; new hosts have five minutes to be in service, and five to register; tasks of no service are stopped; up to
a hundred hosts are set DRAINING, ten a call; the tasks that were listed before that have ten minutes to be STOPPED, and
each ten of the services ten minutes to be stable; then all are detached, twenty a call, and ended at EC2, past their
group's lifecycle hooks. It asks "Press ENTER" before it drains: here somebody does so at once. What fails ends it, and
nothing is put back: its tags on the group let the same command go on.
"""

from __future__ import annotations

from functools import partial
from itertools import cycle

from async_rollout.aws.single_flight import chunks
from async_rollout.sandbox.ecs.records import Host
from async_rollout.sandbox.records import Instance
from support.bench.ecs_scene import EcsScene

LAUNCH, LOOKING = 300.0, 10.0
MINUTES_10 = 600.0
STOPPED_EACH, STABLE_EACH, ENDED_EACH = 6.0, 15.0, 15.0
"""Seconds between the looks of its waiters."""
BATCH, TASKS, SERVICES, DETACHED = 100, 100, 10, 20
"""Hosts drained at once, and how many of each are asked about or detached in one call."""
WHO = "ecsmec"


async def ecsmec(scene: EcsScene) -> str:
    """The whole command."""
    world, found, began = scene.world, scene.world.group(scene.group), scene.now
    zones, size = len(found.zones), found.desired
    more = size + (-size % zones if zones > 2 else 0)
    world.update_group(scene.group, maximum=max(found.maximum, size + more), desired=size + more, who=WHO)
    if not await scene.within(lambda: _in_service(scene) >= size + more, every=LOOKING, limit=LAUNCH):
        return "the new instances are not in service within 5m0s"
    if not await scene.within(lambda: _registered(scene, began) == more, every=LOOKING, limit=LAUNCH):
        return "the new container instances are not registered within 5m0s"
    victims = _evenly(scene, more)
    for batch in chunks(victims, BATCH):
        if words := await _drained(scene, scene.hosts(batch)):
            return words
    for few in chunks(victims, DETACHED):
        world.detach(scene.group, few, decrement=True, who=WHO)
    for id in victims:
        world.kill(id, who=WHO)
    gone = [world.instance(id) for id in victims]
    if not await scene.within(lambda: all(one.ec2 == "terminated" for one in gone), every=ENDED_EACH, limit=MINUTES_10):
        return "the instances are not terminated within 10m0s"
    world.update_group(scene.group, maximum=found.maximum, who=WHO)
    return ""


def _in_service(scene: EcsScene) -> int:
    return sum(one.lifecycle == "InService" for one in scene.world.members(scene.group))


def _registered(scene: EcsScene, since: float) -> int:
    rows = scene.hosts([one.id for one in scene.world.members(scene.group)])
    return sum(host.registered_at >= since for host in rows)


def _evenly(scene: EcsScene, number: int) -> list[str]:
    """So many, the oldest of each zone in turn, beginning with the fullest: what is left is even.

    Where the group was no multiple of its zones some are new ones.
    """
    zones: dict[str, list[Instance]] = {}
    for one in sorted(scene.world.members(scene.group), key=lambda one: one.launched_at):
        zones.setdefault(one.zone, []).append(one)
    old = {zone: sum(one.id in scene.old for one in members) for zone, members in zones.items()}
    order = sorted(zones, key=lambda zone: (-len(zones[zone]), -old[zone]))
    turns = cycle(order)
    return [zones[next(turns)].pop(0).id for _ in range(number)]


async def _drained(scene: EcsScene, hosts: list[Host]) -> str:
    """Words of why it gave up; empty: all is stopped, and the services are stable."""
    room = scene.world.ecs
    tasks = [task for host in hosts for task in scene.wanted(host)]
    for task in tasks:
        if task.service is None:
            room.stop_task(scene.cluster, task.arn, "Task stopped by ecsmec", who=WHO)
    for few in chunks(hosts, 10):
        room.set_state(scene.cluster, [host.arn for host in few], "DRAINING", who=WHO)
    for some in chunks(tasks, TASKS):
        if not await scene.within(partial(scene.over, some), every=STOPPED_EACH, limit=MINUTES_10):
            return "failed to wait for tasks to stop: exceeded max wait time for TasksStopped waiter"
    services = sorted({task.service for task in tasks if task.service})
    for named in chunks(services, SERVICES):
        if not await scene.within(partial(scene.stable, named), every=STABLE_EACH, limit=MINUTES_10):
            return "failed to wait for services: exceeded max wait time for ServicesStable waiter"
    return ""
