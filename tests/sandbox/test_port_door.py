"""The port door: the world as a Cloud."""

from dataclasses import replace

import anyio
import pytest

from async_rollout.core.actions import (
    Deregister,
    Erase,
    MarkHealthy,
    Need,
    Order,
    Record,
    Registration,
    Resume,
    SetCapacity,
    Suspend,
    Terminate,
)
from async_rollout.core.actions import Register as RegisterAction
from async_rollout.core.journal import Departure, Found, Journal, Unreadable, digest
from async_rollout.core.observation import TargetState
from async_rollout.core.tags import ORDER
from async_rollout.engine.ports import Answer, Cloud, Done, Refused
from async_rollout.errors import UnknownGroupError
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Hook, Override, ScheduledAction, Tag
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.doorway import EVERYTHING, GROUP, TARGETS, through


def the_journal(world: World, *departures: Departure, serial: int = 1) -> Journal:
    return Journal(
        group=digest(world.group("web").arn, 16), run="r1", serial=serial, holder="h", until=5,
        found=Found(minimum=1, desired=3, maximum=6), base=3, asked=3, departures=departures,
    )  # fmt: skip


def test_a_look_shows_only_what_is_needed() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        bare = await cloud.look("web", GROUP, 0.0)
        assert (len(bare.instances), len(bare.sources)) == (3, 3)
        assert bare.survey is None and bare.activities is None and not bare.health_seen
        assert all(one.targets == () for one in bare.instances)
        whole = await cloud.look("web", EVERYTHING, 0.0)
        assert whole.survey is not None and whole.health_seen
        assert {(one.kind, one.status) for one in whole.activities or ()} == {("launch", "Successful")}
        assert {one.state for each in whole.instances for one in each.targets} == {TargetState.HEALTHY}
        assert whole.at > bare.at > 1.7e9
        assert (whole.group.desired, whole.group.minimum, whole.group.maximum) == (3, 1, 6)

    through(play)


def test_it_is_a_cloud() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        door: Cloud = cloud
        await door.look("web", TARGETS, 0.0)

    through(play)


def test_an_unknown_group_is_said_to_be_unknown() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        with pytest.raises(UnknownGroupError, match="nobody"):
            await cloud.look("nobody", EVERYTHING, 0.0)

    through(play)


def test_each_call_takes_time_and_is_counted_by_its_name() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        await cloud.look("web", TARGETS, 0.0)
        assert 0.1 <= anyio.current_time() <= 0.4
        assert dict(world.calls) == {
            "autoscaling:DescribeAutoScalingGroups": 1,
            "ec2:DescribeInstances": 1,
            "elb:DescribeInstanceHealth": 1,
            "elbv2:DescribeTargetHealth": 2,
        }
        await cloud.look("web", GROUP, 0.0)
        assert world.calls["ec2:DescribeInstances"] == 1  # what EC2 says of an instance never changes
        assert world.calls["elbv2:DescribeTargetHealth"] == 2

    through(play)


def test_looks_at_the_same_moment_share_one_describe() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        async with anyio.create_task_group() as tasks:
            for name in world.state.groups:
                tasks.start_soon(cloud.look, name, GROUP, 0.0)
        assert world.calls["autoscaling:DescribeAutoScalingGroups"] == 2  # 120 groups, 100 a call

    through(play, scenario="many-120")


def test_the_record_goes_into_the_tags_and_comes_back() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        departures = (Departure(id="i-0123456789abcdef0", at=7), Departure(id="i-0123456789abcdef1", at=8))
        assert await cloud.act("web", Record(journal=the_journal(world, *departures))) == Done()
        assert (await cloud.look("web", GROUP, 0.0)).journal == the_journal(world, *departures)
        shorter = the_journal(world, departures[1], serial=2)
        await cloud.act("web", Record(journal=shorter))
        observation = await cloud.look("web", GROUP, 0.0)
        assert observation.journal == shorter
        assert (
            observation.group.tag_count == 0
        )  # ours do not count: what is left of the fifty is asked before there are any
        assert not any(tag.propagate for tag in world.group("web").tags)

    through(play)


def test_an_order_stands_beside_the_record_until_all_is_erased() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        world.put_tags("web", [Tag(key="Team", value="blue")])
        await cloud.act("web", Order(text="stop"))
        await cloud.act("web", Record(journal=the_journal(world)))
        observation = await cloud.look("web", GROUP, 0.0)
        assert (observation.order, observation.journal) == ("stop", the_journal(world))
        await cloud.act("web", Erase())
        observation = await cloud.look("web", GROUP, 0.0)
        assert (observation.order, observation.journal) == (None, None)
        assert [tag.key for tag in world.group("web").tags] == ["Team"]
        assert ORDER not in [tag.key for tag in world.group("web").tags]

    through(play)


def test_a_foreign_record_is_unreadable() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        await cloud.act("web", Record(journal=replace(the_journal(world), group="another")))
        assert isinstance((await cloud.look("web", GROUP, 0.0)).journal, Unreadable)

    through(play)


def test_acts_change_the_world_in_the_owners_name() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        observation = await cloud.look("web", TARGETS, 0.0)
        one = observation.instances[0]
        places = tuple(Registration(source=at.source, instance=one.id, port=at.port) for at in one.targets)
        acts = (
            Suspend(processes=("AZRebalance",)), SetCapacity(maximum=7), SetCapacity(desired=4),
            Deregister(registrations=places), RegisterAction(registrations=places[:1]),
            MarkHealthy(instances=(one.id,)), Resume(processes=("AZRebalance",)),
            Terminate(instance=one.id, shrink=True),
        )  # fmt: skip
        for act in acts:
            assert await cloud.act("web", act) == Done()
        group = world.group("web")
        assert (group.maximum, group.desired, group.suspended) == (7, 3, ())
        did = [each.what for each in world.record if each.who == "owner"]
        assert did == [
            What.SUSPEND, What.SET_SIZES, What.SET_DESIRED, *[What.DEREGISTER] * 3, What.REGISTER, What.RESUME,
            What.TERMINATE,
        ]  # fmt: skip
        assert world.calls["elbv2:DeregisterTargets"] == 2
        assert world.calls["elb:DeregisterInstancesFromLoadBalancer"] == 1

    through(play)


def test_a_refusal_has_aws_own_words() -> None:
    async def play(world: World, cloud: PortCloud) -> Answer:
        return await cloud.act("web", SetCapacity(desired=99))

    answer = through(play)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.denied) == ("ValidationError", False)
    assert "above max value 6" in answer.message


def test_a_draining_classic_one_is_draining_and_says_why() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        observation = await cloud.look("web", TARGETS, 0.0)
        id, classic = observation.instances[0].id, observation.sources[0]
        assert (classic.default_port, classic.drain_delay, classic.has_listener) == (None, 30.0, True)
        await cloud.act("web", Deregister(registrations=(Registration(source=classic.id, instance=id),)))
        target = (await cloud.look("web", TARGETS, 0.0)).instance(id).targets[0]
        assert (target.state, target.reason) == (
            TargetState.DRAINING, "Instance deregistration currently in progress."
        )  # fmt: skip

    through(play)


def test_what_the_survey_and_the_flags_tell() -> None:
    async def main() -> None:
        world = World(1, loop_clock())
        hooks = (Hook(name="a", launching=True, heartbeat=60.0), Hook(name="b", launching=True, heartbeat=90.0))
        types = (Override(instance_type="t3.micro", weight=2),)
        a_group(world, unheard=1, edit=lambda one: replace(
            one, hooks=hooks, overrides=types, warm_pool=True, other_sources=(("arn:lattice", "vpc-lattice"),),
            tags=(Tag(key="AmazonECSManaged", value=""),), refresh="Successful",
        ))  # fmt: skip
        world.schedule("web", ScheduledAction(name="late", at=world.now + 3600, desired=3))
        cloud = PortCloud(world)
        observation = await cloud.look("web", frozenset({Need.SURVEY}), 0.0)
        assert (observation.survey.launch_heartbeat, observation.survey.terminate_heartbeat) == (90.0, 0.0)
        assert [one.name for one in observation.survey.scheduled] == ["late"]
        assert observation.survey.refresh is None
        world.human_starts_refresh("web")
        assert (await cloud.look("web", EVERYTHING, 0.0)).survey.refresh == "InProgress"
        group = observation.group
        assert (group.weighted, group.warm_pool, group.ecs_managed) == (True, True, True)
        assert group.unknown_sources == ("arn:lattice",)
        assert [one.has_listener for one in observation.sources] == [True, True, True, False]

    run_virtual(main)


def test_outdated_follows_the_groups_template() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        before = await cloud.look("web", GROUP, 0.0)
        assert not any(one.outdated for one in before.instances)
        world.human_releases("web-template")
        after = await cloud.look("web", GROUP, 0.0)
        assert all(one.outdated for one in after.instances)
        assert before.group.template.endswith(":2") and after.group.template.endswith(":3")
        assert {one.launched_from for one in after.instances} == {before.group.template}

    through(play)


def test_failed_launches_show_in_the_activities() -> None:
    async def play(world: World, cloud: PortCloud) -> None:
        world.human_sets("web", maximum=4)
        await cloud.act("web", SetCapacity(desired=4))
        await anyio.sleep(5)
        failed = (await cloud.look("web", frozenset({Need.ACTIVITIES}), 0.0)).activities[0]
        assert failed.failed and failed.kind == "launch"
        assert "does not exist" in failed.message

    through(play, scenario="no-image")


def test_two_runs_of_one_seed_are_the_same() -> None:
    async def play(world: World, cloud: PortCloud) -> list[object]:
        await cloud.act("web", SetCapacity(desired=5))
        observations = []
        for _ in range(30):
            observations.append(await cloud.look("web", EVERYTHING, 0.0))
            await anyio.sleep(3)
        return [observations, world.record, world.history]

    assert through(play) == through(play)
