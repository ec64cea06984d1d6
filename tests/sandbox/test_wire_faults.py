"""Faults at the wire door: what a real aioboto3 client makes of them, and whether the call was done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import anyio
import pytest
from aiobotocore.config import AioConfig
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World

ONCE = AioConfig(retries={"total_max_attempts": 1})
Client = Any
"""Of the service that the story's parameter names; without types of its own."""


def play(story: Callable[[World, Client, Client], Awaitable[None]], *rules: Fault) -> None:
    """A story told through an Auto Scaling and an EC2 client of a world with one group."""

    async def main() -> None:
        world = World(1, loop_clock())
        a_group(world, minimum=1)
        opened = session(world, Faults(world, rules))
        async with AsyncExitStack() as stack:
            autoscaling, ec2 = [
                await stack.enter_async_context(opened.client(name, config=ONCE)) for name in ("autoscaling", "ec2")
            ]
            await story(world, autoscaling, ec2)

    run_virtual(main)


async def code_of(call: Awaitable[Any]) -> tuple[str, int]:
    """Code and HTTP status of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        await call
    reply: Any = caught.value.response
    return reply["Error"]["Code"], reply["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("kind", "of_autoscaling", "of_ec2"),
    [
        (FaultKind.THROTTLE, ("Throttling", 400), ("RequestLimitExceeded", 503)),
        (FaultKind.ERROR_500, ("InternalFailure", 500), ("InternalFailure", 500)),
    ],
)
def test_faults_that_aws_answers(kind: FaultKind, of_autoscaling: tuple[str, int], of_ec2: tuple[str, int]) -> None:
    async def story(world: World, autoscaling: Client, ec2: Client) -> None:
        set_desired = autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
        assert await code_of(set_desired) == of_autoscaling
        assert await code_of(ec2.describe_instances()) == of_ec2
        assert world.group("web").desired == 3

    play(story, Fault(kind=kind))


@pytest.mark.parametrize(
    ("kind", "error", "desired"),
    [
        (FaultKind.HTML_503, ResponseParserError, 3),
        (FaultKind.RESET, ConnectionClosedError, 3),
        (FaultKind.LOST_ANSWER, ConnectionClosedError, 2),
    ],
)
def test_faults_without_an_answer(kind: FaultKind, error: type[Exception], desired: int) -> None:
    async def story(world: World, autoscaling: Client, ec2: Client) -> None:
        with pytest.raises(error):
            await autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
        assert world.group("web").desired == desired
        assert world.calls["autoscaling:SetDesiredCapacity"] == 1

    play(story, Fault(kind=kind, action="SetDesired"))


def test_a_delay_beyond_the_read_timeout() -> None:
    async def story(world: World, autoscaling: Client, ec2: Client) -> None:
        began = anyio.current_time()
        with pytest.raises(ReadTimeoutError):
            await ec2.describe_instances()
        assert anyio.current_time() == began + 60
        await ec2.describe_instances()
        assert 100 < anyio.current_time() - began < 102

    many = Fault(kind=FaultKind.DELAY, seconds=90, count=1)
    play(story, many, Fault(kind=FaultKind.DELAY, seconds=40))


def test_a_stale_answer_shows_the_past() -> None:
    async def story(world: World, autoscaling: Client, ec2: Client) -> None:
        async def desired() -> int:
            reply = await autoscaling.describe_auto_scaling_groups()
            return int(reply["AutoScalingGroups"][0]["DesiredCapacity"])

        world.human_sets("web", maximum=5)
        await anyio.sleep(20)
        world.human_sets("web", desired=5)
        await anyio.sleep(5)
        assert await desired() == 3
        assert await desired() == 5

    play(story, Fault(kind=FaultKind.STALE, seconds=10, count=1))


@pytest.mark.parametrize(("kind", "desired"), [(FaultKind.RESET, 3), (FaultKind.LOST_ANSWER, 2)])
def test_a_silence_beyond_the_read_timeout(kind: FaultKind, desired: int) -> None:
    async def story(world: World, autoscaling: Client, ec2: Client) -> None:
        began = anyio.current_time()
        with pytest.raises(ReadTimeoutError):
            await autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
        assert (anyio.current_time() - began, world.group("web").desired) == (60, desired)

    play(story, Fault(kind=kind, silent=90.0))


def test_an_empty_answer() -> None:
    async def story(world: World, autoscaling: Client, ec2: Client) -> None:
        assert (await autoscaling.describe_auto_scaling_groups())["AutoScalingGroups"] == []
        assert len((await autoscaling.describe_auto_scaling_groups())["AutoScalingGroups"]) == 1

    play(story, Fault(kind=FaultKind.EMPTY, count=1))
