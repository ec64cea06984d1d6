"""A world without any wire: the real aws layer's calls answered at once by the sandbox's own tables, for large fleets.

What aioboto3 would spend on XML is left out; AWS's latency and its request buckets are not.
"""

from __future__ import annotations

import random
from email.utils import formatdate

import anyio
from botocore.exceptions import ClientError

from async_rollout.aws.calls import Body, Call
from async_rollout.aws.cloud import AwsCloud
from async_rollout.sandbox.doors.answers import TABLES
from async_rollout.sandbox.doors.answers.asked import Asked
from async_rollout.sandbox.simulation import OWNER
from async_rollout.sandbox.words import AwsError
from async_rollout.sandbox.world import World

LATENCY = (0.08, 0.25)
"""Seconds of a call, half of it on the way there (facts on AWS's answers: 80 to 250 ms)."""


class Direct:
    """Takes the calls of one cloud."""

    def __init__(self, world: World, latency: tuple[float, float] = LATENCY) -> None:
        self._world, self._latency = world, latency
        self._rng = random.Random(f"latency {world.seed}")

    async def send(self, call: Call) -> Body:
        """In place of a client."""
        half = self._rng.uniform(*self._latency) / 2
        await anyio.sleep(half)
        body = self._done(call)
        await anyio.sleep(half)
        return body

    def _done(self, call: Call) -> Body:
        world = self._world
        world.advance()
        world.calls[f"{call.service}:{call.operation}"] += 1
        if not world.buckets.admit(call.service, call.operation, world.now):
            raise _refused(call, AwsError("Throttling", "Rate exceeded"))
        asked = Asked(world=world, state=world.look(), params=dict(call.params), who=OWNER)
        try:
            body = TABLES[call.service][call.operation](asked)
        except AwsError as no:
            raise _refused(call, no) from no
        return {**body, "ResponseMetadata": {"HTTPHeaders": {"date": formatdate(world.now, usegmt=True)}}}


def _refused(call: Call, error: AwsError) -> ClientError:
    about = {"Error": {"Code": error.code, "Message": error.message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(about, call.operation)  # type: ignore[arg-type]


def cloud(world: World, *, api_share: float, latency: tuple[float, float] = LATENCY) -> AwsCloud:
    """The real cloud on that world."""
    return AwsCloud(Direct(world, latency).send, region=world.region, jitter=lambda: 0.5, api_share=api_share)
