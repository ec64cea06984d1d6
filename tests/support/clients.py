"""Real aioboto3 clients on a world, in a virtual loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from botocore.exceptions import ClientError

from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.faults import Fault, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World

ONCE = AioConfig(retries={"total_max_attempts": 1})


@asynccontextmanager
async def clients(
    world: World, faults: Faults | None = None, *, also: tuple[str, ...] = (), **more: Any
) -> AsyncIterator[SimpleNamespace]:
    """A client of each service that every rollout needs, by its name. also: others."""
    async with AsyncExitStack() as stack:
        opened = session(world, faults, **more)
        names = ("autoscaling", "elb", "elbv2", "ec2", "sts", *also)
        made = {name: await stack.enter_async_context(opened.client(name, config=ONCE)) for name in names}
        yield SimpleNamespace(**made)


def play(story: Callable[[World, SimpleNamespace], Awaitable[None]], *rules: Fault, **group: Any) -> World:
    """A world with one group, and a story told through its clients."""

    async def main() -> World:
        world = World(1, loop_clock())
        a_group(world, **group)
        async with clients(world, Faults(world, rules)) as aws:
            await story(world, aws)
        return world

    return run_virtual(main)


async def code_of(call: Awaitable[Any]) -> tuple[str, int]:
    """Code and HTTP status of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        await call
    reply: Any = caught.value.response
    return reply["Error"]["Code"], reply["ResponseMetadata"]["HTTPStatusCode"]
