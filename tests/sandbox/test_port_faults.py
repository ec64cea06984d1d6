"""The port door when it fails: lost, late, stale and closed."""

import anyio
import pytest

from async_rollout.core.actions import SetCapacity
from async_rollout.engine.ports import Unknown
from async_rollout.errors import UnseenError
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.world import World
from doorway import GROUP, TARGETS, through

LOST = [FaultKind.THROTTLE, FaultKind.ERROR_500, FaultKind.HTML_503, FaultKind.RESET, FaultKind.LOST_ANSWER]


@pytest.mark.parametrize("kind", LOST)
def test_a_look_that_gets_no_answer_is_unseen(kind: FaultKind) -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        with pytest.raises(UnseenError, match="DescribeTargetHealth"):
            await cloud.look("web", TARGETS, 0.0)
        await cloud.look("web", TARGETS, 0.0)

    through(play, faults=(Fault(kind=kind, action="DescribeTargetHealth", count=1),))


@pytest.mark.parametrize("kind", LOST)
def test_an_act_without_answer_is_unknown_and_done_only_if_the_answer_alone_was_lost(kind: FaultKind) -> None:
    async def play(world: World, cloud: PortCloud) -> int:
        assert isinstance(await cloud.act("web", SetCapacity(desired=4)), Unknown)
        return world.group("web").desired

    done = through(play, faults=(Fault(kind=kind, action="SetDesiredCapacity"),))
    assert done == (4 if kind is FaultKind.LOST_ANSWER else 3)


def test_a_delay_delays_and_a_stale_answer_is_old_but_dated_now() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        await anyio.sleep(60)
        await cloud.act("web", SetCapacity(desired=4))
        stale = await cloud.look("web", GROUP, 0.0)
        assert (stale.group.desired, stale.at) == (3, world.now)
        began = anyio.current_time()
        assert (await cloud.look("web", GROUP, 0.0)).group.desired == 4
        assert 20.0 < anyio.current_time() - began < 21.0

    read = "DescribeAutoScalingGroups"
    stale = Fault(kind=FaultKind.STALE, action=read, count=1, seconds=30.0)
    through(play, faults=(stale, Fault(kind=FaultKind.DELAY, action=read, seconds=20.0)))


def test_a_closed_door_hangs_and_nothing_reaches_the_world() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(cloud.act, "web", SetCapacity(desired=4))
            await anyio.sleep(0.001)
            cloud.close()
            await anyio.sleep(100)
            tasks.cancel_scope.cancel()
        for call in (cloud.look("web", GROUP, 0.0), cloud.act("web", SetCapacity(desired=5))):
            with anyio.move_on_after(1000.0) as limit:
                await call
            assert limit.cancelled_caught
        assert world.record == []
        assert (await PortCloud(world).look("web", GROUP, 0.0)).group.desired == 3

    through(play)
