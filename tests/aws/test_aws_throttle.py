"""The one retrier: what is sent again, when, how often, and what is never sent again."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from async_rollout.aws.bucket import HEADROOM, PATIENCE, SHARE, SLOWED, Bucket
from async_rollout.aws.calls import Call, autoscaling
from async_rollout.aws.clock import AwsClock
from async_rollout.aws.faults import CallFailedError, FaultKind
from async_rollout.aws.throttle import ONCE, READ, SAME, SIZE, Patience, Throttle
from async_rollout.aws.traffic.classic import ELB
from async_rollout.aws.traffic.target_group import ELBV2
from async_rollout.core.events import Event, Throttled
from async_rollout.engine.ports import Urgency
from async_rollout.sandbox.virtual import run_virtual

READING = autoscaling("DescribeAutoScalingGroups", AutoScalingGroupNames=["web"])
WRITING = autoscaling("SetDesiredCapacity", AutoScalingGroupName="web", DesiredCapacity=4)


def throttle(aws: Any, tell: Any = None) -> Throttle:
    return Throttle(aws.send, clock=AwsClock(), tell=tell, jitter=lambda: 1.0)


def asked(aws: Any, call: Call, patience: Patience, tell: Any = None) -> FaultKind | None:
    """How one call ended in a loop of its own: None well, else the last fault."""

    async def main() -> FaultKind | None:
        try:
            await throttle(aws, tell).ask(call, patience)
        except CallFailedError as failed:
            return failed.fault.kind
        return None

    return run_virtual(main)


@pytest.mark.parametrize("kind", ["Throttling", "ServiceUnavailable", "ResourceContention"])
def test_a_read_is_sent_until_it_is_answered(aws: Any, refused: Any, kind: str) -> None:
    aws.faults["DescribeAutoScalingGroups"] = [refused(kind, status=500), refused(kind, status=500)]
    assert asked(aws, READING, READ) is None
    assert len(aws.sent) == 3


def test_an_unparsable_answer_to_a_read_is_repeated(aws: Any) -> None:
    aws.faults["DescribeAutoScalingGroups"] = [ResponseParserError("<html>")]
    assert asked(aws, READING, READ) is None
    assert len(aws.sent) == 2


def test_a_refused_read_is_not_repeated(aws: Any, refused: Any) -> None:
    aws.faults["DescribeAutoScalingGroups"] = [refused("ValidationError")] * 2
    assert asked(aws, READING, READ) is FaultKind.REFUSED
    assert len(aws.sent) == 1


def test_a_read_gives_up_after_six_attempts(aws: Any, refused: Any) -> None:
    aws.faults["DescribeAutoScalingGroups"] = [refused("InternalFailure", status=500)] * 50
    assert asked(aws, READING, READ) is FaultKind.LOST
    gaps = [
        after - before
        for before, after in zip(
            aws.times("DescribeAutoScalingGroups"), aws.times("DescribeAutoScalingGroups")[1:], strict=False
        )
    ]
    assert [round(gap - aws.latency, 6) for gap in gaps] == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_a_hung_read_ends_within_its_total(aws: Any) -> None:
    aws.hanging.add("DescribeAutoScalingGroups")

    async def main() -> float:
        with pytest.raises(CallFailedError) as failed:
            await throttle(aws).ask(READING)
        assert failed.value.fault.code == "TimeoutError"
        return anyio.current_time()

    assert READ.each <= run_virtual(main) <= READ.total + 1
    assert len(aws.sent) > 1


@pytest.mark.parametrize("code", ["Throttling", "ResourceContention"])
def test_an_absolute_act_is_repeated_where_it_was_not_done(aws: Any, refused: Any, code: str) -> None:
    aws.faults["SetDesiredCapacity"] = [refused(code)]
    assert asked(aws, WRITING, SIZE) is None
    assert len(aws.sent) == 2


@pytest.mark.parametrize("patience", [SIZE, ONCE])
@pytest.mark.parametrize("error", [ResponseParserError("<html>"), boto.ReadTimeoutError(endpoint_url="x")])
def test_an_act_that_may_have_been_done_is_sent_once(aws: Any, patience: Patience, error: Exception) -> None:
    aws.faults["SetDesiredCapacity"] = [error]
    assert asked(aws, WRITING, patience) is FaultKind.LOST
    assert len(aws.sent) == 1


def test_an_act_that_can_be_done_twice_is_repeated_after_a_lost_answer(aws: Any) -> None:
    aws.faults["SuspendProcesses"] = [ResponseParserError("<html>"), boto.ReadTimeoutError(endpoint_url="x")]
    assert asked(aws, autoscaling("SuspendProcesses", AutoScalingGroupName="web"), SAME) is None
    assert len(aws.sent) == 3


def test_the_relative_act_is_repeated_only_when_surely_not_done(aws: Any, refused: Any) -> None:
    aws.faults["SetDesiredCapacity"] = [refused("Throttling"), boto.ConnectTimeoutError(endpoint_url="x")]
    assert asked(aws, WRITING, ONCE) is None
    assert len(aws.sent) == 3
    aws.faults["SetDesiredCapacity"] = [refused("ResourceContention", status=500)]
    assert asked(aws, WRITING, ONCE) is FaultKind.CONTENDED
    assert len(aws.sent) == 4


def test_each_repeat_is_told(aws: Any, refused: Any) -> None:
    told: list[Event] = []
    aws.faults["DescribeAutoScalingGroups"] = [refused("Throttling", "Rate exceeded")]
    assert asked(aws, READING, READ, told.append) is None
    assert [(one.call, one.why, one.again_in) for one in told if isinstance(one, Throttled)] == [
        ("DescribeAutoScalingGroups", "Throttling: Rate exceeded", 0.5)
    ]


def test_before_awss_first_answer_an_event_has_no_time(aws: Any, refused: Any) -> None:
    """This machine's clock may be another's by days; a sandbox's is."""
    told: list[Event] = []

    async def main() -> None:
        one = throttle(aws, told.append)
        for _ in range(2):
            aws.faults["DescribeAutoScalingGroups"] = [refused("Throttling")]
            await one.ask(READING)

    run_virtual(main)
    first, second = (event.at for event in told)
    assert first == 0.0
    assert abs(second - 1_700_000_000.0) < 5


def test_a_listener_that_raises_breaks_no_call(aws: Any, refused: Any) -> None:
    def angry(event: Event) -> None:
        raise ValueError(event)

    aws.faults["DescribeAutoScalingGroups"] = [refused("Throttling")]
    assert asked(aws, READING, READ, angry) is None


def test_calls_are_counted_by_operation_with_repeats(aws: Any, refused: Any) -> None:
    async def main() -> dict[str, int]:
        one = throttle(aws)
        await one.ask(READING)
        await one.ask(WRITING, SIZE)
        return dict(one.calls)

    aws.faults["DescribeAutoScalingGroups"] = [refused("Throttling")]
    assert run_virtual(main) == {"DescribeAutoScalingGroups": 2, "SetDesiredCapacity": 1}


def test_a_bucket_lets_the_burst_go_and_then_paces() -> None:
    async def main() -> list[float]:
        bucket = Bucket(burst=3, refill=2)
        passed: list[float] = []

        async def one() -> None:
            await bucket.draw()
            passed.append(anyio.current_time())

        async with anyio.create_task_group() as tasks:
            for _ in range(6):
                tasks.start_soon(one)
        return passed

    assert run_virtual(main) == pytest.approx([0, 0, 0, 0.5, 1.0, 1.5])


def test_a_cancelled_wait_gives_its_token_back() -> None:
    async def main() -> float:
        bucket = Bucket(burst=1, refill=1)
        await bucket.draw()
        with anyio.move_on_after(0.25):
            await bucket.draw()
        await bucket.draw()
        return anyio.current_time()

    assert run_virtual(main) == pytest.approx(1.0)


def test_a_throttled_answer_slows_the_others_of_its_bucket(aws: Any, refused: Any) -> None:
    async def main() -> None:
        one = throttle(aws)
        with pytest.raises(CallFailedError):
            await one.ask(READING, Patience(at=frozenset(), each=1, total=1, attempts=1))
        await one.ask(WRITING, SIZE)

    aws.faults["DescribeAutoScalingGroups"] = [refused("Throttling")]
    run_virtual(main)
    assert aws.times("SetDesiredCapacity")[0] == pytest.approx(aws.latency + 1 / (10 * SHARE * HEADROOM * SLOWED))


def test_after_throttling_the_pace_comes_back() -> None:
    async def main() -> list[float]:
        bucket, took = Bucket(burst=1, refill=1), []
        bucket.drain()
        for pause in (30.0, 0.0, 0.0):
            began = anyio.current_time()
            await bucket.draw()
            took.append(anyio.current_time() - began)
            await anyio.sleep(pause)
        return took

    assert run_virtual(main) == pytest.approx([2.0, 0.0, 1.0])


def test_who_can_wait_leaves_what_is_left_to_those_who_cannot() -> None:
    async def main() -> tuple[list[float], list[float]]:
        bucket, patient, urgent = Bucket(burst=8, refill=1), list[float](), list[float]()

        async def draw(times: list[float], urgency: Urgency) -> None:
            await bucket.draw(urgency)
            times.append(anyio.current_time())

        async with anyio.create_task_group() as tasks:
            for _ in range(7):
                tasks.start_soon(partial(draw, patient, Urgency.PATIENT))
            await anyio.sleep(0.5)
            for _ in range(2):
                tasks.start_soon(partial(draw, urgent, Urgency.USUAL))
        return patient, urgent

    patient, urgent = run_virtual(main)
    assert urgent == [0.5, 0.5], "two of eight are kept for them"
    assert patient[:6] == [0.0] * 6
    assert patient[6] == pytest.approx(3.0), "the two that were drawn and its own have come back first"


def test_nobody_is_patient_for_ever() -> None:
    async def main() -> float:
        bucket = Bucket(burst=8, refill=0.1)
        for _ in range(7):
            await bucket.draw()
        await bucket.draw(Urgency.PATIENT)
        return anyio.current_time()

    assert run_virtual(main) == pytest.approx(PATIENCE)


def test_repeats_draw_from_the_bucket_too(aws: Any, refused: Any) -> None:
    async def main() -> None:
        one = throttle(aws)
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(one.ask, ELBV2.call("DeregisterTargets"), SAME)

    aws.faults["DeregisterTargets"] = [refused("InternalFailure", status=500)] * 20
    run_virtual(main)
    assert len(aws.sent) == 40
    assert max(aws.times("DeregisterTargets")) > 4


def test_each_version_of_elb_has_buckets_of_its_own_for_reads_and_writes() -> None:
    calls = [
        ELB.call("DescribeInstanceHealth"),
        ELBV2.call("DescribeTargetHealth"),
        ELBV2.call("DeregisterTargets"),
        READING,
        WRITING,
    ]
    assert [call.rate.name for call in calls] == [
        "elb reads", "elbv2 reads", "elbv2 writes", "autoscaling", "autoscaling",
    ]  # fmt: skip


def test_time_is_awss_and_bridged_where_a_reply_has_none(aws: Any) -> None:
    async def main() -> tuple[float, float]:
        one = throttle(aws)
        first = await one.ask(READING)
        aws.dated = False
        await anyio.sleep(5)
        return first.at, (await one.ask(READING)).at

    first, second = run_virtual(main)
    assert first == 1_700_000_000.0
    assert abs(second - (first + 5 + aws.latency)) < 0.01
