"""Sizes, processes, zones: what AWS does with a group's capacity by itself."""

from dataclasses import replace

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import ScheduledAction, Tag
from async_rollout.sandbox.words import PROCESSES, AwsError
from async_rollout.sandbox.world import World


def refusal(world: World, **sizes: int) -> str:
    with pytest.raises(AwsError) as refused:
        world.update_group("web", **sizes)
    assert refused.value.code == "ValidationError"
    return refused.value.message


def test_the_field_changes_at_once_and_the_row_comes_seconds_later(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4)
    world.set_desired_capacity("web", 4)
    assert world.group("web").desired == 4
    assert (len(world.members("web")), world.census("web").coming) == (3, 1)
    clock.move(3.1)
    assert world.members("web")[-1].lifecycle == "Pending"
    assert world.census("web").coming == 0


def test_desired_outside_min_and_max_is_refused_in_aws_words(world: World) -> None:
    a_group(world, minimum=2, maximum=4)
    for desired, words in ((5, "is above max value 4"), (1, "is below min value 2")):
        with pytest.raises(AwsError, match=words) as refused:
            world.set_desired_capacity("web", desired)
        assert refused.value.code == "ValidationError"
        assert world.group("web").desired == 3


def test_update_checks_the_bounds(world: World) -> None:
    a_group(world)
    assert "Max bound, 3" in refusal(world, minimum=8)
    assert "Desired capacity:9" in refusal(world, desired=9)


def test_a_maximum_below_desired_lowers_desired_and_aws_picks_the_victim(world: World, clock: ManualClock) -> None:
    a_group(world, minimum=0)
    world.update_group("web", maximum=2)
    assert world.group("web").desired == 2
    clock.move(4.0)
    assert [one.lifecycle for one in world.members("web")].count("Terminating") == 1


def test_an_unknown_group_is_a_validation_error(world: World) -> None:
    with pytest.raises(AwsError, match="name not found") as refused:
        world.set_desired_capacity("nobody", 1)
    assert refused.value.code == "ValidationError"


def test_lowering_desired_takes_the_fullest_zone_then_the_outdated(world: World, clock: ManualClock) -> None:
    a_group(world, size=4, minimum=0, outdated=1)
    oldest, *_, fourth = world.members("web")
    assert oldest.zone == fourth.zone
    world.set_desired_capacity("web", 3)
    clock.move(4.0)
    assert world.instance(oldest.id).leaving


def test_scale_in_spares_the_protected_and_says_so_when_all_are(world: World, clock: ManualClock) -> None:
    a_group(world, size=2, minimum=0)
    first, second = (one.id for one in world.members("web"))
    world.protect("web", [first], protected=True, who="human")
    world.set_desired_capacity("web", 1)
    clock.move(4.0)
    assert world.instance(second).leaving
    world.set_desired_capacity("web", 0)
    clock.move(4.0)
    assert world.instance(first).in_service
    assert any("protected from scale-in" in one.description for one in world.look().activities_of("web"))


def test_new_instances_go_to_the_emptiest_zone(world: World, clock: ManualClock) -> None:
    a_group(world, size=4, maximum=6)
    world.set_desired_capacity("web", 6)
    clock.move(4.0)
    zones = sorted(one.zone for one in world.members("web"))
    assert zones == sorted(["eu-west-1a", "eu-west-1b", "eu-west-1c"] * 2)


def test_suspended_launch_launches_nothing_until_it_is_resumed(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4, suspended=["Launch"])
    world.set_desired_capacity("web", 4)
    clock.move(600.0)
    assert len(world.members("web")) == 3
    world.resume("web", ["Launch"])
    clock.move(4.0)
    assert len(world.members("web")) == 4


def test_suspended_terminate_keeps_what_is_too_much(world: World, clock: ManualClock) -> None:
    a_group(world, minimum=0, suspended=["Terminate"])
    world.set_desired_capacity("web", 1)
    clock.move(600.0)
    assert [one.lifecycle for one in world.members("web")] == ["InService"] * 3


def test_suspended_add_to_load_balancer_leaves_the_new_one_unregistered(world: World, clock: ManualClock) -> None:
    group = a_group(world, maximum=4, suspended=["AddToLoadBalancer"])
    world.set_desired_capacity("web", 4)
    clock.move(600.0)
    newest = world.members("web")[-1]
    assert newest.in_service
    assert all(world.look().registered(source, newest.id) == () for source in group.source_ids)
    assert world.healthy("web") == 3


def test_an_empty_list_of_processes_means_all(world: World) -> None:
    a_group(world)
    world.suspend("web", [])
    assert world.group("web").suspended_names == frozenset(PROCESSES)
    world.resume("web", [])
    assert world.group("web").suspended == ()


def test_a_process_that_is_none_is_refused(world: World) -> None:
    a_group(world)
    with pytest.raises(AwsError, match="Lunch"):
        world.suspend("web", ["Lunch"])


def uneven(world: World, clock: ManualClock, suspended: list[str]) -> list[str]:
    """Two gone from one zone of two, AWS left alone for long: the zones then."""
    a_group(world, size=4, minimum=0, zones=2, delay=0.0, suspended=suspended)
    for one in world.members("web"):
        if one.zone == "eu-west-1a":
            world.terminate(one.id, decrement=True)
    clock.move(900.0)
    return sorted(one.zone[-1] for one in world.members("web"))


def test_az_rebalance_evens_out_the_zones(world: World, clock: ManualClock) -> None:
    assert uneven(world, clock, []) == ["a", "b"]


def test_suspended_az_rebalance_leaves_them_uneven(world: World, clock: ManualClock) -> None:
    assert uneven(world, clock, ["AZRebalance"]) == ["b", "b"]


@pytest.mark.parametrize(("suspended", "desired", "what"), [
    ([], 5, What.SCHEDULED), (["ScheduledActions"], 3, What.SCHEDULED_LOST),
])  # fmt: skip
def test_a_scheduled_action_fires_or_is_lost(
    world: World, clock: ManualClock, suspended: list[str], desired: int, what: What
) -> None:
    a_group(world, maximum=6, suspended=suspended)
    world.schedule("web", ScheduledAction(name="morning", at=world.now + 60, desired=5))
    clock.move(61.0)
    assert world.group("web").desired == desired
    assert [one.detail for one in world.record if one.what is what] == ["morning"]
    world.resume("web", ["ScheduledActions"])
    clock.move(600.0)
    assert world.group("web").desired == desired  # what was lost stays lost


def test_a_recurring_scheduled_action_comes_again(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=6)
    world.schedule("web", ScheduledAction(name="daily", at=world.now + 60, every=100.0, desired=5))
    clock.move(170.0)
    assert sum(one.what is What.SCHEDULED for one in world.record) == 2
    assert world.group("web").scheduled[0].at == world.state.at + 90.0


def test_an_autoscaler_acts_only_while_alarm_notification_runs(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4)
    world.autoscale(10.0, "web", +1)
    world.autoscale(20.0, "web", +5)
    clock.move(11.0)
    assert world.group("web").desired == 4
    world.suspend("web", ["AlarmNotification"])
    world.autoscale(5.0, "web", -1)
    clock.move(20.0)
    assert world.group("web").desired == 4
    assert [one.who for one in world.record if one.what is What.SET_SIZES] == ["autoscaler"]
    assert sum(one.what is What.ALARM_IGNORED for one in world.record) == 2


def test_the_limits_of_tags(world: World) -> None:
    a_group(world)
    world.put_tags("web", [Tag(key=f"k{n}", value="v") for n in range(25)])
    world.put_tags("web", [Tag(key=f"j{n}", value="v") for n in range(25)])
    world.put_tags("web", [Tag(key="k0", value="other")])  # overwriting is no new tag
    assert {tag.key: tag.value for tag in world.group("web").tags}["k0"] == "other"
    for tag in (Tag(key="more", value=""), Tag(key="k1", value="x" * 257), Tag(key="k" * 129, value="")):
        with pytest.raises(AwsError):
            world.put_tags("web", [tag])
    world.delete_tags("web", ["k0", "unknown"])
    assert len(world.group("web").tags) == 49


def test_a_deleted_group_goes_with_its_last_instance(world: World, clock: ManualClock) -> None:
    a_group(world)
    world.human_deletes_group("web")
    assert world.group("web").status == "Delete in progress"
    clock.move(600.0)
    with pytest.raises(AwsError):
        world.group("web")


def test_standby_holds_no_place_and_comes_back(world: World, clock: ManualClock) -> None:
    group = a_group(world, minimum=0, delay=30.0)
    id = world.members("web")[0].id
    world.enter_standby("web", [id], decrement=True, who="human")
    assert world.instance(id).lifecycle == "EnteringStandby"
    clock.move(31.0)
    assert (world.instance(id).lifecycle, world.group("web").desired) == ("Standby", 2)
    assert all(not world.look().registered(source, id) for source in group.source_ids)
    world.exit_standby("web", [id], who="human")
    clock.move(60.0)
    assert (world.group("web").desired, world.healthy("web"), len(world.members("web"))) == (3, 3, 3)


@pytest.mark.parametrize("decrement", [False, True])
def test_one_in_standby_that_is_terminated_leaves_no_place_behind(
    world: World, clock: ManualClock, *, decrement: bool
) -> None:
    """Nothing comes in its place; what a decrement takes is the place of one that serves."""
    a_group(world, minimum=0, delay=30.0)
    id = world.members("web")[0].id
    world.enter_standby("web", [id], decrement=True, who="human")
    clock.move(31.0)
    world.terminate(id, decrement=decrement)
    clock.move(120.0)
    assert (world.group("web").desired, len(world.members("web"))) == ((1, 1) if decrement else (2, 2))
    assert id not in {one.id for one in world.members("web")}


def test_new_instances_inherit_protection(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4, edit=lambda one: replace(one, new_protected=True))
    world.set_desired_capacity("web", 4)
    clock.move(4.0)
    assert world.members("web")[-1].protected


def test_a_zone_without_capacity_is_told_and_a_minute_later_another_one_taken(world: World, clock: ManualClock) -> None:
    a_group(world, size=2, maximum=5)
    world.troubles["web"].dry_zones = frozenset({"eu-west-1c"})
    world.set_desired_capacity("web", 3)
    clock.move(62.0)
    assert len(world.members("web")) == 2
    clock.move(2.0)
    assert [one.zone for one in world.members("web")] == ["eu-west-1a", "eu-west-1b", "eu-west-1a"]
    failed = [one for one in world.look().activities_of("web") if one.status == "Failed"]
    assert [one.zone for one in failed] == ["eu-west-1c"] and "(eu-west-1c)" in failed[0].message


def test_where_no_zone_has_capacity_it_is_tried_again_later(world: World, clock: ManualClock) -> None:
    a_group(world, size=2, maximum=3, zones=2)
    world.troubles["web"].dry_zones = frozenset(world.group("web").zones)
    world.set_desired_capacity("web", 3)
    clock.move(4.0)
    assert len(world.members("web")) == 2
    world.troubles["web"].dry_zones = frozenset()
    clock.move(60.0)
    assert len(world.members("web")) == 3


def test_rebalancing_launches_in_the_emptiest_zone_or_not_at_all(world: World, clock: ManualClock) -> None:
    a_group(world, size=4, maximum=6, zones=2)
    world.troubles["web"].dry_zones = frozenset({"eu-west-1b"})
    for one in [one for one in world.members("web") if one.zone == "eu-west-1b"]:
        world.terminate(one.id, decrement=False)
    clock.move(180.0)
    assert [one.zone for one in world.members("web")] == ["eu-west-1a"] * 4


def test_a_fresh_group_tells_of_the_launches_that_made_it() -> None:
    """As AWS writes them; and what it tells draws nothing from the world's chance."""
    bare, told = World(seed=5), World(seed=5)
    a_group(told, size=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("async_rollout.sandbox.groups.done_before", lambda *_: None)
        a_group(bare, size=2)
    assert told.rng.getstate() == bare.rng.getstate()
    newest, oldest = told.look().activities_of("web")
    members = told.members("web")
    assert [one.instance for one in (oldest, newest)] == [one.id for one in members]
    assert newest.description == f"Launching a new EC2 instance: {members[1].id}"
    assert "increasing the capacity from 1 to 2." in newest.cause
    assert (newest.status, newest.progress, newest.message) == ("Successful", 100, "")
    assert newest.started_at == members[1].launched_at and newest.ended_at == members[1].in_service_at
    assert (newest.zone, newest.subnet) == (members[1].zone, members[1].subnet)
    assert newest.id != oldest.id
