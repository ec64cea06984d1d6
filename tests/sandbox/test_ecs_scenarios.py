"""The worlds with container instances, and what an operator does there by hand, with boto3 over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import aiohttp
import anyio

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.doors.http import environment, serve
from async_rollout.sandbox.history import What
from async_rollout.sandbox.scenarios import build

BY_HAND = """
import boto3, json, sys, time
ecs, elb = boto3.client("ecs"), boto3.client("elbv2")
(cluster,) = ecs.list_clusters()["clusterArns"]
auto = boto3.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
ids = ",".join(one["InstanceId"] for one in auto["Instances"])
pages = ecs.get_paginator("list_container_instances").paginate(cluster=cluster, filter=f"ec2InstanceId in [{ids}]")
rows = [arn for page in pages for arn in page["containerInstanceArns"]]
hosts = ecs.describe_container_instances(cluster=cluster, containerInstances=rows)["containerInstances"]
services = ecs.list_services(cluster=cluster)["serviceArns"]
told = ecs.describe_services(cluster=cluster, services=services)["services"]
tasks = ecs.list_tasks(cluster=cluster, containerInstance=rows[0])["taskArns"]
kept = ecs.get_task_protection(cluster=cluster, tasks=tasks)
ecs.update_container_instances_state(cluster=cluster, containerInstances=rows[:1], status="DRAINING")
print("drained", flush=True)
left = tasks
while left:
    time.sleep(0.05)
    seen = ecs.describe_tasks(cluster=cluster, tasks=tasks)["tasks"]
    left = [one["taskArn"] for one in seen if one["lastStatus"] not in ("STOPPED", "DELETED")]
ecs.get_waiter("services_stable").wait(cluster=cluster, services=services)
(host,) = ecs.describe_container_instances(cluster=cluster, containerInstances=rows[:1])["containerInstances"]
print(json.dumps({
    "hosts": [one["status"] for one in hosts], "services": {one["serviceName"]: one["runningCount"] for one in told},
    "protected": len(kept["protectedTasks"]), "left": host["runningTasksCount"], "status": host["status"],
}))
"""


async def test_by_hand_a_host_is_drained_with_boto3_over_http() -> None:
    clock = ManualClock()
    world = build("ecs", clock=clock)
    number = len(world.ecs.tasks_on(world.ecs.hosts_in("prod")[0].arn))

    async def hurry() -> None:
        while True:
            await anyio.sleep(0.02)
            clock.move(5.0)

    async with serve(world) as endpoint, anyio.create_task_group() as tasks:
        tasks.start_soon(hurry)
        variables = {"PATH": os.environ["PATH"], **environment(endpoint)}
        done = await anyio.run_process([sys.executable, "-c", BY_HAND], env=variables, stderr=subprocess.STDOUT)
        tasks.cancel_scope.cancel()
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert told == {
        "hosts": ["ACTIVE"] * 4,
        "services": {"shop": 8, "api": 4, "worker": 3, "logs": 4},
        "protected": number,
        "left": 0,
        "status": "DRAINING",
    }
    assert not any(one.what is What.TASK_LOST for one in world.record)


def test_the_first_one_drains() -> None:
    clock = ManualClock()
    world = build("ecs", clock=clock)
    world.suspend("web", ["AZRebalance"])
    for host in world.ecs.hosts_in("prod"):
        world.set_desired_capacity("web", world.group("web").desired + 1)
        clock.move(150.0)
        world.ecs.set_state("prod", [host.arn], "DRAINING")
        clock.move(300.0)
        world.advance()
        assert world.ecs.tasks_on(host.arn) == []
        world.terminate(host.instance, decrement=True)
        clock.move(60.0)
    world.advance()
    assert not any(one.what is What.TASK_LOST for one in world.record)
    for service in world.state.services.values():
        seen = [one.healthy for one in world.ecs.history if one.service == service.arn]
        least = service.least if not service.daemon else 3
        assert (min(seen) >= least, seen[-1]) == (True, service.desired)


def test_the_second_one_does_not() -> None:
    clock = ManualClock()
    world = build("ecs-stuck", clock=clock)
    old = world.ecs.hosts_in("prod")
    world.set_desired_capacity("web", 5)
    clock.move(200.0)
    world.ecs.set_state("prod", [host.arn for host in old], "DRAINING")
    clock.move(3 * 3600.0)
    world.advance()
    left = {task.group for host in old for task in world.ecs.tasks_on(host.arn)}
    assert left == {f"service:{name}" for name in ("frozen", "rounded", "pinned", "spread", "guarded")} | {
        "family:migration"
    }
    pinned = next(one for one in world.state.services.values() if one.name == "pinned")
    assert "is missing an attribute required by your task" in pinned.events[0].message
    clock.move(3600.0 + 300.0)
    world.advance()
    left = {task.group for host in old for task in world.ecs.tasks_on(host.arn)}
    assert "service:guarded" not in left


def test_the_third_one_is_its_capacity_providers() -> None:
    world = build("ecs-provider")
    (provider,) = world.state.providers.values()
    assert (provider.group, provider.scaling, provider.protection, provider.draining) == ("web", True, True, True)
    assert {host.provider for host in world.ecs.hosts_in("prod")} == {provider.name}
    assert all(one.protected for one in world.members("web"))


async def test_other_people_behind_the_scenes() -> None:
    clock = ManualClock()
    world = build("ecs", clock=clock)
    host = world.ecs.hosts_in("prod")[0]
    shop = next(one for one in world.state.services if one.endswith("/shop"))
    task = world.ecs.tasks_of(shop)[0].arn
    async with serve(world) as endpoint, aiohttp.ClientSession(endpoint) as http:

        async def post(**body: object) -> int:
            async with http.post("/_sandbox/human", json=body) as reply:
                return reply.status

        assert await post(drain=host.instance) == 200
        assert world.state.hosts[host.arn].status == "DRAINING"
        assert await post(drain=host.instance, active=True) == 200
        assert world.state.hosts[host.arn].status == "ACTIVE"
        assert await post(agent=host.instance, seconds=60) == 200
        assert not world.state.hosts[host.arn].connected
        clock.move(61.0)
        world.advance()
        assert world.state.hosts[host.arn].connected
        assert [await post(agent=host.instance), await post(agent=host.instance, seconds=0)] == [200, 200]
        assert world.state.hosts[host.arn].connected
        assert await post(service=shop, desired=9, deploy=True) == 200
        assert (world.state.services[shop].desired, len(world.state.services[shop].deployments)) == (9, 2)
        assert await post(protect=task, seconds=600) == 200
        assert world.state.tasks[task].is_protected(world.now)
        assert await post(protect=task) == 200
        assert not world.state.tasks[task].is_protected(world.now)
        for wrong in (
            {"drain": "i-0"}, {"agent": host.instance, "seconds": "x"}, {"agent": host.instance, "seconds": -1},
            {"service": "x"}, {"service": shop, "desired": 1.5}, {"service": shop, "desired": -1}, {"protect": "x"},
        ):  # fmt: skip
            assert await post(**wrong) == 400
        async with http.get("/_sandbox/services") as reply:
            rows = await reply.json()
        assert {"service": shop, "desired": 9}.items() <= [row for row in rows if row["service"] == shop][-1].items()
