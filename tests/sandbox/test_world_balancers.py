"""What load balancers do: health checks, draining, AWS's own words."""

from dataclasses import replace

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Registration
from async_rollout.sandbox.words import AwsError, classic_words
from async_rollout.sandbox.world import World


def at(world: World, source: str, id: str) -> Registration | None:
    several = world.look().registered(source, id)
    assert len(several) <= 1
    return several[0] if several else None


def test_a_target_drains_for_the_whole_delay_and_then_leaves_the_listing(world: World, clock: ManualClock) -> None:
    group = a_group(world, classic=0, target_groups=1, delay=300.0)
    source, id = group.target_groups[0], world.members("web")[0].id
    world.deregister(source, id)
    clock.move(299.9)
    draining = at(world, source, id)
    assert draining is not None
    assert (draining.state, draining.reason) == ("draining", "Target.DeregistrationInProgress")
    clock.move(0.2)
    assert at(world, source, id) is None
    assert len(world.look().registered(source)) == 2


def test_a_drain_may_outlast_its_delay(world: World, clock: ManualClock) -> None:
    group = a_group(world, delay=60.0)
    source, one = group.target_groups[0], world.members("web")[0]
    world.troubles["web"].lingering = 45.0
    world.deregister(source, one.id)
    clock.move(104.0)
    assert [each.state for each in world.look().registered(source, one.id)] == ["draining"]
    clock.move(2.0)
    assert world.look().registered(source, one.id) == ()


def test_a_draining_classic_instance_still_says_in_service(world: World, clock: ManualClock) -> None:
    a_group(world, classic=1, target_groups=0, delay=60.0)
    id = world.members("web")[0].id
    assert classic_words(at(world, "web-classic", id)) == ("InService", "N/A", "N/A")
    world.deregister("web-classic", id)
    clock.move(59.0)
    words = ("InService", "N/A", "Instance deregistration currently in progress.")
    assert classic_words(at(world, "web-classic", id)) == words
    clock.move(1.1)
    gone = ("OutOfService", "Instance", "Instance is not currently registered with the LoadBalancer.")
    assert classic_words(at(world, "web-classic", id)) == gone


def test_a_classic_one_without_connection_draining_cuts_at_once(world: World) -> None:
    a_group(world, classic=1, target_groups=0, delay=0.0)
    id = world.members("web")[0].id
    world.deregister("web-classic", id)
    assert at(world, "web-classic", id) is None


def test_in_service_is_registered_and_healthy_comes_later(world: World, clock: ManualClock) -> None:
    group = a_group(world, size=0, maximum=1, classic=1, target_groups=1, interval=10.0)
    world.set_desired_capacity("web", 1)
    seen: list[tuple[str, str, str]] = []
    for _ in range(100):
        clock.move(1.0)
        for one in world.members("web"):
            target = at(world, group.target_groups[0], one.id)
            words = (one.lifecycle, target.state if target else "", classic_words(at(world, "web-classic", one.id))[2])
            if words not in seen:
                seen.append(words)
    not_passed = "Instance has not passed the configured HealthyThreshold number of health checks consecutively."
    assert seen == [
        ("Pending", "", "Instance is not currently registered with the LoadBalancer."),
        ("InService", "initial", "Instance registration is still in progress."),
        ("InService", "initial", not_passed),
        ("InService", "healthy", "N/A"),
    ]


def test_a_slow_application_is_unhealthy_first_and_healthy_after_two_good_checks(
    world: World, clock: ManualClock
) -> None:
    def slow(group):
        return replace(group, physics=replace(group.physics, warm=100.0, jitter=0.0, boot=10.0, react=0.0))

    group = a_group(world, size=0, maximum=1, classic=0, target_groups=1, interval=10.0, edit=slow)
    world.set_desired_capacity("web", 1)
    clock.move(31.0)
    id = world.members("web")[0].id
    assert at(world, group.target_groups[0], id).state == "unhealthy"
    clock.move(80.0)  # it answers 110 s after the launch; the checks fall on 110 (or 120) and the next
    assert at(world, group.target_groups[0], id).state == "unhealthy"
    clock.move(20.0)
    assert at(world, group.target_groups[0], id).state == "healthy"


def test_an_application_that_breaks_is_found_out_and_recovers(world: World, clock: ManualClock) -> None:
    group = a_group(world, classic=0, target_groups=1, interval=10.0)
    source, id = group.target_groups[0], world.members("web")[0].id
    world.break_app(id, mended_after=60.0)
    assert at(world, source, id).state == "healthy"
    assert world.healthy("web") == 2
    clock.move(21.0)
    assert (at(world, source, id).state, at(world, source, id).reason) == ("unhealthy", "Target.FailedHealthChecks")
    clock.move(61.0)
    assert at(world, source, id).state == "healthy"
    assert world.healthy("web") == 3


def test_without_a_listener_a_target_is_unused_for_ever_and_not_counted(world: World, clock: ManualClock) -> None:
    group = a_group(world, size=1, maximum=2, classic=0, target_groups=1, unheard=1)
    world.set_desired_capacity("web", 2)
    clock.move(600.0)
    newest = world.members("web")[-1].id
    unused = at(world, group.target_groups[1], newest)
    assert (unused.state, unused.reason) == ("unused", "Target.NotInUse")
    assert world.healthy("web") == 2


def test_a_zone_that_the_load_balancer_does_not_serve_makes_unused(world: World, clock: ManualClock) -> None:
    group = a_group(world, size=0, maximum=1, zones=1, classic=0, target_groups=1)
    source = world.state.sources[group.target_groups[0]]
    world.put_source(replace(source, zones=("eu-west-1c",)))
    world.set_desired_capacity("web", 1)
    clock.move(600.0)
    assert at(world, source.id, world.members("web")[0].id).reason == "Target.NotInUse"
    assert world.healthy("web") == 0


def test_a_port_override_stays_unless_it_is_named(world: World) -> None:
    group = a_group(world, classic=0, target_groups=1, delay=0.0)
    source, id = group.target_groups[0], world.members("web")[0].id
    world.register(source, id, 9999)
    world.deregister(source, id)
    assert [one.port for one in world.look().registered(source, id)] == [9999]
    world.deregister(source, id, 9999)
    assert world.look().registered(source, id) == ()


def test_registering_a_draining_target_begins_anew(world: World, clock: ManualClock) -> None:
    group = a_group(world, classic=0, target_groups=1, delay=300.0, interval=10.0)
    source, id = group.target_groups[0], world.members("web")[0].id
    world.deregister(source, id)
    clock.move(100.0)
    world.register(source, id)
    assert at(world, source, id).state == "initial"
    clock.move(11.0)
    assert at(world, source, id).state == "healthy"
    clock.move(400.0)  # the first drain's end must not take it off
    assert at(world, source, id).state == "healthy"


def test_unknown_sources_and_instances_are_refused_in_the_words_of_their_kind(world: World) -> None:
    group = a_group(world)
    for source, code in (("arn:x", "TargetGroupNotFound"), ("nobody", "LoadBalancerNotFound")):
        with pytest.raises(AwsError) as refused:
            world.deregister(source, world.members("web")[0].id)
        assert refused.value.code == code
    with pytest.raises(AwsError) as refused:
        world.register(group.target_groups[0], "i-00000000000000000")
    assert refused.value.code == "InvalidTarget"


def test_one_registered_by_hand_before_it_runs_is_found_healthy_in_the_end(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4, classic=1, target_groups=0)
    world.set_desired_capacity("web", 4)
    clock.move(4.0)
    id = world.members("web")[-1].id
    world.register("web-classic", id)
    clock.move(25.0)
    assert at(world, "web-classic", id).state == "unhealthy"
    clock.move(120.0)
    assert at(world, "web-classic", id).state == "healthy"


@pytest.mark.parametrize(
    ("number", "words"), [(0, "named 'web-classic'. Validating load"), (1, "not found Updating load balancer")]
)
def test_what_is_deleted_drains_nobody_and_nothing_is_launched(
    world: World, clock: ManualClock, number: int, words: str
) -> None:
    group = a_group(world, maximum=4, delay=60.0)
    source, id = group.source_ids[number], world.members("web")[0].id
    world.deregister(source, id)
    world.delete_source(source)
    assert (world.healthy("web"), source in world.group("web").source_ids) == (3, True)
    assert [one.instance for one in world.record if one.what is What.DRAINED] == [id]
    with pytest.raises(AwsError, match="NotFound"):
        world.register(source, id)
    world.set_desired_capacity("web", 4)
    clock.move(200.0)
    failed = [one for one in world.look().activities_of("web") if one.status == "Failed"]
    assert failed and all(words in one.message for one in failed)
    assert world.census("web").serving == 3


def test_a_shift_takes_traffic_from_a_zone_at_all_target_groups_of_a_load_balancer(world: World) -> None:
    group = a_group(world, classic=1, target_groups=2, unheard=1)
    world.shift_zone(group.target_groups[0], "eu-west-1a")
    assert [len(world.state.sources[id].shifted) for id in group.source_ids] == [0, 1, 1, 0]
    assert (world.healthy("web"), at(world, group.target_groups[1], world.members("web")[0].id).state) == (2, "healthy")
    world.shift_zone(group.target_groups[1], "eu-west-1a", active=False)
    assert world.healthy("web") == 3
