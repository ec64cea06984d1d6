"""What AWS's documents leave open of LaunchInstances, each way: its effect on sizes, its bounds, suspended Launch."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.readings import Readings
from async_rollout.sandbox.words import NO_CAPACITY, AwsError
from async_rollout.sandbox.world import World

BESIDE = Readings(raises_desired=False)


def launch(world: World, count: int = 1) -> list[str]:
    """Ids of what came."""
    return [one.id for one in world.launch_instances("web", "eu-west-1a", count, "t").instances]


def test_desired_rises_by_what_came_unless_it_is_read_otherwise(world: World, clock: ManualClock) -> None:
    for readings, desired in ((Readings(), 5), (BESIDE, 3)):
        name = f"web-{desired}"
        a_group(world, name=name, maximum=9)
        world.readings = readings
        world.launch_instances(name, "eu-west-1a", 2, name)
        assert world.group(name).desired == desired
        clock.move(300.0)
        assert (world.group(name).desired, world.healthy(name)) == (desired, 5)


@pytest.mark.parametrize(("bounded", "came"), [(True, 0), (False, 2)])
@pytest.mark.parametrize("raises", [True, False])
def test_the_maximum_bounds_it_unless_it_is_read_otherwise(
    raises: bool, bounded: bool, came: int, world: World
) -> None:
    a_group(world, maximum=4)
    world.readings = Readings(raises_desired=raises, bounded_by_maximum=bounded)
    if bounded:
        with pytest.raises(AwsError, match="max-size=4"):
            launch(world, 2)
    else:
        launch(world, 2)
    assert len(world.members("web")) == 3 + came
    assert world.group("web").desired == (3 + came if raises else 3)


def test_those_beside_desired_count_for_the_maximum_too(world: World) -> None:
    a_group(world, maximum=4)
    world.readings = BESIDE
    launch(world)
    with pytest.raises(AwsError, match="max-size=4"):
        world.launch_instances("web", "eu-west-1b", 1, "u")


@pytest.mark.parametrize(("needs", "came"), [(True, 0), (False, 1)])
def test_a_suspended_launch_refuses_it_unless_it_is_read_otherwise(needs: bool, came: int, world: World) -> None:
    a_group(world, maximum=9, suspended=["Launch"])
    world.readings = Readings(needs_launch=needs)
    if needs:
        with pytest.raises(AwsError, match="suspended"):
            launch(world)
    else:
        assert len(launch(world)) == 1
    assert len(world.members("web")) == 3 + came


# --- beside desired: nobody is ended for it until somebody sets desired capacity


def _resumed(world: World) -> None:
    world.resume("web", [])


def _edited(world: World) -> None:
    world.human_edits("web", lambda group: group)


def _larger_maximum(world: World) -> None:
    world.update_group("web", maximum=12)


@pytest.mark.parametrize("nothing", [_resumed, _edited, _larger_maximum])
def test_the_groups_loop_comes_round_and_ends_nobody(
    nothing: Callable[[World], None], world: World, clock: ManualClock
) -> None:
    a_group(world, maximum=9)
    world.readings = BESIDE
    (new,) = launch(world)
    clock.move(120.0)
    nothing(world)
    clock.move(600.0)
    assert [one.in_service for one in world.members("web")] == [True] * 4
    assert new in {one.id for one in world.members("web")}


def _sets_desired(world: World) -> None:
    world.set_desired_capacity("web", 3)


def _sets_sizes(world: World) -> None:
    world.update_group("web", desired=3)


def _less_room(world: World) -> None:
    world.update_group("web", minimum=0, maximum=2)


@pytest.mark.parametrize(("sets", "left"), [(_sets_desired, 3), (_sets_sizes, 3), (_less_room, 2)])
def test_once_somebody_sets_desired_the_group_goes_by_it(
    sets: Callable[[World], None], left: int, world: World, clock: ManualClock
) -> None:
    a_group(world, maximum=9)
    world.readings = BESIDE
    launch(world)
    clock.move(120.0)
    sets(world)
    clock.move(300.0)
    assert (len(world.members("web")), world.healthy("web")) == (left, left)


def test_one_that_goes_makes_room_for_it_and_nobody_comes_in_its_place(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9)
    old = world.members("web")[0].id
    world.readings = BESIDE
    (new,) = launch(world)
    clock.move(120.0)
    world.terminate(old, decrement=False)
    clock.move(600.0)
    assert (len(world.members("web")), world.group("web").desired, world.healthy("web")) == (3, 3, 3)
    world.kill(new)  # it has its place in desired capacity now: another comes for it
    clock.move(600.0)
    assert (len(world.members("web")), world.healthy("web")) == (3, 3)


def test_a_decrement_leaves_as_many_beside_desired_as_there_were(world: World, clock: ManualClock) -> None:
    a_group(world, minimum=1, maximum=9)
    old = world.members("web")[0].id
    world.readings = BESIDE
    launch(world)
    clock.move(120.0)
    world.terminate(old, decrement=True)
    clock.move(600.0)
    assert (len(world.members("web")), world.group("web").desired, world.healthy("web")) == (3, 2, 3)


def test_nobody_comes_for_one_beside_desired_that_dies(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9)
    world.readings = BESIDE
    world.troubles["web"].dying_launches = 1
    launch(world)
    clock.move(600.0)
    assert (len(world.members("web")), world.healthy("web")) == (3, 3)


def test_the_zones_are_evened_out_beside_it_too(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9)
    world.readings = BESIDE
    launch(world, 2)  # three, one, one
    clock.move(120.0)
    _resumed(world)
    clock.move(600.0)
    zones = [one.zone[-1] for one in world.members("web")]
    assert (sorted(zones.count(zone) for zone in "abc"), world.healthy("web")) == ([1, 2, 2], 5)


def test_a_retry_raises_desired_however_it_is_read(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9)
    world.readings = BESIDE
    world.troubles["web"].failing_launches, world.troubles["web"].launch_message = 1, NO_CAPACITY
    answer = world.launch_instances("web", "eu-west-1a", 2, "t", retry=True)
    assert (len(answer.instances), world.group("web").desired) == (1, 5)
    clock.move(120.0)
    assert world.healthy("web") == 5


def test_the_zones_are_evened_out_after_it(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9)
    launch(world, 2)
    clock.move(600.0)
    zones = [one.zone[-1] for one in world.members("web")]
    assert (sorted(zones.count(zone) for zone in "abc"), world.healthy("web")) == ([1, 2, 2], 5)


def test_a_group_of_the_same_name_begins_anew(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9)
    world.readings = BESIDE
    launch(world)
    world.human_deletes_group("web")
    clock.move(600.0)
    assert (dict(world.look().groups), world.tolerated["web"]) == ({}, 0)
