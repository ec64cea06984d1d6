"""The http door: real aioboto3 clients through a loopback socket, and what happens behind the scenes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aioboto3
import aiohttp
import anyio
import pytest
from aiobotocore.config import AioConfig
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.doors.http import environment, serve
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.world import World

ONCE = AioConfig(retries={"total_max_attempts": 1})


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own AWS set-up gets in."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)


@asynccontextmanager
async def client(service: str, endpoint: str) -> AsyncIterator[Any]:
    async with aioboto3.Session().client(service, endpoint_url=endpoint, config=ONCE) as made:
        yield made


async def test_every_service_answers_at_one_endpoint(world: World) -> None:
    group = a_group(world)
    async with serve(world) as endpoint:
        async with client("autoscaling", endpoint) as auto:
            reply = await auto.describe_auto_scaling_groups()
            assert [len(one["Instances"]) for one in reply["AutoScalingGroups"]] == [3]
            assert reply["ResponseMetadata"]["HTTPHeaders"]["date"] == "Mon, 05 Jan 2026 08:00:00 GMT"
        async with client("elb", endpoint) as elb:
            (row,) = (await elb.describe_load_balancers())["LoadBalancerDescriptions"]
            assert row["LoadBalancerName"] == "web-classic"
        async with client("elbv2", endpoint) as elbv2:
            rows = (await elbv2.describe_target_groups())["TargetGroups"]
            assert [row["TargetGroupArn"] for row in rows] == list(group.target_groups)
            (row,) = (await elbv2.describe_load_balancers(LoadBalancerArns=rows[0]["LoadBalancerArns"]))[
                "LoadBalancers"
            ]
            assert [zone["ZoneName"] for zone in row["AvailabilityZones"]] == list(group.zones)
        async with client("ec2", endpoint) as ec2:
            assert len((await ec2.describe_instances())["Reservations"]) == 3
        async with client("sts", endpoint) as sts:
            assert (await sts.get_caller_identity())["Account"] == world.account
        async with client("s3", endpoint) as s3:
            with pytest.raises(ClientError, match="SandboxNotSimulated"):
                await s3.list_buckets()
        async with client("ecs", endpoint) as ecs:
            assert (await ecs.list_clusters())["clusterArns"] == []
            with pytest.raises(ClientError, match="SandboxNotSimulated"):
                await ecs.create_cluster()
        async with client("ssm", endpoint) as ssm:
            with pytest.raises(ClientError, match="SandboxNotSimulated"):
                await ssm.get_parameter(Name="x")


@pytest.mark.parametrize(
    ("kind", "error", "desired"),
    [
        (FaultKind.HTML_503, ResponseParserError, 3),
        (FaultKind.RESET, ConnectionClosedError, 3),
        (FaultKind.LOST_ANSWER, ConnectionClosedError, 2),
        (FaultKind.THROTTLE, ClientError, 3),
    ],
)
async def test_faults(world: World, kind: FaultKind, error: type[Exception], desired: int) -> None:
    a_group(world, minimum=1)
    async with (
        serve(world, Faults(world, [Fault(kind=kind, count=1)])) as endpoint,
        client("autoscaling", endpoint) as auto,
    ):
        with pytest.raises(error):
            await auto.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
        assert world.group("web").desired == desired
        await auto.describe_auto_scaling_groups()  # and the next call is well


async def test_a_delay_goes_by_the_worlds_seconds() -> None:
    world = World(1)
    faults = Faults(world, [Fault(kind=FaultKind.DELAY, seconds=50.0)])
    async with serve(world, faults, speed=1000.0) as endpoint, client("sts", endpoint) as sts:
        began = anyio.current_time()
        await sts.get_caller_identity()
        assert 0.05 <= anyio.current_time() - began < 25.0


async def test_our_own_mistake_is_an_answer_and_no_page(world: World, caplog: pytest.LogCaptureFixture) -> None:
    group = a_group(world)
    del world.state.sources[group.target_groups[0]], world.state.registrations[group.target_groups[0]]
    world.state.rosters["web"] = ("i-lost",)
    async with serve(world) as endpoint, client("autoscaling", endpoint) as auto:
        with pytest.raises(ClientError, match="InternalFailure.*the sandbox failed: KeyError"):
            await auto.describe_auto_scaling_groups()
    assert "the sandbox failed" in caplog.text


async def test_behind_the_scenes(world: World, clock: ManualClock) -> None:
    a_group(world, size=2, maximum=4)
    async with serve(world) as endpoint, aiohttp.ClientSession(endpoint) as http:

        async def get(path: str) -> Any:
            async with http.get(path) as reply:
                return await reply.json()

        async def post(path: str, **body: object) -> int:
            async with http.post(path, json=body) as reply:
                return reply.status

        id = world.members("web")[0].id
        assert await post("/_sandbox/human", group="web", desired=3) == 200
        assert await post("/_sandbox/human", kill=id) == 200
        assert [await post("/_sandbox/human", group="web", desired=9), await post("/_sandbox/human", sing=1)] == [
            400,
            400,
        ]
        assert await post("/_sandbox/faults", kind="throttle", action="sts", count=1) == 200
        assert await post("/_sandbox/faults", kind="surprise") == 400
        clock.move(300.0)
        record, history = await get("/_sandbox/record"), await get("/_sandbox/history")
        assert {"what": "set sizes", "who": "human", "detail": "2/2/4 -> 2/3/4"}.items() <= record[0].items()
        assert (history[0]["desired"], history[-1]["serving"]) == (2, 3)
        arn = world.group("web").target_groups[0]
        assert await post("/_sandbox/human", shift=arn, zone="eu-west-1a") == 200 and world.healthy("web") < 3
        assert await post("/_sandbox/human", shift=arn, zone="eu-west-1a", active=False) == 200
        assert world.healthy("web") == 3
        assert [await post("/_sandbox/human", delete="web-classic") for _ in range(2)] == [200, 400]
        other = world.members("web")[0].id
        assert [(await http.get(f"/_sandbox/app/{one}")).status for one in (id, other)] == [503, 200]
        async with client("sts", endpoint) as sts:
            with pytest.raises(ClientError, match="Throttling"):
                await sts.get_caller_identity()
        assert await get("/_sandbox/calls") == {"sts:GetCallerIdentity": 1}


async def test_its_end_is_quick_and_frees_the_port(world: World) -> None:
    began = anyio.current_time()
    async with serve(world) as endpoint, aiohttp.ClientSession() as http:
        await (await http.get(f"{endpoint}/_sandbox/calls")).read()
        port = int(endpoint.rpartition(":")[2])
    assert anyio.current_time() - began < 5.0
    with pytest.raises(EndpointConnectionError):
        async with client("sts", endpoint) as sts:
            await sts.get_caller_identity()
    async with serve(world, port=port) as again:
        assert again == endpoint


async def test_cancelled_with_a_request_in_flight_it_still_closes(world: World) -> None:
    ports: list[int] = []
    slow = Faults(world, [Fault(kind=FaultKind.DELAY, seconds=1e6)])

    async def hold() -> None:
        async with serve(world, slow) as endpoint, client("sts", endpoint) as sts:
            ports.append(int(endpoint.rpartition(":")[2]))
            await sts.get_caller_identity()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hold)
        while not world.calls:
            await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    async with serve(world, port=ports[0]) as endpoint:
        assert endpoint.endswith(f":{ports[0]}")


async def test_another_process_needs_only_the_environment() -> None:
    """boto3, without anything of ours."""
    asked = "boto3.client('autoscaling').describe_auto_scaling_groups()['AutoScalingGroups'][0]"
    script = f"import boto3; print({asked}['MaxSize'])"
    async with Sandbox("demo", clock=ManualClock()).serve() as endpoint:
        variables = {"PATH": os.environ["PATH"], **environment(endpoint)}
        done = await anyio.run_process([sys.executable, "-c", script], env=variables, stderr=subprocess.STDOUT)
    assert done.stdout == b"4\n"


async def test_a_call_takes_its_time_half_of_it_before_it_is_executed(world: World) -> None:
    a_group(world)
    async with serve(world, latency=(0.2, 0.2)) as endpoint, client("autoscaling", endpoint) as auto:
        began = anyio.current_time()
        await auto.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
        took = anyio.current_time() - began
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(auto.suspend_processes, AutoScalingGroupName="web"))
            await anyio.sleep(0.05)
            assert world.calls["autoscaling:SuspendProcesses"] == 0
            tasks.cancel_scope.cancel()
    assert took >= 0.2


CONTROL = [
    b"", b"{", b"[]", b"1", b'"x"', b"[" * 100_000, b"\xff", b'{"kind": []}', b'{"kind": "throttle", "count": "x"}',
    b'{"kind": "throttle", "action": "("}', b'{"kind": "throttle", "window": [1]}', b'{"kind": "500", "odd": 1}',
    b'{"group": "web", "desired": "x"}', b'{"group": "web", "desired": 1.5}', b'{"group": ["web"]}', b'{"kill": "i"}',
    b'{"release": "none"}', b'{"release": "web-template", "deleted": 9}', b'{"group": "web", "units": -1}',
    b'{"group": "web", "units": true}', b'{"group": "web", "units": NaN}', b'{"group": "none", "units": 1}',
    b'{"group": "web", "units": 1, "per": []}', b'{"group": "web", "units": 1, "alarms": [1]}',
    b'{"group": "web", "units": 1, "alarms": {"up": {"threshold": "x"}}}',
    b'{"group": "web", "units": 1' + b"0" * 400 + b"}",
]  # fmt: skip


async def test_behind_the_scenes_nonsense_is_400_and_changes_nothing(world: World) -> None:
    a_group(world)
    async with serve(world) as endpoint, aiohttp.ClientSession(endpoint) as http:
        before = world.version
        for path in ("/_sandbox/human", "/_sandbox/faults", "/_sandbox/load"):
            for body in CONTROL:
                async with http.post(path, data=body) as reply:
                    assert (reply.status, "error" in await reply.json()) == (400, True), (path, body[:40])
        assert world.version == before
        async with client("sts", endpoint) as sts:
            await sts.get_caller_identity()


@pytest.mark.parametrize("headers", [{"content-encoding": "gzip"}, {"content-type": "application/json"}, {}])
async def test_a_body_that_cannot_be_read_is_400(world: World, headers: dict[str, str]) -> None:
    async with serve(world) as endpoint, aiohttp.ClientSession(endpoint) as http:
        for body in (b"\x00\xff{", b"x" * 3_000_000):
            async with http.post("/", data=io.BytesIO(body), headers=headers) as reply:
                assert reply.status in (400, 501)
                assert reply.content_type in ("text/xml", "application/x-amz-json-1.1")
