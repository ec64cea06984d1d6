"""Many acts that wait for AWS's buckets at once, through the real aws layer: what leaves, how old, in which order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial

import anyio
from botocore.exceptions import ClientError

from async_rollout.aws import bucket, throttle
from async_rollout.aws.bucket import Bucket
from async_rollout.aws.calls import Body, Call
from async_rollout.aws.cloud import AwsCloud
from async_rollout.core.actions import CloudAction, Deregister, Register, Registration, Resume
from async_rollout.core.policy import OLDEST_LOOK
from async_rollout.engine.clocks import Young
from async_rollout.engine.ports import Answer, Done, Late, Urgency
from async_rollout.sandbox.virtual import run_virtual
from support.laws.breaking import Sabotage, swap

ARN = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/{}/0011223344556677"
LATENCY = 0.1


@dataclass(kw_only=True)
class Wire:
    """Takes every call and notes it; the first few of each operation are throttled."""

    throttles: int = 0
    sent: list[tuple[float, Call]] = field(default_factory=list)
    _refused: Counter[str] = field(default_factory=Counter)

    async def send(self, call: Call) -> Body:
        self.sent.append((anyio.current_time(), call))
        await anyio.sleep(LATENCY)
        if not call.reads and self._refused[call.operation] < self.throttles:
            self._refused[call.operation] += 1
            raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, call.operation)
        return {"ResponseMetadata": {"HTTPHeaders": {"date": formatdate(anyio.current_time(), usegmt=True)}}}

    def cloud(self) -> AwsCloud:
        return AwsCloud(self.send, region="eu-west-1", jitter=lambda: 1.0)


@dataclass(kw_only=True)
class Queue:
    """What came of acts that waited. ages: of the look that each request rested on, when it was sent."""

    ages: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    ended: float = 0.0


def waited(acts: int, throttles: int) -> Queue:
    """So many groups take one out at the same moment, each looking again whenever it came too late."""

    async def main() -> Queue:
        wire, came = Wire(throttles=throttles), Queue()
        cloud = wire.cloud()

        async def one(group: str) -> None:
            answer: Answer = Late()
            while not isinstance(answer, Done):
                at = anyio.current_time()
                answer = await cloud.act(group, _out(group), partial(_is_young, at))
                came.answers[type(answer).__name__] += 1
                came.ages.extend(sent - at for sent, call in wire.sent if call.group == group and sent >= at)
                await anyio.sleep(LATENCY)

        async with anyio.create_task_group() as tasks:
            for number in range(acts):
                tasks.start_soon(one, f"g{number}")
        came.ended = anyio.current_time()
        return came

    return run_virtual(main)


def _is_young(looked: float) -> bool:
    return anyio.current_time() - looked <= OLDEST_LOOK


def _out(group: str) -> CloudAction:
    return Deregister(registrations=(Registration(source=ARN.format(group), instance="i-1", port=80),))


def old_looks() -> list[str]:
    """Requests that left on a look older than the limit."""
    return [f"law 11: sent on a look of {age:.0f} s" for age in waited(100, 4).ages if age > OLDEST_LOOK]


def stopping(groups: int) -> Wire:
    """So many groups are stopped while their usual acts wait: alarms, then back behind the load balancer."""

    async def main() -> Wire:
        wire = Wire()
        cloud = wire.cloud()

        async def one(group: str) -> None:
            await cloud.act(group, Resume(processes=("AlarmNotification",)), urgency=Urgency.STOP)
            back = Register(registrations=(Registration(source=ARN.format(group), instance="i-1", port=80),))
            await cloud.act(group, back, urgency=Urgency.STOP)

        async with anyio.create_task_group() as tasks:
            for number in range(groups):
                tasks.start_soon(cloud.act, f"g{number}", _out(f"g{number}"))
                tasks.start_soon(cloud.act, f"g{number}", Resume(processes=("AZRebalance",)))
            await anyio.sleep(1.0)
            for number in range(groups):
                tasks.start_soon(one, f"g{number}")
        return wire

    return run_virtual(main)


def overtaken() -> list[str]:
    """Usual acts that left while those of a stop waited for their turn."""
    sent = stopping(60).sent
    return [
        f"stops go first: {mine.operation} at {at:.1f} s"
        for at, mine in sent
        if mine.urgency is Urgency.USUAL and at > 1.0 and any(_waits(at, mine, *other) for other in sent)
    ]


def _waits(at: float, mine: Call, left: float, other: Call) -> bool:
    return other.urgency is Urgency.STOP and left > at and other.operation == mine.operation


async def _asked_before(bucket: Bucket, urgency: Urgency, young: Young) -> bool:
    may = young()
    await bucket.draw(urgency)
    return may


def _came(urgency: Urgency, number: int) -> tuple[Urgency, int]:
    return Urgency.USUAL, number


QUEUED = (
    Sabotage(name="the age of a look is asked before the wait", law="law 11:", story=old_looks,
             spoil=swap(throttle, "_turn", _asked_before)),
    Sabotage(name="who came first goes first", law="stops go first:", story=overtaken,
             spoil=swap(bucket, "_place", _came)),
)  # fmt: skip
