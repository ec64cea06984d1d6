"""Groups that host ECS tasks at the port door: their cluster is a source, and tells what it tells over the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio

from async_rollout.aws.session import connect
from async_rollout.core.actions import Deregister, Need, Register, Registration
from async_rollout.core.observation import Observation, Source, TargetState
from async_rollout.engine.ports import Done, Refused
from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.ecs.clusters import a_cluster
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World

ALL = frozenset({Need.TARGETS, Need.SURVEY})
TARGETS = frozenset({Need.TARGETS})


def played(story: Callable[[PortCloud, World], Awaitable[None]], *faults: Fault, scenario: str = "ecs") -> None:
    async def main() -> None:
        sandbox = Sandbox(scenario, clock=loop_clock())
        for fault in faults:
            sandbox.faults.add(fault)
        await story(sandbox.cloud(), sandbox.world)

    run_virtual(main)


async def look(cloud: PortCloud) -> Observation:
    return await cloud.look("web", TARGETS, anyio.current_time())


def cluster(seen: Observation) -> Source:
    (found,) = (one for one in seen.sources if one.kind == "ecs")
    return found


def hosts(seen: Observation, *ids: str) -> tuple[Registration, ...]:
    return tuple(Registration(source=cluster(seen).id, instance=id, port=None) for id in ids)


def state(seen: Observation, id: str) -> TargetState | None:
    one = seen.instance(id)
    assert one is not None
    return next((target.state for target in one.targets if target.source == cluster(seen).id), None)


def test_a_host_drains_until_none_of_its_tasks_is_left_and_can_be_put_back() -> None:
    async def story(cloud: PortCloud, world: World) -> None:
        seen = await look(cloud)
        id = seen.instances[0].id
        assert await cloud.act("web", Deregister(registrations=hosts(seen, id))) == Done()
        (row,) = world.ecs.rows_of(id)
        while state(seen := await look(cloud), id) is not None:
            await anyio.sleep(5)
        assert row.status == "DRAINING"
        assert not world.ecs.tasks_on(row.arn)
        assert await cloud.act("web", Register(registrations=hosts(seen, id))) == Done()
        assert state(await look(cloud), id) is TargetState.HEALTHY

    played(story)


def test_a_host_goes_the_way_at_the_port_that_it_goes_over_the_wire() -> None:
    """What is still stopping is told a look sooner or later; in between the words are the same."""

    async def main() -> None:
        sandbox = Sandbox("ecs", clock=loop_clock())
        port, ways = sandbox.cloud(), dict[str, list[object]](port=[], wire=[])
        async with connect(session=sandbox.session()) as wire:
            seen = await look(port)
            id = seen.instances[0].id
            await wire.look("web", ALL, anyio.current_time())
            await port.act("web", Deregister(registrations=hosts(seen, id)))
            for _ in range(40):
                for name, cloud in (("port", port), ("wire", wire)):
                    now = await cloud.look("web", TARGETS, anyio.current_time())
                    known = state(now, id), tuple(name for name, _ in cluster(now).unsettled)
                    ways[name] += [known] if ways[name][-1:] != [known] else []
                await anyio.sleep(5)
        assert len(ways["port"]) >= 3
        assert ways["port"] == ways["wire"]

    run_virtual(main)


def test_hosts_are_moved_ten_at_a_time() -> None:
    async def main() -> None:
        world = World(1, loop_clock())
        a_group(world, size=12, maximum=24, classic=0, target_groups=0)
        a_cluster(world, "prod")
        cloud = PortCloud(world)
        seen = await look(cloud)
        every = [one.id for one in seen.instances]
        assert await cloud.act("web", Deregister(registrations=hosts(seen, *every))) == Done()
        assert world.calls["ecs:UpdateContainerInstancesState"] == 2
        assert {one.status for one in world.state.hosts.values()} == {"DRAINING"}

    run_virtual(main)


def test_an_agent_may_be_away_for_five_minutes_and_one_that_never_came_is_waited_for() -> None:
    async def story(cloud: PortCloud, world: World) -> None:
        id = (await look(cloud)).instances[0].id
        world.ecs.agent_gone(id)
        for _ in range(5):
            assert state(await look(cloud), id) is TargetState.HEALTHY
            await anyio.sleep(61)
        assert state(await look(cloud), id) is TargetState.UNHEALTHY
        assert state(await look(PortCloud(world)), id) is TargetState.INITIAL, "by one that never saw it connected"

    played(story)


def test_where_nobody_may_look_no_cluster_is_told_and_that_is_said() -> None:
    async def story(cloud: PortCloud, world: World) -> None:
        seen = await cloud.look("web", ALL, anyio.current_time())
        assert [one for one in seen.sources if one.kind == "ecs"] == []
        assert seen.survey is not None and "ecs:ListClusters is denied" in seen.survey.told[0]

    played(story, Fault(kind=FaultKind.DENIED, action="ecs:List"))


def test_a_row_that_an_answer_lacks_is_there_for_a_while() -> None:
    async def story(cloud: PortCloud, world: World) -> None:
        seen = await look(cloud)
        id = seen.instances[0].id
        cloud.faults.add(Fault(kind=FaultKind.EMPTY, action="ecs:DescribeContainerInstances"))
        assert state(await look(cloud), id) is TargetState.HEALTHY
        await anyio.sleep(301)
        assert state(await look(cloud), id) is None

    played(story)


def test_a_host_that_may_not_be_moved_is_refused() -> None:
    async def story(cloud: PortCloud, world: World) -> None:
        seen = await look(cloud)
        id = seen.instances[0].id
        (row,) = world.ecs.rows_of(id)
        world.state.hosts[row.arn] = replace(row, status="REGISTERING")
        answer = await cloud.act("web", Deregister(registrations=hosts(seen, id)))
        assert isinstance(answer, Refused)
        assert answer.code == "INACTIVE"

    played(story)
