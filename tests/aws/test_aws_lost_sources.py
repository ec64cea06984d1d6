"""Sources that AWS does not find, through botocore and the codec: gone in every look, and nothing to be done there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio
import pytest

from async_rollout.aws.cloud import AwsCloud
from async_rollout.aws.session import connect
from async_rollout.core.actions import Deregister, Need, Needs, Register, Registration
from async_rollout.core.observation import Observation
from async_rollout.engine.ports import Done
from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World


def play(story: Callable[[AwsCloud, World], Awaitable[object]], *faults: Fault) -> None:
    async def main() -> None:
        sandbox = Sandbox("at-max", clock=loop_clock())
        for fault in faults:
            sandbox.faults.add(fault)
        async with connect(session=sandbox.session(), jitter=lambda: 0.5) as cloud:
            await story(cloud, sandbox.world)

    run_virtual(main)


async def look(cloud: AwsCloud, needs: Needs = frozenset(Need)) -> Observation:
    return await cloud.look("web", needs, anyio.current_time())


def test_a_source_that_is_detached_and_deleted_blinds_no_look() -> None:
    async def story(cloud: AwsCloud, world: World) -> None:
        before = await look(cloud)
        gone = world.state.groups["web"].target_groups[0]
        left = tuple(arn for arn in world.state.groups["web"].target_groups if arn != gone)
        world.human_edits("web", lambda group: replace(group, target_groups=left))
        world.delete_source(gone)
        after = await look(cloud)
        assert not any(one.gone for one in after.sources)
        assert len(after.sources) == len(before.sources) - 1

    play(story)


@pytest.mark.parametrize("number", [0, 1])
def test_a_source_that_is_deleted_is_gone_in_every_look_and_nothing_is_left_to_be_done_there(number: int) -> None:
    async def story(cloud: AwsCloud, world: World) -> None:
        lost, members = world.state.groups["web"].source_ids[number], world.members("web")
        await look(cloud)
        world.delete_source(lost)
        for needs in (frozenset({Need.TARGETS}), frozenset[Need](), frozenset({Need.TARGETS})):
            seen = await look(cloud, needs)
            assert [one.id for one in seen.sources if one.gone] == [lost]
            assert not any(target.source == lost for one in seen.instances for target in one.targets)
        every = tuple(Registration(source=id, instance=members[0].id) for id in world.state.groups["web"].source_ids)
        assert await cloud.act("web", Deregister(registrations=every)) == Done()
        assert await cloud.act("web", Register(registrations=every)) == Done()

    play(story)


def test_a_load_balancer_that_goes_between_two_questions_is_none() -> None:
    """Its target group still names it: nothing listens for that one any more."""
    words = Fault(
        kind=FaultKind.REFUSED, action="elbv2:DescribeLoadBalancers", code="LoadBalancerNotFound",
        words="One or more load balancers not found",
    )  # fmt: skip

    async def story(cloud: AwsCloud, world: World) -> None:
        assert [one.has_listener for one in (await look(cloud)).sources] == [True, False, False]

    play(story, words)
