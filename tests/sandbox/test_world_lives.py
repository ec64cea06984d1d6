"""The life of an instance: launched, hooked, broken, terminated."""

from dataclasses import replace

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group, Hook
from async_rollout.sandbox.words import NO_CAPACITY, AwsError
from async_rollout.sandbox.world import World


def with_hook(hook: Hook):
    def edit(group: Group) -> Group:
        return replace(group, hooks=(hook,))

    return edit


def lifecycles(world: World, clock: ManualClock, id: str, seconds: int) -> list[str]:
    """Its lifecycle states in order, looked at each second."""
    seen: list[str] = []
    for _ in range(seconds):
        clock.move(1.0)
        state = world.instance(id).lifecycle
        if not seen or seen[-1] != state:
            seen.append(state)
    return seen


def newest(world: World, clock: ManualClock) -> str:
    world.set_desired_capacity("web", 4)
    clock.move(3.5)
    return world.members("web")[-1].id


def test_terminate_drains_shuts_down_and_the_row_vanishes(world: World, clock: ManualClock) -> None:
    group = a_group(world, minimum=0, delay=30.0)
    id = world.members("web")[0].id
    activity = world.terminate(id, decrement=True)
    assert activity.status == "WaitingForELBConnectionDraining"
    assert world.group("web").desired == 2
    assert {one.state for one in world.look().registered(group.target_groups[0], id)} == {"draining"}
    clock.move(31.0)
    assert world.instance(id).ec2 == "shutting-down"
    clock.move(10.0)
    assert id not in [one.id for one in world.members("web")]
    assert world.instance(id).ec2 == "terminated"
    done = next(one for one in world.look().activities_of("web") if one.id == activity.id)
    assert done.status == "Successful"


def test_what_is_drained_already_passes_quickly(world: World, clock: ManualClock) -> None:
    group = a_group(world, minimum=0, delay=300.0)
    id = world.members("web")[0].id
    for source in group.source_ids:
        world.deregister(source, id)
    clock.move(301.0)
    world.terminate(id, decrement=True)
    assert world.instance(id).ec2 == "shutting-down"


def test_decrement_at_the_minimum_is_refused_in_aws_words(world: World) -> None:
    a_group(world)
    with pytest.raises(AwsError) as refused:
        world.terminate(world.members("web")[0].id, decrement=True)
    assert refused.value.code == "ValidationError"
    assert refused.value.message == (
        "Currently, desiredSize equals minSize (3). Terminating instance without replacement will violate group's min"
        " size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size."
    )
    assert all(one.in_service for one in world.members("web"))


def test_an_unknown_or_gone_instance_is_not_found(world: World, clock: ManualClock) -> None:
    a_group(world, minimum=0, delay=0.0)
    id = world.members("web")[0].id
    world.terminate(id, decrement=True)
    clock.move(60.0)
    for one in (id, "i-00000000000000000"):
        words = f"Instance Id not found - No managed instance found for instance ID {one}"
        with pytest.raises(AwsError) as refused:
            world.terminate(one, decrement=True)
        assert refused.value.message == words


@pytest.mark.parametrize(("knob", "desired"), [("accept", 2), ("decrement", 1)])
def test_a_second_terminate_does_what_the_world_was_told(world: World, knob: str, desired: int) -> None:
    a_group(world, minimum=0)
    world.second_terminate = knob
    id = world.members("web")[0].id
    assert world.terminate(id, decrement=True).id == world.terminate(id, decrement=True).id
    assert world.group("web").desired == desired


def test_without_decrement_a_successor_is_launched(world: World, clock: ManualClock) -> None:
    a_group(world)
    gone = world.members("web")[0].id
    world.terminate(gone, decrement=False)
    clock.move(120.0)
    assert world.group("web").desired == 3
    assert world.healthy("web") == 3
    assert gone not in [one.id for one in world.members("web")]


def test_a_launching_hook_holds_until_it_is_completed(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4, edit=with_hook(Hook(name="h", launching=True)))
    id = newest(world, clock)
    assert lifecycles(world, clock, id, 300) == ["Pending", "Pending:Wait"]
    world.complete_lifecycle(id, "h", "CONTINUE")
    assert world.instance(id).in_service
    with pytest.raises(AwsError, match="No active Lifecycle Action"):
        world.complete_lifecycle(id, "h", "CONTINUE")


def test_a_launching_hook_that_times_out_abandons_and_aws_launches_again(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4, edit=with_hook(Hook(name="h", launching=True, heartbeat=60.0)))
    id = newest(world, clock)
    assert lifecycles(world, clock, id, 150)[-2:] == ["Terminating", "Terminated"]
    launches = [one for one in world.record if one.what is What.LAUNCH]
    assert len(launches) == 2
    assert "Cancelled" in [one.status for one in world.look().activities_of("web") if one.launch]


def test_a_terminating_hook_holds_after_the_drain(world: World, clock: ManualClock) -> None:
    hook = Hook(name="h", launching=False, heartbeat=600.0, completes_after=40.0)
    a_group(world, minimum=0, delay=30.0, edit=with_hook(hook))
    id = world.members("web")[0].id
    world.terminate(id, decrement=True)
    clock.move(31.0)
    assert (world.instance(id).lifecycle, world.instance(id).ec2) == ("Terminating:Wait", "running")
    clock.move(40.0)
    assert (world.instance(id).lifecycle, world.instance(id).ec2) == ("Terminating:Proceed", "shutting-down")
    clock.move(11.0)
    assert world.instance(id).lifecycle == "Terminated"


def test_an_instance_keeps_the_version_it_was_launched_from(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4)
    id = newest(world, clock)
    assert world.instance(id).template.version == "2"
    assert world.human_releases("web-template") == 3
    assert world.instance(id).template.version == "2"
    clock.move(120.0)
    world.terminate(id, decrement=False)
    clock.move(60.0)
    assert world.members("web")[-1].template.version == "3"


def test_a_launch_failure_shows_in_the_activities_only_and_is_tried_again(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4)
    world.troubles["web"].failing_launches = 1
    world.troubles["web"].launch_message = NO_CAPACITY
    world.set_desired_capacity("web", 4)
    clock.move(4.0)
    assert len(world.members("web")) == 3
    failed = world.look().activities_of("web")[0]
    assert (failed.status, failed.instance) == ("Failed", None)
    assert failed.message.startswith("We currently do not have sufficient t3.micro capacity")
    clock.move(61.0)
    assert len(world.members("web")) == 4


def test_one_that_never_gets_healthy(world: World, clock: ManualClock) -> None:
    group = a_group(world, maximum=4)
    world.troubles["web"].sick_launches = 1
    id = newest(world, clock)
    clock.move(900.0)
    assert world.instance(id).in_service
    assert world.look().registered(group.target_groups[0], id)[0].state == "unhealthy"
    assert (world.healthy("web"), world.census("web").warming) == (3, 1)


def test_one_that_dies_while_booting_is_replaced(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4)
    world.troubles["web"].dying_launches = 1
    id = newest(world, clock)
    clock.move(150.0)
    assert not world.instance(id).member
    assert world.healthy("web") == 4


def test_a_boot_takes_about_as_long_as_its_group_says(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4)
    id = newest(world, clock)
    clock.move(60.0)
    took = world.instance(id).in_service_at - world.instance(id).launched_at
    assert 36.0 <= took <= 44.0
    assert took != 40.0
