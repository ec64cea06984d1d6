"""HealthCheck's sticky marks and what ReplaceUnhealthy does with them."""

from dataclasses import replace

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.world import World


def elb(group: Group) -> Group:
    return replace(group, health_check_type="ELB", grace=60.0)


def deregistered(world: World, group: Group) -> str:
    id = world.members("web")[0].id
    for source in group.source_ids:
        world.deregister(source, id)
    return id


def test_deregistering_by_hand_kills_under_elb_health_checks(world: World, clock: ManualClock) -> None:
    id = deregistered(world, a_group(world, edit=elb))
    clock.move(200.0)
    assert not world.instance(id).member
    assert world.healthy("web") == 3  # replaced: desired stayed
    assert [one.who for one in world.record if one.what is What.TERMINATE] == ["aws"]


def test_not_under_ec2_health_checks(world: World, clock: ManualClock) -> None:
    id = deregistered(world, a_group(world))
    clock.move(3600.0)
    assert (world.instance(id).in_service, world.instance(id).health) == (True, "Healthy")


def test_suspended_replace_unhealthy_spares_it_but_the_mark_sticks(world: World, clock: ManualClock) -> None:
    group = a_group(world, edit=elb, suspended=["ReplaceUnhealthy"])
    id = deregistered(world, group)
    clock.move(200.0)
    assert (world.instance(id).in_service, world.instance(id).health) == (True, "Unhealthy")
    for source in group.source_ids:
        world.register(source, id)
    clock.move(200.0)
    assert world.healthy("web") == 3
    assert world.instance(id).health == "Unhealthy"
    world.resume("web", ["ReplaceUnhealthy"])
    clock.move(15.0)
    assert world.instance(id).leaving


def test_a_mark_taken_back_in_time_saves_it(world: World, clock: ManualClock) -> None:
    group = a_group(world, edit=elb, suspended=["ReplaceUnhealthy"])
    id = deregistered(world, group)
    clock.move(200.0)
    for source in group.source_ids:
        world.register(source, id)
    clock.move(60.0)
    world.set_health(id, "Healthy")
    world.resume("web", ["ReplaceUnhealthy"])
    clock.move(600.0)
    assert (world.instance(id).in_service, world.instance(id).health) == (True, "Healthy")


def test_suspended_health_check_marks_nothing(world: World, clock: ManualClock) -> None:
    id = deregistered(world, a_group(world, edit=elb, suspended=["HealthCheck"]))
    clock.move(3600.0)
    assert (world.instance(id).in_service, world.instance(id).health) == (True, "Healthy")


def test_the_grace_period_protects_a_slow_newcomer(world: World, clock: ManualClock) -> None:
    def patient(group: Group) -> Group:
        return replace(elb(group), grace=300.0)

    a_group(world, maximum=4, edit=patient)
    world.troubles["web"].sick_launches = 1
    world.set_desired_capacity("web", 4)
    clock.move(300.0)
    id = world.members("web")[-1].id
    assert world.instance(id).health == "Healthy"
    clock.move(90.0)
    assert not world.instance(id).in_service


@pytest.mark.parametrize("kind", ["EC2", "ELB"])
def test_one_that_does_not_run_is_replaced_whatever_the_grace(world: World, clock: ManualClock, kind: str) -> None:
    a_group(world, edit=lambda one: replace(one, health_check_type=kind, grace=10**6))
    id = world.members("web")[0].id
    world.kill(id)
    assert world.healthy("web") == 2
    clock.move(120.0)
    assert not world.instance(id).member
    assert world.healthy("web") == 3
