"""R8: a zone is in zonal shift at the group's load balancer: its targets are well, and take no traffic."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from async_rollout.aws.calls import Reply
from async_rollout.aws.session import connect
from async_rollout.aws.traffic.target_group import health_of
from async_rollout.core.actions import Outcome
from async_rollout.core.belief import Me
from async_rollout.core.choices import Standby
from async_rollout.core.events import Event, Waiting, Warned
from async_rollout.core.journal import Goal
from async_rollout.core.observation import TargetState
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import Limits, RolloutSpec
from async_rollout.core.zonal_shift import overridden
from async_rollout.engine.halt import Halt
from async_rollout.engine.preview import plan
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import HUMAN
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.over_the_wire import rolled, seen
from support.simulation import InstantHooks, ours

ZONE = "eu-west-1a"
ALLOWED = RolloutSpec(allow=frozenset({"zonal-shift"}))
BRIEF = RolloutSpec(limits=Limits(healthy=300.0))


def three(world: World) -> None:
    """One instance a zone, behind one target group."""
    a_group(world, size=3, minimum=1, maximum=6, classic=0, target_groups=1, delay=60.0)


def shift(world: World, zone: str = ZONE, *, active: bool = True) -> None:
    world.advance()
    world.shift_zone(world.state.groups["web"].target_groups[0], zone, active=active)


def shifted(world: World) -> None:
    three(world)
    shift(world)


Meanwhile = Callable[[World, Halt], Awaitable[None]]


def conducted(
    meanwhile: Meanwhile, spec: RolloutSpec | None = None, *goals: Goal
) -> tuple[World, list[GroupResult], list[Event]]:
    """One conductor after the other on one world, over the wire."""
    results: list[GroupResult] = []
    events: list[Event] = []

    async def main() -> World:
        world = World(1, loop_clock())
        three(world)
        async with anyio.create_task_group() as others:
            for number, goal in enumerate(goals or (Goal.REPLACE,)):
                halt, order = Halt(), spec or RolloutSpec()
                if not number:
                    others.start_soon(meanwhile, world, halt)
                async with connect(session=session(world), jitter=lambda: 0.5) as cloud:
                    me = Me(run=f"run{number}", holder=f"host{number}/boot/1", intent=goal)
                    hooks = InstantHooks()
                    rollout = Rollout(cloud, "web", order, me, hooks=hooks, tell=events.append, halt=halt)
                    results.append(await rollout.run())
            others.cancel_scope.cancel()
        return world

    return run_virtual(main), results, events


async def replaced(world: World, number: int = 1) -> None:
    """Until so many of ours have been terminated."""
    while sum(one.what is What.TERMINATE and one.who == "owner" for one in world.record) < number:
        await anyio.sleep(1.0)


def taken_out(world: World) -> list[float]:
    """When each of ours was first taken out."""
    first: dict[str, float] = {}
    for one in world.record:
        if one.what in (What.DEREGISTER, What.TERMINATE) and one.who == "owner":
            first.setdefault(one.instance, one.at)
    return list(first.values())


def at(world: World, what: What) -> list[float]:
    return [one.at for one in world.record if one.what is what]


@pytest.mark.parametrize("spec", [RolloutSpec(), RolloutSpec(require_healthy_group=False)])
def test_r8_at_the_start_it_is_refused_with_the_zone(spec: RolloutSpec) -> None:
    world, result = rolled(shifted, spec)
    verdict = result.verdict
    assert (verdict.outcome, verdict.code) == (Outcome.REFUSED, 3)
    words = f"zone {ZONE} is in zonal shift at web-targets-1, so its targets take no traffic"
    assert words in verdict.why and "--allow zonal-shift" in verdict.why, verdict
    assert not [one for one in world.record if one.who == "owner"]


def test_r8_allowed_it_is_rolled_by_health_alone_and_said() -> None:
    _, result = rolled(shifted, ALLOWED)
    assert result.verdict.code == 0, result.verdict

    async def noted() -> tuple[str, ...]:
        world = World(1, loop_clock())
        shifted(world)
        (found,) = await plan(PortCloud(world).groups("web"), ALLOWED)
        assert found.objections == () and len(found.old) == 3
        (refused,) = await plan(PortCloud(world).groups("web"), RolloutSpec())
        assert ZONE in refused.objections[0]
        return found.notes

    assert any(ZONE in note and "allowed" in note for note in run_virtual(noted))


def test_r8_both_clouds_see_the_same() -> None:
    wire, port = seen(shifted)
    states = [target.state for one in wire.instances for target in one.targets]
    assert sorted(states) == [TargetState.HEALTHY, TargetState.HEALTHY, TargetState.SHIFTED]
    assert [one.targets for one in wire.instances] == [one.targets for one in port.instances]


def test_r8_the_answer_of_aws_is_read() -> None:
    body = json.loads((Path(__file__).parent / "shapes" / "target_health_override.json").read_text(encoding="utf-8"))
    ((id, target),) = health_of("arn", Reply(body=body, at=1.0)).targets
    assert (id, target.state) == ("i-00000000000000001", TargetState.SHIFTED)
    assert target.reason == "AdministrativeOverride.ZonalShiftActive: Zonal shift is active"


def test_r8_what_is_delegated_to_dns_is_told_and_stops_nothing() -> None:
    override = {"State": "zonal_shift_delegated_to_dns", "Reason": "AdministrativeOverride.ZonalShiftDelegatedToDns"}
    row = {
        "Target": {"Id": "i-1", "Port": 80},
        "TargetHealth": {"State": "healthy"},
        "AdministrativeOverride": override,
    }
    sick = {**row, "TargetHealth": {"State": "unhealthy", "Reason": "Target.Timeout"}}
    told = [
        health_of("arn", Reply(body={"TargetHealthDescriptions": [one]}, at=1.0)).targets[0][1] for one in (row, sick)
    ]
    assert [(one.state, one.reason) for one in told] == [
        (TargetState.HEALTHY, override["Reason"]),
        (TargetState.UNHEALTHY, "Target.Timeout"),
    ]
    observation, _ = seen(three)
    targets = [replace(one.targets[0], reason=f"{override['Reason']}: words") for one in observation.instances]
    told_so = replace(
        observation,
        instances=tuple(
            replace(one, targets=(target,)) for one, target in zip(observation.instances, targets, strict=True)
        ),
    )
    assert list(overridden(told_so)) == [
        "web-targets-1: AWS does not tell here whether a zone is in zonal shift, it leaves that to DNS"
    ]


@pytest.mark.parametrize("zone", ["eu-west-1a", "eu-west-1b", "eu-west-1c"])
def test_r8_that_begins_and_ends_in_the_run_nothing_goes_out_meanwhile(zone: str) -> None:
    async def comes_and_goes(world: World, halt: Halt) -> None:
        await replaced(world)
        shift(world, zone)
        await anyio.sleep(600.0)
        shift(world, zone, active=False)

    world, (result,), events = conducted(comes_and_goes)
    assert result.verdict.outcome is Outcome.DONE, result.verdict
    began, ended = at(world, What.SHIFT)
    assert not [one for one in taken_out(world) if began + 15.0 < one < ended]
    assert [one for one in taken_out(world) if one > ended]
    told = [one.text for one in events if isinstance(one, Warned) and "zonal shift" in one.text]
    assert len(told) == 1 and zone in told[0]
    waits = [wait for one in events if isinstance(one, Waiting) for wait in one.waits if "zonal" in wait.on]
    assert waits and all(wait.option == "--healthy-timeout" for wait in waits)


@pytest.mark.parametrize("zone", ["eu-west-1a", "eu-west-1b", "eu-west-1c"])
def test_r8_that_stays_turns_the_run_back_and_takes_no_traffic_away(zone: str) -> None:
    async def comes(world: World, halt: Halt) -> None:
        await replaced(world)
        shift(world, zone)

    world, (result,), _ = conducted(comes, BRIEF)
    verdict, group = result.verdict, world.group("web")
    (began,) = at(world, What.SHIFT)
    assert verdict.code in (1, 10) and zone in verdict.why + " ".join(verdict.left), verdict
    assert not group.suspended_names & {"AlarmNotification", "ScheduledActions"}
    assert world.now - began < 700.0
    least = [one.serving for one in world.history if one.at > began + 60.0]
    assert min(least, default=3) >= 2
    if verdict.code == 1:
        assert (group.desired, group.suspended, ours(group)) == (3, (), [])


def test_r8_restore_ends_it_when_the_shift_is_over() -> None:
    async def comes(world: World, halt: Halt) -> None:
        await replaced(world)
        shift(world, "eu-west-1b")
        await anyio.sleep(800.0)
        shift(world, "eu-west-1b", active=False)

    world, results, _ = conducted(comes, BRIEF, Goal.REPLACE, Goal.RESTORE, Goal.RESTORE)
    assert results[-1].verdict.code == 0, [one.verdict for one in results]
    group = world.group("web")
    assert (group.minimum, group.desired, group.maximum, group.suspended, ours(group)) == (1, 3, 6, (), [])


@pytest.mark.parametrize("stop", [Stop.NOW, Stop.FINISH])
def test_r8_a_stop_in_a_shift_puts_back_what_it_can(stop: Stop) -> None:
    async def comes(world: World, halt: Halt) -> None:
        while not taken_out(world):
            await anyio.sleep(1.0)
        for zone in ("eu-west-1a", "eu-west-1b", "eu-west-1c"):
            shift(world, zone)
        await anyio.sleep(5.0)
        halt.request(stop)

    world, results, _ = conducted(comes, BRIEF, Goal.REPLACE, Goal.RESTORE)
    assert results[0].seconds < 1000
    assert not world.group("web").suspended_names & {"AlarmNotification", "ScheduledActions"}
    members = [one for one in world.members("web") if one.in_service]
    assert all(world.state.registered(world.group("web").target_groups[0], one.id) for one in members)


def test_r8_when_all_is_replaced_a_shift_holds_up_no_end() -> None:
    async def comes(world: World, halt: Halt) -> None:
        await replaced(world, 3)
        shift(world)

    world, (result,), _ = conducted(comes)
    assert result.verdict.outcome is Outcome.DONE, result.verdict
    assert not world.group("web").suspended and world.now - at(world, What.SHIFT)[0] < 300


def test_r8_nobody_in_standby_is_ended_meanwhile_either() -> None:
    """Each serves nobody; but whoever answers for the shift may want it back."""

    async def comes_and_goes(world: World, halt: Halt) -> None:
        world.enter_standby("web", [world.members("web")[0].id], decrement=True, who=HUMAN)
        await replaced(world, 2)
        shift(world)
        await anyio.sleep(600.0)
        shift(world, active=False)

    world, (result,), _ = conducted(comes_and_goes, RolloutSpec(standby=Standby.TERMINATE))
    assert result.verdict.outcome is Outcome.DONE, result.verdict
    began, ended = at(world, What.SHIFT)
    (idle,) = (one.instance for one in world.record if one.what is What.STANDBY)
    (went,) = (one.at for one in world.record if one.what is What.TERMINATE and one.instance == idle)
    assert went > ended > began
