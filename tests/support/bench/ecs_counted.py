"""`rolling_replace.py`, a script of which copies are in use, modelled by its known steps: it believes ECS's count.

A third of the hosts at a time: set DRAINING, and each is ended at EC2 as soon as its runningTasksCount is 0, which
counts no task that was told to stop and still serves. Its group finds out and launches the next. Then the services have
to be steady again. Twenty minutes for each of the two.
"""

from __future__ import annotations

from functools import partial

from async_rollout.aws.single_flight import chunks
from async_rollout.sandbox.ecs.records import Host
from support.bench.ecs_scene import EcsScene

BATCHES = 3
LOOKING, LIMIT = 5.0, 1200.0
WHO = "rolling_replace.py"


async def counted_out(scene: EcsScene) -> str:
    """The whole script."""
    services = [one.arn for one in scene.world.ecs.services_in(scene.cluster)]
    for ids in chunks(scene.old, -(-len(scene.old) // BATCHES)):
        hosts = scene.hosts(ids)
        for few in chunks(hosts, 10):
            scene.world.ecs.set_state(scene.cluster, [host.arn for host in few], "DRAINING", who=WHO)
        if not await scene.within(partial(_ended, scene, hosts), every=LOOKING, limit=LIMIT):
            return "Waiting for instance to complete draining. Giving up."
        if not await scene.within(partial(scene.stable, services), every=LOOKING, limit=LIMIT):
            return "the services are not steady after 1200 s"
    return ""


def _ended(scene: EcsScene, hosts: list[Host]) -> bool:
    """Whoever counts no running task is ended; whether all of them are."""
    here = [host for host in hosts if scene.world.instance(host.instance).ec2 == "running"]
    empty = [host for host in here if not any(task.runs for task in scene.wanted(host))]
    for host in empty:
        scene.world.kill(host.instance, who=WHO)
    return len(empty) == len(here)
