"""Faults of ECS's calls: what a client makes of them, and whether the call was done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from botocore.exceptions import ConnectionClosedError
from botocore.parsers import ResponseParserError

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.ecs.clusters import a_cluster, a_service
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.world import World
from support.asking import refusal
from support.containers import tell_of

PROD = {"cluster": "prod"}


def a_fleet(world: World) -> None:
    a_group(world, size=3, maximum=6, classic=0, target_groups=0)
    a_cluster(world)
    a_service(world, "prod", "shop", desired=6, target_group=True)


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        (FaultKind.THROTTLE, "ThrottlingException", 400),
        (FaultKind.ERROR_500, "ServerException", 500),
        (FaultKind.EXPIRED, "ExpiredTokenException", 400),
        (FaultKind.DENIED, "AccessDeniedException", 400),
    ],
)
def test_faults_that_ecs_answers(kind: FaultKind, code: str, status: int) -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        told = await refusal(aws.ecs.list_tasks(**PROD))
        assert (told[0], told[2]) == (code, status)
        assert kind is not FaultKind.DENIED or "not authorized to perform: ecs:ListTasks" in told[1]

    tell_of(story, a_fleet, Fault(kind=kind, action="^ecs:"))


def test_an_empty_bucket_throttles() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        for _ in range(100):
            world.buckets.admit("ecs", "ListTasks", world.now + 1.0)
        assert (await refusal(aws.ecs.describe_tasks(**PROD, tasks=["x"])))[0] == "ThrottlingException"
        await aws.ecs.list_services(**PROD)

    tell_of(story, a_fleet)


def test_an_answer_that_cannot_be_read_is_an_empty_one_to_botocore() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        rows = [one.arn for one in world.ecs.hosts_in("prod")]
        for _ in range(8):
            reply = await aws.ecs.list_tasks(**PROD)
            assert reply.keys() == {"ResponseMetadata"}
        await aws.ecs.update_container_instances_state(**PROD, containerInstances=rows[:1], status="DRAINING")
        assert world.state.hosts[rows[0]].status == "DRAINING"
        told = await refusal(aws.ecs.list_tasks(cluster="none"))
        assert told[0] == "ClusterNotFoundException"
        with pytest.raises(ResponseParserError):
            await aws.autoscaling.describe_auto_scaling_groups()

    tell_of(story, a_fleet, Fault(kind=FaultKind.GARBLED, action="^(ecs|autoscaling):"))


@pytest.mark.parametrize(("kind", "done"), [(FaultKind.LOST_ANSWER, True), (FaultKind.RESET, False)])
def test_a_broken_connection_tells_nothing(kind: FaultKind, done: bool) -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        row = world.ecs.hosts_in("prod")[0].arn
        with pytest.raises(ConnectionClosedError):
            await aws.ecs.update_container_instances_state(**PROD, containerInstances=[row], status="DRAINING")
        assert (world.state.hosts[row].status == "DRAINING") is done

    tell_of(story, a_fleet, Fault(kind=kind, action="^ecs:"))


def test_a_page_of_html_with_503_is_an_error_without_a_code() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        assert (await refusal(aws.ecs.list_tasks(**PROD)))[2] == 503

    tell_of(story, a_fleet, Fault(kind=FaultKind.HTML_503, action="^ecs:"))


def test_a_stale_answer_shows_the_tables_as_they_were() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        row = world.ecs.hosts_in("prod")[0].arn
        await anyio.sleep(100)
        await aws.ecs.update_container_instances_state(**PROD, containerInstances=[row], status="DRAINING")
        await anyio.sleep(10)

        async def status() -> Any:
            reply = await aws.ecs.describe_container_instances(**PROD, containerInstances=[row])
            return reply["containerInstances"][0]["status"]

        assert await status() == "ACTIVE"
        await anyio.sleep(60)
        assert await status() == "DRAINING"

    tell_of(story, a_fleet, Fault(kind=FaultKind.STALE, action="^ecs:Describe", seconds=30.0))


def test_an_empty_answer_lists_nothing_in_the_cluster() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        assert (await aws.ecs.list_container_instances(**PROD))["containerInstanceArns"] == []
        assert (await aws.ecs.list_tasks(**PROD))["taskArns"] == []
        assert (await aws.ecs.list_services(**PROD))["serviceArns"] == []
        assert len((await aws.ecs.list_clusters())["clusterArns"]) == 1

    tell_of(story, a_fleet, Fault(kind=FaultKind.EMPTY, action="^ecs:"))


def test_a_gap_lacks_a_host_a_task_or_a_service_now_and_then() -> None:
    world = World(1, ManualClock())
    a_fleet(world)
    faults, before = Faults(world), world.look()
    seen = [faults.partial(before, FaultKind.GAP) for _ in range(60)]
    for table in ("hosts", "tasks", "services"):
        lost = [len(getattr(before, table)) - len(getattr(one, table)) for one in seen]
        assert {*lost} == {0, 1}
