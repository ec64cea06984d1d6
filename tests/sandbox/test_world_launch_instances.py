"""LaunchInstances: what comes, what does not, and what the group makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group, Override
from async_rollout.sandbox.troubles import Troubles
from async_rollout.sandbox.words import NO_CAPACITY, NO_IMAGE, NOT_OFFERED, OVER_QUOTA, WRONG_ARCHITECTURE, AwsError
from async_rollout.sandbox.world import World

A, B = "eu-west-1a", "eu-west-1b"


def refused(world: World, zone: str | None = A, count: int = 1, named: str = "t") -> tuple[str, str]:
    """Code and words of a refusal; nothing was launched, nothing is remembered."""
    before = world.members("web")
    with pytest.raises(AwsError) as no:
        world.launch_instances("web", zone, count, named)
    assert world.members("web") == before
    assert all(one.what is not What.LAUNCH_INSTANCES for one in world.record)
    return no.value.code, no.value.message


def test_the_ids_come_at_once_and_the_instances_go_the_usual_way(world: World, clock: ManualClock) -> None:
    group = a_group(world, maximum=9)
    answer = world.launch_instances("web", B, 2, "t")
    ids = [one.id for one in answer.instances]
    assert [one.id for one in world.members("web")[3:]] == ids
    assert [(one.lifecycle, one.zone) for one in answer.instances] == [("Pending", B)] * 2
    assert (answer.errors, answer.ready_at, world.group("web").desired) == ((), world.now, 5)
    assert world.census("web").coming == 0
    clock.move(120.0)
    assert [world.instance(id).in_service for id in ids] == [True] * 2
    assert all(world.look().registered(source, id) for source in group.source_ids for id in ids)
    assert (world.healthy("web"), len(world.members("web"))) == (5, 5)
    told = [one for one in world.look().activities_of("web") if one.instance in ids]
    assert [one.status for one in told] == ["Successful"] * 2
    assert "increasing the capacity from 4 to 5" in " ".join(one.cause for one in told)


def test_who_called_and_what_came_of_it_is_in_the_record(world: World) -> None:
    a_group(world, maximum=9)
    ids = [one.id for one in world.launch_instances("web", B, 2, "t/1", who="bob").instances]
    launches = [(one.who, one.instance) for one in world.record if one.what is What.LAUNCH]
    assert launches == [("aws", id) for id in ids]
    (call,) = [one for one in world.record if one.what is What.LAUNCH_INSTANCES]
    assert (call.who, call.detail) == ("bob", f"t/1 {B} 2: {' '.join(ids)}")


def test_one_that_dies_while_booting_is_replaced_as_desired_says(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4)
    world.troubles["web"].dying_launches = 1
    (new,) = world.launch_instances("web", A, 1, "t").instances
    clock.move(300.0)
    assert new.id not in {one.id for one in world.members("web")}
    assert (world.healthy("web"), world.group("web").desired) == (4, 4)


def test_some_come_and_some_do_not(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9)
    world.troubles["web"] = Troubles(quota=5)
    answer = world.launch_instances("web", A, 4, "t")
    assert (len(answer.instances), [one.code for one in answer.errors]) == (2, ["VcpuLimitExceeded"])
    assert world.group("web").desired == 5
    clock.move(600.0)
    assert (len(world.members("web")), world.healthy("web")) == (5, 5)


def test_one_that_fails_keeps_no_other_back(world: World) -> None:
    a_group(world, maximum=9)
    world.troubles["web"] = Troubles(failing_launches=1, launch_message=NO_CAPACITY)
    answer = world.launch_instances("web", A, 3, "t")
    assert (len(answer.instances), len(answer.errors), world.group("web").desired) == (2, 1, 5)


ERRORS: list[tuple[Troubles, str, str]] = [
    (Troubles(dry_zones=frozenset({A})), "InsufficientInstanceCapacity", "We currently do not have sufficient"),
    (Troubles(zone_words={A: NOT_OFFERED}), "InvalidFleetConfiguration", f"Availability Zone ({A})."),
    (Troubles(quota=3), "VcpuLimitExceeded", "You have requested more vCPU capacity"),
    (Troubles(quota=3, quota_words=OVER_QUOTA.partition(" - ")[2]), "VcpuLimitExceeded", "current vCPU limit of 32"),
    (Troubles(failing_launches=9, launch_message=NO_IMAGE), "InvalidAMIID.NotFound", "The image id '[ami-"),
    (Troubles(failing_launches=9, launch_message=WRONG_ARCHITECTURE), "InvalidParameterValue", "architecture 'x86_64'"),
    (Troubles(settling=90.0, settling_words="AMI ami-1 is pending"), "InvalidAMIID.Unavailable", "AMI ami-1"),
]


@pytest.mark.parametrize(("troubles", "code", "words"), ERRORS)
def test_nothing_comes_and_nothing_follows(
    troubles: Troubles, code: str, words: str, world: World, clock: ManualClock
) -> None:
    a_group(world, maximum=9)
    world.troubles["web"] = replace(troubles)
    before = world.look().activities_of("web")
    answer = world.launch_instances("web", A, 2, "t")
    (error,) = answer.errors
    assert (answer.instances, error.code, error.zone, error.market) == ((), code, A, "OnDemand")
    assert words in error.message and "Launching EC2 instance failed" not in error.message
    assert error.subnet == world.group("web").subnets[0]
    assert world.next_event_at is None or world.next_event_at > world.now + 3600.0
    clock.move(600.0)
    assert world.look().activities_of("web") == before
    assert (len(world.members("web")), world.group("web").desired) == (3, 3)
    assert [one.detail for one in world.record if one.what is What.LAUNCH_FAILED] == [error.message]


def test_only_the_zone_that_is_dry_fails_and_the_groups_own_loop_does_not_hear_of_it(world: World) -> None:
    a_group(world, maximum=9)
    world.troubles["web"].dry_zones = frozenset({A})
    assert world.launch_instances("web", A, 1, "a").instances == ()
    assert world.launch_instances("web", B, 1, "b").errors == ()
    assert world.troubles["web"].tried == set()


def test_a_deleted_load_balancer_keeps_all_from_coming(world: World) -> None:
    a_group(world, maximum=9)
    world.delete_source("web-classic")
    answer = world.launch_instances("web", A, 1, "t")
    assert (answer.instances, [one.code for one in answer.errors]) == ((), ["LoadBalancerNotFound"])


def test_the_group_goes_on_with_what_failed_where_the_call_asks_for_that(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9)
    world.troubles["web"] = Troubles(failing_launches=1, launch_message=NO_CAPACITY)
    answer = world.launch_instances("web", A, 2, "t", retry=True)
    assert (len(answer.instances), world.group("web").desired) == (1, 5)
    clock.move(120.0)
    assert world.healthy("web") == 5


# --- what AWS takes no launch for


def edited(**fields: object) -> Callable[[Group], Group]:
    return lambda group: replace(group, **fields)  # type: ignore[arg-type]


TYPES = (Override(instance_type="t3.micro"), Override(instance_type="t3.small"))


@pytest.mark.parametrize(
    ("edit", "zone", "count", "code", "words"),
    [
        (edited(), None, 1, "ValidationError", "must be specified"),
        (edited(), "eu-west-1d", 1, "ValidationError", "eu-west-1d is not part of"),
        (edited(), A, 0, "ValidationError", "'0' at 'requestedCapacity'"),
        (edited(maximum=200), A, 101, "ValidationError", "At most 100"),
        (edited(), A, 7, "ValidationError", "To launch 7 instances"),
        (edited(suspended=(("Launch", "somebody"),)), A, 1, "ValidationError", "Launch process is suspended"),
        (edited(configuration="old", template=None), A, 1, "ValidationError", "launch configuration"),
        (edited(overrides=TYPES, spot=50), A, 1, "ValidationError", "either On-Demand or Spot"),
        (edited(overrides=TYPES, spot=100, on_demand_base=1), A, 1, "ValidationError", "either On-Demand or Spot"),
        (edited(overrides=(replace(TYPES[0], weight=2),)), A, 2, "SandboxNotSimulated", "instance weights"),
        (edited(status="Delete in progress"), A, 1, "ValidationError", "pending delete"),
    ],
)
def test_what_is_refused(
    edit: Callable[[Group], Group], zone: str | None, count: int, code: str, words: str, world: World
) -> None:
    a_group(world, maximum=9)
    world.put_group(edit(world.group("web")))
    got, said = refused(world, zone, count)
    assert got == code and words in said
    assert refused(world, zone, count)[0] == code, "a refusal leaves no token"


@pytest.mark.parametrize("token", ["", "a b", "t" * 65, "t:1"])
def test_a_token_that_aws_would_not_take(token: str, world: World) -> None:
    a_group(world, maximum=9)
    assert "at 'clientToken'" in refused(world, named=token)[1]


@pytest.mark.parametrize(("spot", "market"), [(0, "OnDemand"), (100, "Spot")])
def test_a_policy_of_one_kind_is_taken(spot: int, market: str, world: World) -> None:
    a_group(world, maximum=9, edit=edited(overrides=TYPES, spot=spot))
    answer = world.launch_instances("web", A, 6, "t")
    assert (len(answer.instances), answer.market) == (6, market)
    assert {one.instance_type for one in answer.instances} == {"t3.micro", "t3.small"}


def test_a_group_of_one_zone_needs_none_named(world: World) -> None:
    a_group(world, maximum=4, zones=1)
    (new,) = world.launch_instances("web", None, 1, "t").instances
    assert new.zone == A


def test_a_warm_pool_is_told_no_and_launches_all_the_same_but_once(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9, edit=edited(warm_pool=True))
    for _ in range(2):
        with pytest.raises(AwsError, match="warm pool") as no:
            world.launch_instances("web", A, 1, "t")
        assert no.value.code == "UnsupportedOperation"
        assert (len(world.members("web")), world.group("web").desired) == (4, 4)
        clock.move(120.0)
    assert world.healthy("web") == 4
