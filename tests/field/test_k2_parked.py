"""K2: a before-command that fails parks its instance in Standby; all else is as found, and nothing stays suspended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import anyio
import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.events import RolloutEnded, StageChanged
from async_rollout.core.journal import Goal
from async_rollout.core.observation import Observation
from async_rollout.core.plan import plan_of
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import HookCall, Hooks, Limits, OnFailure, RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.engine.preview import EVERYTHING
from async_rollout.render.board import folded
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import HUMAN
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.laws.playing import play
from support.over_the_wire import rolled
from support.simulation import Endless, Run, ours, simulate


async def fails(call: HookCall) -> int:
    return 3


FAILING = RolloutSpec(hooks=Hooks(before_terminate=fails), canary_wait=0.0)
IN_PLACE = replace(FAILING, max_surge=0, max_unavailable=1)


def small(*, size: int = 2, minimum: int | None = None, maximum: int = 4) -> Callable[[World], None]:
    def built(world: World) -> None:
        a_group(world, size=size, minimum=size if minimum is None else minimum, maximum=maximum, delay=20.0)

    return built


def stood(run: Run) -> list[str]:
    return [one.id for one in run.world.members("web") if one.lifecycle == "Standby"]


def sizes(run: Run) -> tuple[int, int, int]:
    return run.left.minimum, run.left.desired, run.left.maximum


def ended(run: Run) -> list[str]:
    """Whom we terminated."""
    return [one.instance for one in run.world.record if one.what is What.TERMINATE and one.who == "owner"]


def entered(run: Run) -> list[str]:
    return [one.instance for one in run.world.record if one.what is What.STANDBY and one.who == "owner"]


@pytest.mark.parametrize("maximum", [2, 4])
def test_k2_it_stands_by_all_else_is_as_found_and_the_verdict_says_what_to_do(maximum: int) -> None:
    run = simulate(small(maximum=maximum), FAILING)
    verdict, (id,) = run.result.verdict, stood(run)
    assert (verdict.code, verdict.outcome, verdict.left) == (
        6, Outcome.FAILED, (f"{id} is in Standby: its before-command failed",),
    )  # fmt: skip
    assert (id in run.found_ids, entered(run), id in ended(run)) == (True, [id], False)
    assert (sizes(run), run.left.suspended, ours(run.left)) == ((2, 2, maximum), (), [])
    assert not any(run.world.state.registered(source.id, id) for source in run.world.state.sources_of("web"))
    assert len([one for one in run.world.members("web") if one.in_service]) == 2
    told = [(one.stage, one.why) for one in run.events if isinstance(one, StageChanged) and one.instance == id]
    assert ("parked", "its before-command failed") in told
    (picture,) = folded(run.events).groups.values()
    assert (picture.parked, picture.failed) == ((id,), ())
    assert (run.result.parked, run.result.failed) == ((id,), ())
    end = run.events[-1]
    assert isinstance(end, RolloutEnded) and (end.parked, end.failed) == ((id,), ())
    back, end = verdict.next.split(", ", 1)
    assert back.startswith(f"aws autoscaling exit-standby --auto-scaling-group-name web --instance-ids {id} brings it")
    assert ("with a maximum of 3 at least" in back) == (maximum == 2)
    assert end.startswith("aws autoscaling terminate-instance-in-auto-scaling-group --no-should-decrement-desired-cap")


def test_k2_over_the_wire() -> None:
    world, result = rolled(small(), FAILING)
    (one,) = [each for each in world.members("web") if each.lifecycle == "Standby"]
    assert (result.verdict.code, result.verdict.left) == (6, (f"{one.id} is in Standby: its before-command failed",))
    group = world.state.groups["web"]
    assert (group.desired, group.suspended, ours(group)) == (2, (), [])


def test_k2_a_command_that_does_not_end_in_time_is_one_that_failed() -> None:
    spec = replace(FAILING, hooks=Hooks(before_terminate=Endless()), limits=Limits(hook=30.0))
    run = play(spec, build=small()).run
    assert (run.result.verdict.code, len(stood(run))) == (6, 1)
    assert "timed out" in run.result.verdict.why


@pytest.mark.parametrize("wire", [False, True])
@pytest.mark.parametrize(("minimum", "maximum"), [(0, 4), (2, 2)])
def test_k2_without_a_surge_its_place_is_asked_for_first(wire: bool, minimum: int, maximum: int) -> None:
    """Sizes as found, and never below the minimum."""
    build = small(minimum=minimum, maximum=maximum)
    if wire:
        world, result = rolled(build, IN_PLACE)
    else:
        run = simulate(build, IN_PLACE)
        world, result = run.world, run.result
        assert min(one.desired for one in run.history) == 2
    group = world.state.groups["web"]
    assert (result.verdict.code, group.desired, group.suspended, ours(group)) == (6, 2, (), []), result.verdict
    assert (group.minimum, group.maximum) == (minimum, maximum)
    assert sorted(one.lifecycle for one in world.members("web")) == ["InService", "InService", "Standby"]


def refused(until: float = float("inf")) -> Callable[[World], Faults]:
    """AWS lets nobody enter Standby, as below the minimum."""
    words = (
        "AutoScalingGroup web has min-size=2, max-size=4, and desired-size=2. To place into standby 1 instance, please"
        " update the AutoScalingGroup sizes appropriately."
    )
    no = Fault(
        kind=FaultKind.REFUSED, action="EnterStandby", code="ValidationError", words=words, window=(0.0, until)
    )  # fmt: skip
    return lambda world: Faults(world, (no,))


def test_k2_where_aws_refuses_it_is_left_out_and_named() -> None:
    run = simulate(small(), FAILING, faults=refused())
    left = " / ".join(run.result.verdict.left)
    assert (run.result.verdict.code, run.result.verdict.outcome, ended(run)) == (10, Outcome.STUCK, [])
    assert "is out of its load balancers: its before-command failed" in left and "has min-size=2" in left, left
    assert {name for name, _ in run.left.suspended} == {"AZRebalance", "ReplaceUnhealthy"} and ours(run.left)


def test_k2_restore_parks_it_when_aws_allows_it() -> None:
    run = simulate(small(), FAILING, goals=(Goal.REPLACE, Goal.RESTORE), faults=refused(until=250.0))
    assert [one.verdict.code for one in run.results] == [10, 6]
    assert [one.parked for one in run.results] == [(), tuple(stood(run))]
    assert (len(stood(run)), sizes(run), run.left.suspended, ours(run.left)) == (1, (2, 2, 4), (), [])


async def until(world: World, what: What) -> str:
    """Whom it befell first."""
    while True:
        for one in world.record:
            if one.what is what:
                return one.instance
        await anyio.sleep(0.5)


@pytest.mark.parametrize("watch", [0.0, 120.0])
def test_k2_who_is_brought_back_meanwhile_serves_on_and_is_its_owners(watch: float) -> None:
    """Between our call and the end, or between two looks: it has a place again, and nobody calls it parked."""

    async def others(world: World) -> None:
        id = await until(world, What.STANDBY)
        while world.instance(id).lifecycle != "Standby":
            await anyio.sleep(0.1)
        world.exit_standby("web", [id], who=HUMAN)

    run = simulate(small(size=3), replace(slowly(FAILING), canary_wait=watch), others=others)
    (id,) = entered(run)
    assert (run.result.verdict.code, stood(run), id in ended(run)) == (6, [], False), run.result.verdict
    assert run.result.parked == ()
    places = 3 if watch else 4  # a raise that no look has shown is taken for our own lift
    assert (run.left.desired, run.left.suspended, ours(run.left)) == (places, (), [])
    assert run.world.instance(id).in_service and run.result.verdict.why.endswith("the group is as it was found")


def test_k2_who_is_ended_meanwhile_is_named_no_more() -> None:
    async def others(world: World) -> None:
        id = await until(world, What.STANDBY)
        while world.instance(id).lifecycle != "Standby":
            await anyio.sleep(0.1)
        world.terminate(id, decrement=False, who=HUMAN)

    run = simulate(small(size=3), slowly(FAILING), others=others)
    assert (run.result.verdict.code, run.result.verdict.left, run.result.replaced) == (6, (), ())
    assert run.result.parked == ()
    assert (sizes(run), run.left.suspended, ours(run.left)) == ((3, 3, 4), (), [])


def slowly(spec: RolloutSpec) -> RolloutSpec:
    """It looks so seldom that others come between."""
    return replace(spec, check_interval=20.0)


def test_k2_its_owner_puts_it_into_standby_himself_while_its_command_runs() -> None:
    async def slow(call: HookCall) -> int:
        await anyio.sleep(60.0)
        return 3

    async def others(world: World) -> None:
        id = await until(world, What.DRAINED)
        await anyio.sleep(10.0)
        world.enter_standby("web", [id], decrement=False, who=HUMAN)

    run = simulate(small(), replace(FAILING, hooks=Hooks(before_terminate=slow)), others=others)
    (id,) = stood(run)
    assert (run.result.verdict.code, entered(run), ended(run)[:1] == [id]) == (6, [], False)
    assert run.result.verdict.left == (f"{id} is in Standby: its before-command failed",)
    assert (sizes(run), run.left.suspended, ours(run.left)) == ((2, 2, 4), (), [])


def test_k2_whose_command_is_over_is_parked_where_the_floor_does_not_hold() -> None:
    """Law 17's end: the release fails, its command is through, and too few are ready to let it go for good."""

    async def leaves(call: HookCall) -> int:
        await anyio.sleep(400.0)  # the failure is seen meanwhile
        return 0

    async def others(world: World) -> None:
        await until(world, What.DRAINED)
        await anyio.sleep(20.0)
        for one in world.members("web"):
            if one.attached_at > world.record[0].at:
                world.break_app(one.id)

    spec = replace(FAILING, hooks=Hooks(before_terminate=leaves), max_failures=1)
    run = simulate(small(size=3), spec, others=others)
    (id,) = stood(run)
    assert (run.result.verdict.code, id in ended(run)) == (1, False), run.result.verdict
    words = "its before-command has begun, and the floor does not let it go"
    assert run.result.verdict.left == (f"{id} is in Standby: {words}",)
    assert (run.left.suspended, ours(run.left)) == ((), [])


def test_k2_a_stop_while_all_is_put_back_keeps_its_record_and_restore_parks_it() -> None:
    async def stops(world: World, halt: Halt) -> None:
        while not any("goal=restore" in tag.value for tag in world.state.groups["web"].tags):
            await anyio.sleep(0.1)
        halt.request(Stop.NOW)

    run = simulate(small(), FAILING, goals=(Goal.REPLACE, Goal.RESTORE), halt=stops)
    first, last = (one.verdict for one in run.results)
    assert (first.outcome, last.code, len(stood(run))) == (Outcome.STOPPED, 6, 1), (first, last)
    assert (sizes(run), run.left.suspended, ours(run.left)) == ((2, 2, 4), (), [])


def test_k2_run_tries_the_command_again_and_what_stands_by_stays_there() -> None:
    """Paused on the failure: its instance is still out. The next run's command does well, and it goes."""
    calls: list[str] = []

    async def once(call: HookCall) -> int:
        calls.append(call.instance)
        return 3 if len(calls) == 1 else 0

    spec = replace(FAILING, hooks=Hooks(before_terminate=once), on_failure=OnFailure.PAUSE)
    run = simulate(small(), spec, goals=(Goal.REPLACE, Goal.REPLACE))
    assert [one.verdict.code for one in run.results] == [6, 0]
    assert (stood(run), run.found_ids & run.members, calls[:2]) == ([], set(), [calls[0]] * 2)


def test_k2_the_plan_says_what_becomes_of_it() -> None:
    async def look() -> Observation:
        world = World(0, loop_clock())
        small()(world)
        return await PortCloud(world).look("web", EVERYTHING, 0.0)

    seen = run_virtual(look)
    said = "if a before-command fails, its instance is put into Standby and the run turns back, exit code 6"
    assert said in plan_of(FAILING, seen).notes
    assert said not in plan_of(RolloutSpec(), seen).notes
