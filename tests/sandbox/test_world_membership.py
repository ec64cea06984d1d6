"""Attached and detached by hand: what AWS does then, and what it says against it."""

from __future__ import annotations

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.templates import image_of, outdated
from async_rollout.sandbox.words import AwsError
from async_rollout.sandbox.world import World


def detached(world: World, clock: ManualClock, group: str = "web") -> str:
    """One of the group, out of it and alive."""
    id = world.members(group)[0].id
    world.detach(group, [id], decrement=True)
    clock.move(60.0)
    assert world.instance(id).lifecycle == "Detached"
    return id


def refusal(world: World, call: str, *args: object, **more: object) -> str:
    before = (dict(world.look().groups), dict(world.look().instances))
    with pytest.raises(AwsError) as caught:
        getattr(world, call)(*args, **more)
    assert caught.value.code == "ValidationError" and before == (world.look().groups, world.look().instances)
    return caught.value.message


@pytest.mark.parametrize("decrement", [True, False])
def test_who_is_detached_drains_leaves_and_lives(world: World, clock: ManualClock, *, decrement: bool) -> None:
    group = a_group(world, size=3, minimum=1)
    id = world.members("web")[0].id
    image = image_of(world.state, world.instance(id))
    (told,) = world.detach("web", [id], decrement=decrement)
    assert (told.description, told.status, told.progress) == (f"Detaching EC2 instance: {id}", "InProgress", 50)
    wanted = ", shrinking the capacity from 3 to 2." if decrement else "user request."
    assert told.cause.endswith(wanted)
    assert world.instance(id).lifecycle == "Detaching"
    assert all(world.state.registered(source, id)[0].state == "draining" for source in group.source_ids[:2])
    assert world.group("web").desired == (2 if decrement else 3)
    clock.move(29.0)
    assert world.instance(id).lifecycle == "Detaching" and world.census("web").leaving == 1
    clock.move(2.0)
    one = world.instance(id)
    assert (one.lifecycle, one.ec2, one.member) == ("Detached", "running", False)
    assert not any(world.state.registered(source, id) for source in group.source_ids)
    assert image_of(world.state, one) == image
    clock.move(90.0)
    assert len([one for one in world.members("web") if one.in_service]) == (2 if decrement else 3)
    ended = next(one for one in world.look().activities_of("web") if one.id == told.id)
    assert ended.status == "Successful" and ended.ended_at == told.started_at + 30.0
    assert world.app_up(id) and id not in {one.id for one in world.members("web")}


def test_one_that_stands_by_is_detached_at_once(world: World, clock: ManualClock) -> None:
    a_group(world, size=3, minimum=1)
    id = world.members("web")[0].id
    world.enter_standby("web", [id], decrement=True)
    clock.move(40.0)
    world.detach("web", [id], decrement=False)
    clock.move(0.1)
    assert world.instance(id).lifecycle == "Detached" and world.group("web").desired == 2


def test_who_is_attached_serves_stands_for_no_template_and_counts(world: World, clock: ManualClock) -> None:
    group = a_group(world, size=3, minimum=1)
    a_group(world, name="api", size=2, minimum=0, maximum=5, classic=0, suspended=["AZRebalance"])
    id = detached(world, clock)
    image = image_of(world.state, world.instance(id))
    world.attach("api", [id])
    one = world.instance(id)
    assert (one.group, one.lifecycle, world.group("api").desired) == ("api", "Pending", 3)
    newest = world.look().activities_of("api")[0]
    assert newest.description == f"Attaching an existing EC2 instance: {id}"
    assert newest.cause.endswith("in response to user request. Keeping the capacity at the new 3.")
    clock.move(60.0)
    one = world.instance(id)
    assert one.in_service and world.census("api").serving == 3
    assert (one.template, one.configuration, image_of(world.state, one)) == (None, None, image)
    assert outdated(world.state, world.group("api"), one)
    assert not any(world.state.registered(source, id) for source in group.source_ids)
    assert world.look().activities_of("api")[0].status == "Successful"
    assert [one.what for one in world.record if one.instance == id and one.what in (What.DETACH, What.ATTACH)] == [
        What.DETACH,
        What.ATTACH,
    ]


def test_what_dies_before_it_is_in_service_is_replaced(world: World, clock: ManualClock) -> None:
    a_group(world, size=3, minimum=1)
    id = detached(world, clock)
    world.attach("web", [id])
    world.kill(id)
    clock.move(120.0)
    assert world.instance(id).lifecycle == "Terminated"
    assert len([one for one in world.members("web") if one.in_service]) == 3


def test_what_stands_against_attaching(world: World, clock: ManualClock) -> None:
    a_group(world, size=3, minimum=1)
    a_group(world, name="api", size=2, maximum=4, zones=1)
    id, member = detached(world, clock), world.members("web")[0].id
    assert refusal(world, "attach", "web", ["i-0"]) == "Invalid Instance ID(s): [i-0] specified"
    assert (
        refusal(world, "attach", "api", [member]) == f"The Instance: {member} is already part of AutoScalingGroup:web"
    )
    assert refusal(world, "attach", "web", []) == "At least one instance ID must be specified"
    assert "no such group" in refusal(world, "attach", "no", [id])
    many = "List exceeds the maximum number of instances to attach. Please retry your request with fewer instances."
    assert refusal(world, "attach", "web", [id] * 21) == many
    elsewhere = next(one.id for one in world.members("web") if one.zone != "eu-west-1a")
    world.detach("web", [elsewhere], decrement=True)
    clock.move(60.0)
    assert "which is not part of AutoScalingGroup:api" in refusal(world, "attach", "api", [elsewhere])
    world.suspend("web", ["Launch"])
    assert "Launch process is suspended" in refusal(world, "attach", "web", [id])
    world.resume("web", ["Launch"])
    world.update_group("web", maximum=1)
    full = (
        "AutoScalingGroup web has min-size=1, max-size=1, and desired-size=1. To attach 1 instance, please update the"
        " AutoScalingGroup sizes appropriately."
    )
    assert refusal(world, "attach", "web", [id]) == full
    world.kill(id)
    gone = f"Instance {id} [terminated] is not in correct state. Instance(s) must be in 'running' state."
    assert refusal(world, "attach", "web", [id]) == gone


def test_what_stands_against_detaching(world: World, clock: ManualClock) -> None:
    a_group(world, size=3)
    id = world.members("web")[0].id
    assert refusal(world, "detach", "web", ["i-0"], decrement=True) == (
        "The instance i-0 is not part of Auto Scaling group web."
    )
    assert "To detach 1 instance, please update" in refusal(world, "detach", "web", [id], decrement=True)
    many = "List exceeds the maximum number of instances to detach. Please retry your request with fewer instances."
    assert refusal(world, "detach", "web", [id] * 21, decrement=False) == many
    world.terminate(id, decrement=False)
    assert (
        refusal(world, "detach", "web", [id], decrement=False) == f"The instance {id} is not in InService or Standby."
    )


def test_a_group_that_is_deleted_takes_along_who_was_leaving_it(world: World, clock: ManualClock) -> None:
    a_group(world, size=2, minimum=0)
    id = world.members("web")[0].id
    (told,) = world.detach("web", [id], decrement=True)
    world.human_deletes_group("web")
    clock.move(5.0)
    assert world.instance(id).lifecycle == "Terminating"
    assert next(one for one in world.state.activities["web"] if one.id == told.id).status == "Cancelled"
    clock.move(300.0)
    assert "web" not in world.look().groups and world.instance(id).lifecycle == "Terminated"


def test_standby_is_told_in_the_activities(world: World, clock: ManualClock) -> None:
    a_group(world, size=3, minimum=1)
    id = world.members("web")[0].id
    (into,) = world.enter_standby("web", [id], decrement=True)
    assert into.description == f"Moving EC2 instance to Standby: {id}"
    assert into.cause.endswith(
        "was moved to standby in response to a user request, shrinking the capacity from 3 to 2."
    )
    clock.move(40.0)
    (out,) = world.exit_standby("web", [id])
    assert out.description == f"Moving EC2 instance out of Standby: {id}"
    statuses = {one.id: one.status for one in world.look().activities_of("web")}
    assert (statuses[into.id], statuses[out.id]) == ("Successful", "Successful")


def test_nobody_leaves_standby_while_nothing_is_launched(world: World, clock: ManualClock) -> None:
    a_group(world, size=3, minimum=1)
    id = world.members("web")[0].id
    world.enter_standby("web", [id], decrement=True)
    clock.move(40.0)
    world.suspend("web", ["Launch"], who="human")
    assert "Launch process" in refusal(world, "exit_standby", "web", [id])
    world.resume("web", ["Launch"], who="human")
    world.exit_standby("web", [id])


def test_a_call_takes_one_to_twenty_of_them(world: World) -> None:
    a_group(world, size=21, minimum=0, maximum=30)
    ids = [one.id for one in world.members("web")]
    for call in ("enter_standby", "exit_standby"):
        more = {"decrement": True} if call == "enter_standby" else {}
        assert "exceeds the maximum number" in refusal(world, call, "web", ids, **more)
        assert "At least one instance" in refusal(world, call, "web", [], **more)


def test_one_that_died_standing_by_does_not_come_back(world: World, clock: ManualClock) -> None:
    a_group(world, size=3, minimum=1)
    id = world.members("web")[0].id
    world.enter_standby("web", [id], decrement=True)
    clock.move(40.0)
    world.kill(id)
    assert "is not in correct state" in refusal(world, "exit_standby", "web", [id])
