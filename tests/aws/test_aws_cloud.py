"""Looks of many groups at one cloud: what is shared, what is fresh, what fails alone."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise
from typing import Any

import anyio

from async_rollout.aws.cloud import AwsCloud, Identity
from async_rollout.aws.sweep import GATHER_LONGEST, IDLE_LONGEST
from async_rollout.core.actions import Need
from async_rollout.core.observation import Observation
from async_rollout.sandbox.virtual import run_virtual
from support.looking import NONE, OTHER, TARGETS, TG, cloud, look


def test_groups_that_look_together_share_one_call(lit: Any) -> None:
    for n in range(120):
        lit.add(f"g{n}", f"i-{n:08x}")

    async def main() -> None:
        one = cloud(lit)
        async with anyio.create_task_group() as tasks:
            for n in range(120):
                tasks.start_soon(look, one, f"g{n}", NONE)

    run_virtual(main)
    assert [len(params["AutoScalingGroupNames"]) for params in lit.params("DescribeAutoScalingGroups")] == [50, 50, 20]
    assert len(lit.params("DescribeInstances")) == 1


def test_big_groups_come_in_smaller_calls(lit: Any) -> None:
    names = [f"g{n}" for n in range(4)]
    for name in names:
        lit.add(name, *(f"i-{name}-{n}" for n in range(200)))

    async def main() -> None:
        one = cloud(lit)
        for _ in range(2):
            async with anyio.create_task_group() as tasks:
                for name in names:
                    tasks.start_soon(look, one, name, NONE)

    run_virtual(main)
    assert [len(params["AutoScalingGroupNames"]) for params in lit.params("DescribeAutoScalingGroups")] == [
        4,
        1,
        1,
        1,
        1,
    ]


def test_groups_out_of_step_make_at_most_a_sweep_a_second(lit: Any) -> None:
    count = 100
    for n in range(count):
        lit.add(f"g{n}", f"i-{n:08x}")

    async def poll(one: AwsCloud, n: int) -> None:
        await anyio.sleep(n * 5 / count)
        for _ in range(4):
            await look(one, f"g{n}", NONE)
            await anyio.sleep(5)

    async def main() -> float:
        one = cloud(lit)
        async with anyio.create_task_group() as tasks:
            for n in range(count):
                tasks.start_soon(poll, one, n)
        return anyio.current_time()

    took = run_virtual(main)
    sweeps = sorted(set(lit.times("DescribeAutoScalingGroups")))
    later = [at for at in sweeps if at > 6]
    assert min(b - a for a, b in pairwise(later)) >= GATHER_LONGEST - 1e-6
    assert took < 5 * 5 + 5 + 5 * IDLE_LONGEST


def test_one_answer_that_many_wait_for_wakes_one_in_each_turn_of_the_loop(lit: Any) -> None:
    for n in range(30):
        lit.add(f"g{n}", f"i-{n:08x}")
    woken, seen = list[str](), list[int]()

    async def main() -> None:
        one, loop = cloud(lit), asyncio.get_running_loop()

        async def watch(name: str) -> None:
            await look(one, name, NONE)
            woken.append(name)
            loop.call_soon(lambda: seen.append(len(woken)))

        async with anyio.create_task_group() as tasks:
            for n in range(30):
                tasks.start_soon(watch, f"g{n}")

    run_virtual(main)
    assert seen == [*range(2, 31), 30]  # by the next turn one more was woken, not all of them


def test_every_request_of_a_sight_is_sent_after_the_act(lit: Any) -> None:
    lit.add("a", "i-1", TargetGroupARNs=[TG])
    lit.add("b", "i-2", TargetGroupARNs=[TG])
    lit.latency = 1.0

    async def main() -> None:
        one = cloud(lit)
        await look(one, "a")
        await look(one, "b")
        lit.sent.clear()

        async def late() -> None:
            await anyio.sleep(1.5)
            acted = anyio.current_time()
            await one.look("b", TARGETS, acted)
            mine = [at for at, call in lit.sent if at >= acted]
            assert len([at for at, call in lit.sent if call.operation == "DescribeTargetHealth"]) == 2
            assert {call.operation for at, call in lit.sent if at in mine} == {
                "DescribeAutoScalingGroups", "DescribeTargetHealth",
            }  # fmt: skip

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(look, one, "a")
            tasks.start_soon(late)

    run_virtual(main)


def test_a_shared_target_group_is_asked_once_for_two_looks(lit: Any) -> None:
    lit.add("a", "i-1", TargetGroupARNs=[TG])
    lit.add("b", "i-2", TargetGroupARNs=[TG])

    async def main() -> list[Observation]:
        one = cloud(lit)
        found: list[Observation] = []

        async def ask(name: str) -> None:
            found.append(await look(one, name))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, "a")
            tasks.start_soon(ask, "b")
        return found

    found = run_virtual(main)
    assert len(lit.params("DescribeTargetHealth")) == 1
    assert [[one.id for one in observation.instances for _ in one.targets] for observation in found] == [
        ["i-1"],
        ["i-2"],
    ]


def test_attributes_are_asked_once_and_new_sources_are_found(lit: Any) -> None:
    lit.add("a", "i-1", TargetGroupARNs=[TG])

    async def main() -> tuple[Observation, Observation]:
        one = cloud(lit)
        first = await look(one, "a")
        await look(one, "a")
        lit.groups["a"]["TrafficSources"] = [{"Identifier": OTHER, "Type": "elbv2"}]
        return first, await look(one, "a")

    first, last = run_virtual(main)
    assert [source.id for source in first.sources] == [TG]
    assert [source.id for source in last.sources] == [TG, OTHER]
    assert last.health_seen
    assert [params["TargetGroupArns"] for params in lit.params("DescribeTargetGroups")] == [[TG], [OTHER]]


def test_needs_decide_what_is_asked(lit: Any) -> None:
    lit.add("a", "i-1", TargetGroupARNs=[TG])

    async def main() -> tuple[Observation, Observation]:
        one = cloud(lit)
        bare = await look(one, "a", NONE)
        assert not lit.params("DescribeTargetHealth")
        return bare, await look(one, "a", frozenset(Need))

    bare, full = run_virtual(main)
    assert (bare.health_seen, bare.survey, bare.activities) == (False, None, None)
    assert full.health_seen
    assert full.survey is not None
    assert full.activities == ()
    assert full.at >= 1_700_000_000.0


def test_booting_members_are_not_asked_of_a_classic_balancer(lit: Any, row_of: Any) -> None:
    lit.add("a", "i-1", LoadBalancerNames=["clb"])
    lit.groups["a"]["Instances"].append(row_of("i-2", LifecycleState="Pending"))
    run_virtual(lambda: look(cloud(lit), "a"))
    assert lit.params("DescribeInstanceHealth") == [{"LoadBalancerName": "clb", "Instances": [{"InstanceId": "i-1"}]}]


def test_groups_on_a_later_page_are_not_missed(lit: Any) -> None:
    rows = [lit.add("a", "i-1"), lit.add("b", "i-2")]
    lit.answers["DescribeAutoScalingGroups"] = lambda params: (
        {"AutoScalingGroups": rows[1:]} if "NextToken" in params else {"AutoScalingGroups": rows[:1], "NextToken": "2"}
    )
    assert run_virtual(lambda: look(cloud(lit), "b", NONE)).group.name == "b"


def test_groups_under_way_are_found_by_their_tag(aws: Any) -> None:
    def answer(params: Any) -> Any:
        assert params["Filters"] == [{"Name": "tag-key", "Values": ["async-rollout:head"]}]
        if "NextToken" in params:
            return {"AutoScalingGroups": [{"AutoScalingGroupName": "a"}]}
        return {"AutoScalingGroups": [{"AutoScalingGroupName": "b"}], "NextToken": "2"}

    aws.answers["DescribeAutoScalingGroups"] = answer
    assert run_virtual(lambda: cloud(aws).under_way()) == ("a", "b")


def test_identity_is_best_effort(aws: Any, refused: Any) -> None:
    aws.answers["GetCallerIdentity"] = lambda params: {"Account": "123456789012", "Arn": "arn:x"}
    assert run_virtual(lambda: cloud(aws).identity()) == Identity(
        region="eu-west-1", account="123456789012", arn="arn:x"
    )
    aws.faults["GetCallerIdentity"] = [refused("AccessDenied", status=403)]
    assert run_virtual(lambda: cloud(aws).identity()) == Identity(region="eu-west-1")


def test_groups_are_named_without_asking(aws: Any) -> None:
    one = cloud(aws)
    assert [(ref.cloud, ref.name) for ref in one.groups("b", "a", "b")] == [(one, "b"), (one, "a")]
    assert aws.sent == []


def test_calls_are_counted(lit: Any) -> None:
    lit.add("a", "i-1")
    one = cloud(lit)
    run_virtual(partial(look, one, "a"))
    assert dict(one.calls) == {"DescribeAutoScalingGroups": 1, "DescribeInstances": 1, "ListClusters": 2}
