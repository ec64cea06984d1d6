"""A group's load balancers, attached and let go of while it lives."""

from __future__ import annotations

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.words import AwsError
from async_rollout.sandbox.world import World


def two(world: World) -> tuple[str, str]:
    """A target group and a Classic Load Balancer that are another group's."""
    other = a_group(world, name="api", classic=1, target_groups=1)
    a_group(world, size=2, classic=0, target_groups=1)
    return other.target_groups[0], other.classics[0]


def test_who_is_in_service_is_registered_in_what_is_attached(world: World, clock: ManualClock) -> None:
    target, classic = two(world)
    world.attach_sources("web", [target, classic])
    group = world.group("web")
    assert (group.classics, group.target_groups[1:]) == ((classic,), (target,))
    clock.move(30.0)
    for one in world.members("web"):
        assert {each.state for source in (target, classic) for each in world.state.registered(source, one.id)} == {
            "healthy"
        }
    world.attach_sources("web", [target])
    assert world.group("web") == group


def test_nobody_is_registered_while_that_is_suspended(world: World) -> None:
    target, _ = two(world)
    world.suspend("web", ["AddToLoadBalancer"])
    world.attach_sources("web", [target])
    assert not any(world.state.registered(target, one.id) for one in world.members("web"))


def test_who_was_there_drains_from_what_is_let_go_of(world: World, clock: ManualClock) -> None:
    target, classic = two(world)
    world.attach_sources("web", [target, classic])
    world.detach_sources("web", [target])
    assert world.group("web").target_groups[1:] == () and world.group("web").classics == (classic,)
    states = {each.state for one in world.members("web") for each in world.state.registered(target, one.id)}
    assert states == {"draining"}
    clock.move(40.0)
    assert not any(world.state.registered(target, one.id) for one in world.members("web"))
    assert all(world.state.registered(target, one.id) for one in world.members("api"))


def test_what_stands_against_it(world: World) -> None:
    target, classic = two(world)
    refused = [
        ("attach_sources", ["arn:aws:no"], "Provided Target Groups may not be valid"),
        ("attach_sources", ["no"], "Provided Load Balancers may not be valid"),
        ("attach_sources", [], "Between 1 and 10"),
        ("attach_sources", [target] * 11, "Between 1 and 10"),
        ("detach_sources", [target], "Trying to remove Target Groups that are not part of the group"),
        ("detach_sources", [classic], "Trying to remove Load Balancers that are not part of the group"),
    ]
    for call, ids, words in refused:
        with pytest.raises(AwsError, match=words):
            getattr(world, call)("web", ids)
