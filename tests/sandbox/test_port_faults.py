"""The port door when it fails: lost, late, stale and closed."""

import anyio
import pytest

from async_rollout.core.actions import SetCapacity
from async_rollout.engine.ports import Refused, Unknown
from async_rollout.errors import UnknownGroupError, UnseenError
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.world import World
from support.doorway import GROUP, TARGETS, through

LOST = [FaultKind.THROTTLE, FaultKind.ERROR_500, FaultKind.HTML_503, FaultKind.RESET, FaultKind.LOST_ANSWER]


@pytest.mark.parametrize("kind", LOST)
def test_a_look_that_gets_no_answer_is_unseen(kind: FaultKind) -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        with pytest.raises(UnseenError, match="DescribeTargetHealth"):
            await cloud.look("web", TARGETS, 0.0)
        await cloud.look("web", TARGETS, 0.0)

    through(play, faults=(Fault(kind=kind, action="DescribeTargetHealth", count=1),))


@pytest.mark.parametrize("kind", LOST[1:])
def test_an_act_without_answer_is_unknown_and_done_only_if_the_answer_alone_was_lost(kind: FaultKind) -> None:
    async def play(world: World, cloud: PortCloud) -> int:
        assert isinstance(await cloud.act("web", SetCapacity(desired=4)), Unknown)
        return world.group("web").desired

    done = through(play, faults=(Fault(kind=kind, action="SetDesiredCapacity"),))
    assert done == (4 if kind is FaultKind.LOST_ANSWER else 3)


@pytest.mark.parametrize(
    ("kind", "code", "denied", "passing"),
    [
        (FaultKind.THROTTLE, "Throttling", False, True),
        (FaultKind.CONTENDED, "ValidationError", False, True),
        (FaultKind.REFUSED, "ValidationError", False, False),
        (FaultKind.DENIED, "AccessDenied", True, False),
    ],
)
def test_an_act_that_aws_answers_with_no_is_surely_not_done(
    kind: FaultKind, code: str, denied: bool, passing: bool
) -> None:
    async def play(world: World, cloud: PortCloud) -> int:
        answer = await cloud.act("web", SetCapacity(desired=4))
        assert isinstance(answer, Refused)
        assert (answer.code, answer.denied, answer.passing) == (code, denied, passing)
        return world.group("web").desired

    assert through(play, faults=(Fault(kind=kind, action="SetDesiredCapacity"),)) == 3


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


@pytest.mark.parametrize(("kind", "desired"), [(FaultKind.RESET, 3), (FaultKind.LOST_ANSWER, 4)])
def test_silence_is_waited_through_before_it_is_no_answer(kind: FaultKind, desired: int) -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        began = anyio.current_time()
        assert isinstance(await cloud.act("web", SetCapacity(desired=4)), Unknown)
        assert world.group("web").desired == desired
        with pytest.raises(UnseenError):
            await cloud.look("web", GROUP, 0.0)
        assert 50.0 < anyio.current_time() - began < 51.0

    through(play, faults=(Fault(kind=kind, silent=25.0),))


def test_an_empty_answer_lists_no_group_or_nobody_at_its_source_alone() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        with pytest.raises(UnknownGroupError):
            await cloud.look("web", GROUP, 0.0)
        seen = await cloud.look("web", TARGETS, 0.0)
        listed = {target.source for one in seen.instances for target in one.targets}
        assert len(seen.instances) == 3 and len(listed) == len(seen.sources) - 1
        assert seen.health_seen

    empty = [Fault(kind=FaultKind.EMPTY, action=name, count=1) for name in ("ScalingGroups", "TargetHealth")]
    through(play, faults=tuple(empty))


def test_a_gap_takes_a_row_and_now_and_then_a_registration() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        looks = [await cloud.look("web", TARGETS, 0.0) for _ in range(40)]
        assert {len(seen.instances) for seen in looks} == {2}
        whole = len(looks[0].sources)
        short = [seen for seen in looks if any(len(one.targets) < whole for one in seen.instances)]
        assert 0 < len(short) < len(looks)

    through(play, faults=(Fault(kind=FaultKind.GAP),))
