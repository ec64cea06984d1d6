"""C9: a target group or Classic Load Balancer is deleted under its group: refused, or named and not waited for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import pytest

from async_rollout.aws.session import connect
from async_rollout.core.actions import Outcome
from async_rollout.core.belief import Me
from async_rollout.core.events import Event, Warned
from async_rollout.core.journal import Goal
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import OnFailure, RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.over_the_wire import rolled, seen
from support.simulation import InstantHooks, ours

ALARMS = {"AlarmNotification", "ScheduledActions"}
Meanwhile = Callable[[World, Halt], Awaitable[None]]


def group(world: World, *, classic: int = 1, target_groups: int = 2, **more: object) -> None:
    shape = {"size": 3, "minimum": 1, "maximum": 6, "delay": 60.0} | more
    a_group(world, classic=classic, target_groups=target_groups, **shape)  # type: ignore[arg-type]


def lacking(*numbers: int, **shape: int) -> Callable[[World], None]:
    """A group whose sources of these numbers are gone: 0 is the Classic Load Balancer."""

    def built(world: World) -> None:
        group(world, **shape)
        lose(world, *numbers)

    return built


def lose(world: World, *numbers: int) -> None:
    world.advance()
    for source in [world.state.groups["web"].source_ids[number] for number in numbers]:
        world.delete_source(source)


def drains(world: World) -> bool:
    """One of ours is on its way out of its load balancers."""
    return any(one.what is What.DEREGISTER and one.who == "owner" for one in world.record)


async def when(world: World, ready: Callable[[World], bool]) -> None:
    while not ready(world):
        await anyio.sleep(1.0)


def conducted(
    meanwhile: Meanwhile, spec: RolloutSpec | None = None, *goals: Goal, **shape: int
) -> tuple[World, list[GroupResult], list[Event]]:
    """One conductor after the other on one world, over the wire."""
    results: list[GroupResult] = []
    events: list[Event] = []

    async def main() -> World:
        world = World(1, loop_clock())
        group(world, **shape)
        async with anyio.create_task_group() as others:
            for number, goal in enumerate(goals or (Goal.REPLACE,)):
                halt = Halt()
                if not number:
                    others.start_soon(meanwhile, world, halt)
                me = Me(run=f"run{number}", holder=f"host{number}/boot/1", intent=goal)
                async with connect(session=session(world), jitter=lambda: 0.5) as cloud:
                    order, hooks = spec or RolloutSpec(), InstantHooks()
                    rollout = Rollout(cloud, "web", order, me, hooks=hooks, tell=events.append, halt=halt)
                    results.append(await rollout.run())
            others.cancel_scope.cancel()
        return world

    return run_virtual(main), results, events


def told(events: list[Event], words: str) -> list[str]:
    return [one.text for one in events if isinstance(one, Warned) and words in one.text]


def everywhere(world: World) -> bool:
    members = [one for one in world.members("web") if one.in_service]
    return all(world.state.registered(source.id, one.id) for source in world.state.sources_of("web") for one in members)


def as_found(world: World) -> bool:
    now = world.group("web")
    alive = sum(one.in_service for one in world.members("web"))
    return (now.minimum, now.desired, now.maximum, alive) == (1, 3, 6, 3) and not now.suspended and not ours(now)


@pytest.mark.parametrize(
    ("numbers", "named"),
    [
        ((1,), ["target group web-targets-1"]),
        ((0,), ["load balancer web-classic"]),
        ((0, 2), ["load balancer web-classic", "target group web-targets-2"]),
        ((0, 1, 2), ["load balancer web-classic", "target group web-targets-1", "target group web-targets-2"]),
    ],
)
def test_c9_at_the_start_it_is_refused_by_name_with_the_next_step(numbers: tuple[int, ...], named: list[str]) -> None:
    world, result = rolled(lacking(*numbers), RolloutSpec())
    verdict = result.verdict
    assert (verdict.outcome, verdict.code) == (Outcome.REFUSED, 3)
    assert all(f"AWS does not find {name}" in verdict.why for name in named), verdict
    assert verdict.next.count("aws autoscaling detach-load-balancer") == len(named), verdict
    assert not [one for one in world.record if one.who == "owner"] and result.seconds < 30


def test_c9_both_clouds_see_the_same() -> None:
    for numbers in ((0,), (1,), (0, 1, 2)):
        wire, port = seen(lacking(*numbers))
        assert [(one.name, one.has_listener, one.gone) for one in wire.sources] == [
            (one.name, one.has_listener, one.gone) for one in port.sources
        ]
        assert [one.gone for one in wire.sources] == [number in numbers for number in range(3)]
        assert wire.health_seen and [one.targets for one in wire.instances] == [one.targets for one in port.instances]


@pytest.mark.parametrize("number", [0, 1])
def test_c9_one_of_several_that_goes_while_the_last_drain_is_named_once_and_not_waited_for(number: int) -> None:
    async def goes(world: World, halt: Halt) -> None:
        await when(world, drains)
        lose(world, number)

    world, (result,), events = conducted(goes, None, size=1)
    assert result.verdict.outcome is Outcome.DONE, result.verdict
    assert len(told(events, "AWS does not find")) == 1
    assert "AWS does not find" in result.verdict.why
    assert min(one.serving for one in world.history) >= 1 and everywhere(world)
    assert not world.group("web").suspended


@pytest.mark.parametrize("number", [0, 1])
def test_c9_where_aws_cannot_launch_without_it_all_is_put_back(number: int) -> None:
    async def goes(world: World, halt: Halt) -> None:
        await when(world, drains)
        lose(world, number)

    world, (result,), _ = conducted(goes)
    assert result.verdict.code == 1 and result.seconds < 700, result.verdict
    assert ("Validating load balancer" in result.verdict.why) is (number == 0)
    assert as_found(world) and everywhere(world)
    assert min(one.serving for one in world.history) >= 3


def test_c9_where_none_is_left_nothing_more_goes_and_all_is_put_back() -> None:
    async def goes(world: World, halt: Halt) -> None:
        await when(world, drains)
        lose(world, 0, 1)

    world, (result,), events = conducted(goes, classic=0)
    verdict = result.verdict
    assert verdict.code == 1 and "no other load balancer tells who serves" in verdict.why, verdict
    assert len({one.instance for one in world.record if one.what is What.DEREGISTER and one.who == "owner"}) == 1
    assert as_found(world) and len(told(events, "AWS does not find")) == 2
    assert world.now - max(one.at for one in world.record if one.what is What.DELETE) < 400


@pytest.mark.parametrize("numbers", [(0,), (1,), (0, 1, 2)])
@pytest.mark.parametrize("stop", [Stop.NOW, Stop.FINISH])
def test_c9_a_stop_and_a_restore_put_all_back_without_it(numbers: tuple[int, ...], stop: Stop) -> None:
    asked = [0.0, 0.0]

    async def goes(world: World, halt: Halt) -> None:
        await when(world, drains)
        lose(world, *numbers)
        await anyio.sleep(1.0)
        halt.request(stop)
        asked[0] = world.now
        await when(world, lambda world: not world.state.groups["web"].suspended_names & {"AlarmNotification"})
        asked[1] = world.now

    world, results, events = conducted(goes, None, Goal.REPLACE, Goal.RESTORE)
    codes = [one.verdict.code for one in results]
    assert codes == ([143, 0] if stop is Stop.NOW else [130, 0]), [one.verdict for one in results]
    if stop is Stop.NOW:
        assert asked[1] - asked[0] <= 5.0
    assert as_found(world) and everywhere(world)
    assert told(events, "AWS does not find")


def test_c9_a_pause_leaves_alarms_on_and_restore_ends() -> None:
    async def goes(world: World, halt: Halt) -> None:
        await when(world, drains)
        lose(world, 0, 1, 2)

    world, results, _ = conducted(goes, RolloutSpec(on_failure=OnFailure.PAUSE), Goal.REPLACE, Goal.RESTORE)
    assert [one.verdict.code for one in results] == [1, 0], [one.verdict for one in results]
    assert as_found(world)


def test_c9_without_a_surge_alarms_do_not_stay_off_though_no_successor_comes() -> None:
    async def goes(world: World, halt: Halt) -> None:
        await when(world, drains)
        lose(world, 1)

    world, (result,), _ = conducted(goes, RolloutSpec(max_surge=0, max_unavailable=1))
    assert result.verdict.code, result.verdict
    assert not world.group("web").suspended_names & ALARMS
    assert "load balancer configuration failed" in str(result.verdict.left)
    assert result.seconds < 1_500


@pytest.mark.parametrize("kind", [FaultKind.DENIED, FaultKind.ERROR_500, FaultKind.RESET])
def test_c9_no_answer_and_a_denied_one_are_not_gone(kind: FaultKind) -> None:
    async def main() -> GroupResult:
        world = World(1, loop_clock())
        group(world)
        faults = Faults(world, [Fault(kind=kind, action="DescribeTarget(Health|Groups)$")])
        async with connect(session=session(world, faults)) as cloud:
            me = Me(run="run", holder="host/boot/1")
            rollout = Rollout(cloud, "web", RolloutSpec(), me, hooks=InstantHooks(), tell=lambda _: None, halt=Halt())
            return await rollout.run()

    verdict = run_virtual(main).verdict
    assert verdict.code in (3, 4) and "AWS does not find" not in verdict.why, verdict


def test_c9_one_answer_that_does_not_find_it_takes_nobody_out() -> None:
    """For twenty seconds AWS says that it is not there: told once, nothing more goes meanwhile, and then it goes on."""
    words = Fault(
        kind=FaultKind.REFUSED, action="elbv2:Describe", window=(60.0, 80.0), code="TargetGroupNotFound",
        words="One or more target groups not found",
    )  # fmt: skip

    async def main() -> tuple[World, GroupResult, list[Event]]:
        world, events = World(1, loop_clock()), list[Event]()
        group(world, classic=0)
        async with connect(session=session(world, Faults(world, [words])), jitter=lambda: 0.5) as cloud:
            me, hooks = Me(run="run", holder="host/boot/1"), InstantHooks()
            rollout = Rollout(cloud, "web", RolloutSpec(), me, hooks=hooks, tell=events.append, halt=Halt())
            return world, await rollout.run(), events

    world, result, events = run_virtual(main)
    assert result.verdict.outcome is Outcome.DONE, result.verdict
    assert len(told(events, "AWS does not find")) == 2
    assert min(one.serving for one in world.history) >= 3
    taken = [one.at - 1_767_600_000.0 for one in world.record if one.what in (What.DEREGISTER, What.TERMINATE)]
    assert not [at for at in taken if 62.0 <= at < 80.0]
