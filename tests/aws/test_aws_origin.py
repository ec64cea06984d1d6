"""What a cloud tells of its calls says whose they are; nothing is asked of AWS for that."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio

from async_rollout.aws.cloud import AwsCloud
from async_rollout.aws.session import connect
from async_rollout.core.actions import Erase, Record, SetCapacity
from async_rollout.core.events import Event, RolloutStarted, Throttled
from async_rollout.core.journal import Found, Journal
from async_rollout.core.origin import Place
from async_rollout.engine.fleet import roll_out
from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.virtual import loop_clock, run_virtual

HERE = Place(account="123456789012", region="eu-west-1")
RECORD = Journal(
    group="0123456789abcdef", run="0a1b2c3d", serial=1, holder="host/boot/1", until=1, base=1, asked=1,
    found=Found(minimum=1, desired=1, maximum=1),
)  # fmt: skip


def place(told: Event) -> tuple[str, str, str, str]:
    return told.account, told.region, told.group, told.run


def test_a_throttled_call_says_whose_it_is_as_far_as_it_is_known(aws: Any, refused: Any) -> None:
    told: list[Event] = []
    aws.add("web", "i-1")

    async def story() -> None:
        one = AwsCloud(aws.send, region="eu-west-1", tell=told.append)
        busy = partial(refused, "Throttling")
        aws.faults = {"DescribeAutoScalingGroups": [busy()], "SetDesiredCapacity": [busy(), busy(), busy()]}
        await one.look("web", frozenset(), anyio.current_time())
        assert one.place == HERE
        await one.act("web", SetCapacity(desired=2))
        aws.faults["CreateOrUpdateTags"], aws.faults["SetDesiredCapacity"] = [busy()], [busy()]
        await one.act("web", Record(journal=RECORD))
        await one.act("web", SetCapacity(desired=2))
        await one.act("web", Erase())
        aws.faults["SetDesiredCapacity"] = [busy()]
        await one.act("web", SetCapacity(desired=2))
        await one.close()

    run_virtual(story)
    before, ours = ("123456789012", "eu-west-1", "web", ""), ("123456789012", "eu-west-1", "web", "0a1b2c3d")
    assert list(dict.fromkeys(map(place, told))) == [("", "eu-west-1", "", ""), before, ours]
    assert [place(one) for one in told][-1] == before
    assert "GetCallerIdentity" not in [call.operation for _, call in aws.sent]


def test_all_that_is_told_of_a_whole_rollout_is_of_its_place_and_run() -> None:
    told: list[Event] = []

    async def story() -> dict[str, int]:
        box = Sandbox("size-1", clock=loop_clock())
        box.faults.add(Fault(kind=FaultKind.THROTTLE, probability=0.1))
        async with connect(session=box.session(), tell=told.append, jitter=lambda: 0.5) as cloud:
            assert (await roll_out(cloud.groups("web"), tell=told.append)).ok
            assert cloud.place == HERE
            return dict(cloud.calls)

    calls = run_virtual(story)
    (run,) = {one.run for one in told if isinstance(one, RolloutStarted)}
    slowed = [one for one in told if isinstance(one, Throttled)]
    assert run and run in {one.run for one in slowed} <= {run, ""}
    assert {(one.account, one.region) for one in told if one.group} == {("123456789012", "eu-west-1")}
    assert "GetCallerIdentity" not in calls
