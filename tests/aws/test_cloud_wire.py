"""The whole layer against the simulated AWS through its wire door: aioboto3's own clients, no socket, virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import anyio
import pytest

from async_rollout.aws.cloud import AwsCloud
from async_rollout.aws.session import connect
from async_rollout.core.actions import (
    Deregister,
    Erase,
    MarkHealthy,
    Need,
    Needs,
    Order,
    Record,
    Register,
    Registration,
    Resume,
    SetCapacity,
    Suspend,
    Terminate,
)
from async_rollout.core.events import Event, Throttled
from async_rollout.core.journal import Departure, Found, Journal, digest
from async_rollout.core.observation import Observation, TargetState
from async_rollout.engine.ports import Done, Refused, Unknown
from async_rollout.errors import UnknownGroupError, UnseenError
from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.scenarios import SCENARIOS
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World

T = TypeVar("T")
ALL = frozenset(Need)


def play(
    story: Callable[[AwsCloud, World], Awaitable[T]],
    *faults: Fault,
    scenario: str = "at-max",
    tell: Callable[[Event], object] | None = None,
    api_share: float = 1.0,
) -> T:
    """A story at a cloud whose AWS is a sandbox."""

    async def main() -> T:
        sandbox = Sandbox(scenario, clock=loop_clock())
        for fault in faults:
            sandbox.faults.add(fault)
        async with connect(session=sandbox.session(), tell=tell, api_share=api_share) as cloud:
            return await story(cloud, sandbox.world)

    return run_virtual(main)


async def look(cloud: AwsCloud, group: str = "web", needs: Needs = ALL) -> Observation:
    return await cloud.look(group, needs, anyio.current_time())


def plain(observation: Observation) -> Observation:
    """Without what a door may tell in another way: times of answers, and AWS's words after a reason's code.

    What a kind of traffic source has to say before the first change the port does not make.
    """
    instances = tuple(
        replace(one, targets=tuple(replace(t, reason=t.reason.split(": ")[0]) for t in sorted(one.targets, key=repr)))
        for one in observation.instances
    )
    sources = tuple(replace(one, seen_at=one.seen_at and 1.0) for one in observation.sources)
    survey = replace(observation.survey, at=0.0, objections=(), told=()) if observation.survey else None
    return replace(observation, at=0.0, instances=instances, sources=sources, survey=survey)


@pytest.mark.parametrize("scenario", sorted(SCENARIOS.keys() - {"many", "mixed-instances"}))
def test_the_wire_shows_what_the_port_shows(scenario: str) -> None:
    async def main() -> None:
        sandbox = Sandbox(scenario, clock=loop_clock())
        port = sandbox.cloud()
        async with connect(session=sandbox.session()) as cloud:
            for name in sandbox.world.state.groups:
                wire = await look(cloud, name)
                assert plain(wire) == plain(await port.look(name, ALL, anyio.current_time()))
                assert wire.health_seen
                assert abs(wire.at - sandbox.world.now) < 5

    run_virtual(main)


def test_old_and_new_are_told_apart_in_a_mixed_group() -> None:
    async def main() -> None:
        sandbox = Sandbox("mixed-instances", clock=loop_clock())
        async with connect(session=sandbox.session()) as cloud:
            wire, port = await look(cloud), await sandbox.cloud().look("web", ALL, anyio.current_time())
            assert [one.outdated for one in wire.instances] == [one.outdated for one in port.instances]
            assert any(one.outdated for one in wire.instances)
            before = wire.group.template
            sandbox.world.human_releases("web-arm")
            await anyio.sleep(61)
            assert (await look(cloud)).group.template != before

    run_virtual(main)


def test_a_draining_instance_is_seen_draining_everywhere_and_then_gone() -> None:
    async def story(cloud: AwsCloud, world: World) -> None:
        first = await look(cloud)
        victim = first.instances[0]
        assert {target.state for target in victim.targets} == {TargetState.HEALTHY}
        registrations = tuple(Registration(source=t.source, instance=victim.id, port=t.port) for t in victim.targets)
        assert len(registrations) >= 2
        assert await cloud.act("web", Deregister(registrations=registrations)) == Done()
        draining = (await look(cloud)).instance(victim.id)
        assert draining is not None
        assert {target.state for target in draining.targets} == {TargetState.DRAINING}
        await anyio.sleep(max(source.drain_delay for source in first.sources) + 5)
        drained = (await look(cloud)).instance(victim.id)
        assert drained is not None
        assert drained.targets == ()
        assert await cloud.act("web", Register(registrations=registrations)) == Done()
        back = (await look(cloud)).instance(victim.id)
        assert back is not None
        assert {target.source for target in back.targets} == {source.id for source in first.sources}

    play(story)


def journal(arn: str, serial: int, *departures: Departure) -> Journal:
    return Journal(
        group=digest(arn, 16), run="r1", serial=serial, holder="host:boot:1", until=1_900_000_000,
        found=Found(minimum=3, desired=3, maximum=3), base=3, asked=3, departures=departures,
    )  # fmt: skip


def test_a_record_comes_back_as_it_was_written() -> None:
    async def story(cloud: AwsCloud, world: World) -> None:
        first = await look(cloud)
        departures = [
            Departure(id=one.id, at=1, private_ip=one.private_ip)
            for one in sorted(first.instances, key=lambda one: one.id)
        ]
        arn, tags = first.group.arn, first.group.tag_count
        for record in (journal(arn, 1, *departures), journal(arn, 2, departures[1]), journal(arn, 3)):
            assert await cloud.act("web", Record(journal=record)) == Done()
            seen = await look(cloud)
            assert (seen.journal, seen.group.tag_count) == (record, tags)
        assert await cloud.under_way() == ("web",)
        assert await cloud.act("web", Order(text="stop")) == Done()
        assert (await look(cloud)).order == "stop"
        assert await cloud.act("web", Erase()) == Done()
        last = await look(cloud)
        assert (last.journal, last.order, await cloud.under_way()) == (None, None, ())
        assert not [tag for tag in world.group("web").tags if tag.key.startswith("async-rollout")]

    play(story)


def test_capacity_processes_and_marks_change_as_ordered() -> None:
    async def story(cloud: AwsCloud, world: World) -> None:
        id = (await look(cloud)).instances[0].id
        assert await cloud.act("web", Suspend(processes=("ReplaceUnhealthy", "AZRebalance"))) == Done()
        assert (await look(cloud)).group.suspended == {"ReplaceUnhealthy", "AZRebalance"}
        assert await cloud.act("web", Resume(processes=("AZRebalance",))) == Done()
        assert (await look(cloud)).group.suspended == {"ReplaceUnhealthy"}
        refused = await cloud.act("web", SetCapacity(desired=9))
        assert isinstance(refused, Refused)
        assert (refused.code, refused.denied) == ("ValidationError", False)
        assert "above max value 3" in refused.message
        assert await cloud.act("web", SetCapacity(maximum=5)) == Done()
        assert await cloud.act("web", SetCapacity(desired=4)) == Done()
        group = (await look(cloud)).group
        assert (group.minimum, group.desired, group.maximum) == (3, 4, 5)
        world.set_health(id, "Unhealthy")
        assert await cloud.act("web", MarkHealthy(instances=(id,))) == Done()
        one = (await look(cloud)).instance(id)
        assert one is not None
        assert not one.marked_unhealthy

    play(story)


def test_a_terminated_instance_leaves_and_its_activity_names_it() -> None:
    async def story(cloud: AwsCloud, world: World) -> None:
        id = (await look(cloud)).instances[0].id
        await cloud.act("web", SetCapacity(maximum=4))
        await cloud.act("web", SetCapacity(desired=4))
        assert await cloud.act("web", Terminate(instance=id, shrink=True)) == Done()
        observation = await look(cloud)
        assert observation.group.desired == 3
        assert observation.activities is not None
        assert [one.kind for one in observation.activities if one.instance == id] == ["terminate", "launch"]
        again = await cloud.act("web", Terminate(instance="i-0123456789abcdef0", shrink=True))
        assert isinstance(again, Refused)
        assert "Instance Id not found" in again.message
        await anyio.sleep(600)
        gone = await look(cloud)
        assert gone.instance(id) is None
        assert [one.in_service for one in gone.instances] == [True] * 3
        newest = max(one.launched_at or 0.0 for one in gone.instances)
        assert observation.at - 120 < newest < observation.at + 120

    play(story)


@pytest.mark.parametrize(
    "kind", [FaultKind.THROTTLE, FaultKind.ERROR_500, FaultKind.HTML_503, FaultKind.RESET, FaultKind.LOST_ANSWER]
)
def test_a_look_gets_over_every_passing_fault(kind: FaultKind) -> None:
    told: list[Event] = []
    faults = [
        Fault(kind=kind, action=name, count=2) for name in ("DescribeAutoScaling", "TargetHealth", "DescribeInst")
    ]
    observation = play(lambda cloud, _: look(cloud), *faults, tell=told.append)
    assert observation.health_seen
    assert all(one.launched_at for one in observation.instances)
    assert len([one for one in told if isinstance(one, Throttled)]) == 6


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.RESET, FaultKind.HTML_503, FaultKind.ERROR_500])
def test_a_terminate_whose_answer_is_lost_is_sent_once(kind: FaultKind) -> None:
    async def story(cloud: AwsCloud, world: World) -> None:
        id = (await look(cloud)).instances[0].id
        await cloud.act("web", SetCapacity(maximum=4))
        await cloud.act("web", SetCapacity(desired=4))
        assert isinstance(await cloud.act("web", Terminate(instance=id, shrink=True)), Unknown)
        assert cloud.calls["TerminateInstanceInAutoScalingGroup"] == 1
        assert world.group("web").desired == (3 if kind is FaultKind.LOST_ANSWER else 4)

    play(story, Fault(kind=kind, action="Terminate"))


def test_a_throttled_terminate_is_sent_until_it_is_taken() -> None:
    async def story(cloud: AwsCloud, world: World) -> None:
        id = (await look(cloud)).instances[0].id
        assert await cloud.act("web", Terminate(instance=id, shrink=False)) == Done()
        assert cloud.calls["TerminateInstanceInAutoScalingGroup"] == 3
        assert world.group("web").desired == 3

    play(story, Fault(kind=FaultKind.THROTTLE, action="Terminate", count=2))


def test_what_is_never_answered_is_unseen_within_a_minute() -> None:
    async def story(cloud: AwsCloud, world: World) -> float:
        with pytest.raises(UnseenError, match="DescribeTargetHealth"):
            await look(cloud)
        return anyio.current_time()

    assert play(story, Fault(kind=FaultKind.DELAY, action="DescribeTargetHealth", seconds=600.0)) < 60


def test_unknown_groups_are_named() -> None:
    async def story(cloud: AwsCloud, world: World) -> None:
        with pytest.raises(UnknownGroupError, match="nobody"):
            await look(cloud, "nobody")

    play(story)


def test_many_groups_cost_few_calls() -> None:
    async def story(cloud: AwsCloud, world: World) -> dict[str, int]:
        async def watch(name: str) -> None:
            for _ in range(5):
                assert (await look(cloud, name, frozenset({Need.TARGETS}))).health_seen
                await anyio.sleep(5)

        async with anyio.create_task_group() as tasks:
            for name in world.state.groups:
                tasks.start_soon(watch, name)
        assert world.calls.total() == cloud.calls.total()
        return dict(cloud.calls)

    calls = play(story, scenario="many-20")
    assert calls["DescribeInstances"] <= 2
    assert calls["DescribeTargetHealth"] == 20 * 2 * 5
    assert calls["DescribeTargetGroups"] == 20
    assert calls["DescribeAutoScalingGroups"] <= 100, "who waits for health in AWS's bucket goes out of step"
