"""LaunchInstances over the wire: botocore's shapes, AWS's refusals, and the same answer as through the port."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import aioboto3
import anyio
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from async_rollout.core.actions import Launch
from async_rollout.core.outcomes import LaunchError
from async_rollout.engine.ports import Done
from async_rollout.sandbox.doors import codec
from async_rollout.sandbox.doors.http import environment, serve
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.faults import CONTENTION, Fault, FaultKind
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Group, Override
from async_rollout.sandbox.troubles import Troubles
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.words import NO_CAPACITY
from async_rollout.sandbox.world import World
from support.clients import ONCE, code_of, play

A, B = "eu-west-1a", "eu-west-1b"
ASK = {"AutoScalingGroupName": "web", "RequestedCapacity": 1, "ClientToken": "t", "AvailabilityZones": [A]}
CALL = "autoscaling:LaunchInstances"


def test_an_answer_in_botocores_shapes() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        world.troubles["web"] = Troubles(failing_launches=1, launch_message=NO_CAPACITY)
        reply = await aws.autoscaling.launch_instances(**ASK | {"RequestedCapacity": 3})
        ids = [one.id for one in world.members("web")[3:]]
        pool = {
            "InstanceType": "t3.micro", "MarketType": "OnDemand", "SubnetId": world.group("web").subnets[0],
            "AvailabilityZone": A, "AvailabilityZoneId": "euw1-az1",
        }  # fmt: skip
        (error,) = reply["Errors"]
        assert (reply["AutoScalingGroupName"], reply["ClientToken"]) == ("web", "t")
        assert reply["Instances"] == [{**pool, "InstanceIds": ids}] and len(ids) == 2
        assert error.pop("ErrorMessage").startswith("We currently do not have sufficient t3.micro capacity")
        assert error == {**pool, "ErrorCode": "InsufficientInstanceCapacity"}
        again = await aws.autoscaling.launch_instances(**ASK | {"RequestedCapacity": 3})
        assert (again["Instances"], len(world.members("web"))) == (reply["Instances"], 5)

    world = play(story, maximum=9)
    assert world.calls[CALL] == 2


def test_instances_are_told_by_their_type() -> None:
    types = (Override(instance_type="t3.micro"), Override(instance_type="t3.small"))

    def edit(group: Group) -> Group:
        return replace(group, overrides=types, spot=100)

    async def story(world: World, aws: SimpleNamespace) -> None:
        reply = await aws.autoscaling.launch_instances(**ASK | {"RequestedCapacity": 6})
        told = {id: row["InstanceType"] for row in reply["Instances"] for id in row["InstanceIds"]}
        assert told == {one.id: one.instance_type for one in world.members("web")[3:]}
        assert {row["MarketType"] for row in reply["Instances"]} == {"Spot"}
        assert sorted(row["InstanceType"] for row in reply["Instances"]) == ["t3.micro", "t3.small"]

    play(story, maximum=9, edit=edit)


def test_a_zone_is_named_in_one_of_three_ways() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        subnet = world.group("web").subnets[1]
        named = {key: value for key, value in ASK.items() if key not in ("AvailabilityZones", "ClientToken")}
        for way in (
            {"AvailabilityZones": [B]}, {"AvailabilityZoneIds": ["euw1-az2"]}, {"SubnetIds": [subnet]},
            {"SubnetIds": [subnet], "AvailabilityZones": [B]},
        ):  # fmt: skip
            reply = await aws.autoscaling.launch_instances(**named, **way)  # a token of botocore's own making
            (pool,) = reply["Instances"]
            assert (pool["AvailabilityZone"], pool["SubnetId"], len(reply["ClientToken"])) == (B, subnet, 36)
        rows = (await aws.ec2.describe_availability_zones())["AvailabilityZones"]
        assert {row["ZoneName"]: row["ZoneId"] for row in rows}[B] == "euw1-az2"

    assert len(play(story, maximum=9).members("web")) == 7


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"AvailabilityZones": ["eu-west-1f"]}, "eu-west-1f is not part of"),
        ({"AvailabilityZones": [A, B]}, "at 'availabilityZones'"),
        ({"AvailabilityZones": []}, "must be specified"),
        ({"AvailabilityZoneIds": ["euw1-az1"]}, "cannot be specified together"),
        ({"AvailabilityZones": [], "AvailabilityZoneIds": ["euw1-az6"]}, "euw1-az6 is not part of"),
        ({"SubnetIds": ["subnet-0"]}, "subnet-0 is not part of"),
        ({"RetryStrategy": "always"}, "at 'retryStrategy'"),
        ({"RequestedCapacity": 101}, "At most 100"),
        ({"ClientToken": "a b"}, "at 'clientToken'"),
        ({"ClientToken": "t" * 65}, "at 'clientToken'"),
        ({"AutoScalingGroupName": "no"}, "name not found"),
    ],
)
def test_what_does_not_fit_is_a_validation_error(more: dict[str, Any], words: str) -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        with pytest.raises(ClientError) as no:
            await aws.autoscaling.launch_instances(**ASK | more)
        error: Any = no.value.response["Error"]
        assert error["Code"] == "ValidationError" and words in error["Message"]

    assert len(play(story, maximum=9).members("web")) == 3


def test_a_subnet_of_another_zone_than_the_one_named() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        call = aws.autoscaling.launch_instances(**ASK, SubnetIds=[world.group("web").subnets[1]])
        assert await code_of(call) == ("ValidationError", 400)

    assert len(play(story, maximum=9).members("web")) == 3


def test_errors_of_the_operation_have_their_codes_and_status() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        launch = aws.autoscaling.launch_instances
        assert await code_of(launch(**ASK)) == ("ResourceContention", 500)
        assert await code_of(launch(**ASK)) == ("AccessDenied", 403)
        assert await code_of(launch(**ASK)) == ("Throttling", 400)
        await launch(**ASK)
        with pytest.raises(aws.autoscaling.exceptions.IdempotentParameterMismatchError):
            await launch(**ASK | {"RequestedCapacity": 2})
        world.human_edits("web", lambda group: replace(group, warm_pool=True))
        assert await code_of(launch(**ASK | {"ClientToken": "u"})) == ("UnsupportedOperation", 400)

    rules = [replace(CONTENTION, count=1)]
    rules += [Fault(kind=kind, action=CALL, count=1) for kind in (FaultKind.DENIED, FaultKind.THROTTLE)]
    assert len(play(story, *rules, maximum=9).members("web")) == 5


def test_it_draws_from_the_bucket_of_its_service() -> None:
    async def main() -> None:
        world = World(1, loop_clock())
        a_group(world, maximum=99)
        async with session(world, latency=(0.0, 0.0)).client("autoscaling", config=ONCE) as auto:
            for number in range(40):
                await auto.launch_instances(**ASK | {"ClientToken": f"t{number}"})
            assert await code_of(auto.launch_instances(**ASK)) == ("Throttling", 400)
        assert (world.buckets.throttled, len(world.members("web"))) == ({CALL: 1}, 43)

    run_virtual(main)


def test_a_slow_answer_outlasts_its_client_which_asks_again() -> None:
    async def main() -> None:
        world = World(1, loop_clock())
        a_group(world, maximum=9)
        world.troubles["web"].answering = 45.0
        async with session(world, read_timeout=30.0).client("autoscaling", config=ONCE) as auto:
            with pytest.raises(ReadTimeoutError):
                await auto.launch_instances(**ASK)
            assert await code_of(auto.launch_instances(**ASK)) == ("IdempotentCallInProgress", 500)
            with pytest.raises(auto.exceptions.IdempotentCallInProgressFault):
                await auto.launch_instances(**ASK)
            await anyio.sleep(15.0)
            (pool,) = (await auto.launch_instances(**ASK))["Instances"]
        assert pool["InstanceIds"] == [world.members("web")[3].id] and len(world.members("web")) == 4

    run_virtual(main)


def test_an_answer_that_is_lost_was_given() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        with pytest.raises(ConnectionClosedError):
            await aws.autoscaling.launch_instances(**ASK)
        (pool,) = (await aws.autoscaling.launch_instances(**ASK))["Instances"]
        assert pool["InstanceIds"] == [world.members("web")[3].id]

    lost = Fault(kind=FaultKind.LOST_ANSWER, action=CALL, count=1)
    assert len(play(story, lost, maximum=9).members("web")) == 4


# --- all of them


async def test_every_door_gives_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wire's and http's replies, as the port tells them."""

    def fresh() -> World:
        world = World(1)
        a_group(world, maximum=9)
        world.troubles["web"] = Troubles(quota=5)
        return world

    def told(reply: Any) -> Done:
        return Done(
            launched=tuple(id for pool in reply["Instances"] for id in pool["InstanceIds"]),
            errors=tuple(LaunchError(code=row["ErrorCode"], message=row["ErrorMessage"]) for row in reply["Errors"]),
        )

    ask = ASK | {"RequestedCapacity": 3}
    async with session(fresh(), latency=(0.0, 0.0)).client("autoscaling", config=ONCE) as auto:
        wire = told(await auto.launch_instances(**ask))
    async with serve(fresh()) as endpoint:
        for name, value in environment(endpoint).items():
            monkeypatch.setenv(name, value)
        known = aioboto3.Session()
        known._session.register_component("data_loader", codec.loader())
        async with known.client("autoscaling", config=ONCE) as auto:
            http = told(await auto.launch_instances(**ask))
    port = await PortCloud(fresh(), latency=(0.0, 0.0)).act("web", Launch(zone=A, count=3, token="t"))
    assert isinstance(port, Done) and (len(port.launched), len(port.errors)) == (2, 1)
    assert wire == http == port
