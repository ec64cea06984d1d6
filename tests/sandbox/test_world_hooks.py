"""Lifecycle hooks that are put, beaten, deleted: whom they hold and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Hook
from async_rollout.sandbox.words import AwsError
from async_rollout.sandbox.world import World

LAUNCHING = Hook(name="warm", launching=True, heartbeat=60.0)
LEAVING = Hook(name="logs", launching=False, heartbeat=60.0)


def held(world: World, clock: ManualClock, hook: Hook) -> str:
    """Somebody whom the hook holds."""
    a_group(world, minimum=0, maximum=4)
    world.put_hook("web", hook)
    if hook.launching:
        before = {one.id for one in world.members("web")}
        world.set_desired_capacity("web", 4)
        clock.move(50.0)
        (id,) = {one.id for one in world.members("web")} - before
    else:
        id = world.members("web")[0].id
        world.terminate(id, decrement=True)
        clock.move(31.0)
    assert world.instance(id).lifecycle.endswith(":Wait")
    return id


def test_a_heartbeat_begins_the_time_anew(world: World, clock: ManualClock) -> None:
    id = held(world, clock, LEAVING)
    for _ in range(4):
        clock.move(45.0)
        world.heartbeat(id, "logs")
        assert world.instance(id).lifecycle == "Terminating:Wait"
    clock.move(59.0)
    assert world.instance(id).lifecycle == "Terminating:Wait"
    clock.move(2.0)
    assert world.instance(id).lifecycle == "Terminating:Proceed"
    with pytest.raises(AwsError, match=f"No active Lifecycle Action found with instance ID {id}"):
        world.heartbeat(id, "logs")


def test_no_heartbeat_holds_longer_than_the_global_timeout(world: World, clock: ManualClock) -> None:
    id = held(world, clock, replace(LEAVING, heartbeat=7200.0))
    beats = 0
    while world.instance(id).lifecycle == "Terminating:Wait":
        world.heartbeat(id, "logs")
        clock.move(7000.0)
        beats += 1
    assert (beats - 1) * 7000 < 172_800 <= beats * 7000


@pytest.mark.parametrize(("hook", "after"), [(LAUNCHING, "Terminating"), (LEAVING, "Terminating:Proceed")])
def test_a_deleted_hook_lets_go_of_whom_it_holds(world: World, clock: ManualClock, hook: Hook, after: str) -> None:
    """Who launches is abandoned, who terminates goes on."""
    id = held(world, clock, hook)
    world.delete_hook("web", hook.name)
    assert world.instance(id).lifecycle == after
    assert world.group("web").hooks == ()
    with pytest.raises(AwsError, match="No Lifecycle Hook found with name"):
        world.delete_hook("web", hook.name)


def test_one_hook_of_two_that_is_deleted_leaves_the_other(world: World, clock: ManualClock) -> None:
    a_group(world, minimum=0)
    world.put_hook("web", LEAVING)
    world.put_hook("web", replace(LEAVING, name="more", heartbeat=600.0))
    id = world.members("web")[0].id
    world.terminate(id, decrement=True)
    clock.move(31.0)
    world.delete_hook("web", "logs")
    clock.move(200.0)
    assert world.instance(id).lifecycle == "Terminating:Wait"
    world.complete_lifecycle(id, "more", "CONTINUE")
    assert world.instance(id).lifecycle == "Terminating:Proceed"


def test_another_hook_in_its_place_holds_the_next_not_who_waits(world: World, clock: ManualClock) -> None:
    id = held(world, clock, LEAVING)
    world.put_hook("web", replace(LEAVING, heartbeat=600.0))
    clock.move(61.0)
    assert world.instance(id).lifecycle == "Terminating:Proceed"
    other = next(one.id for one in world.members("web") if one.in_service)
    world.terminate(other, decrement=True)
    clock.move(300.0)
    assert world.instance(other).lifecycle == "Terminating:Wait"


def test_what_stands_against_a_hook(world: World) -> None:
    a_group(world)
    with pytest.raises(AwsError, match="between 30 and 7200"):
        world.put_hook("web", replace(LEAVING, heartbeat=29.0))
    for number in range(50):
        world.put_hook("web", replace(LEAVING, name=f"h{number}"))
    with pytest.raises(AwsError) as full:
        world.put_hook("web", LEAVING)
    assert full.value.code == "LimitExceeded"
