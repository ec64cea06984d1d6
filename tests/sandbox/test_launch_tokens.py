"""A client token of LaunchInstances: the same again is told the same, for eight hours of the world's clock."""

from __future__ import annotations

from typing import Any

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.words import AwsError
from async_rollout.sandbox.world import World

HOURS = 3600.0


def code_of(world: World, *call: Any, **more: Any) -> str:
    with pytest.raises(AwsError) as no:
        world.launch_instances(*call, **more)
    return no.value.code


def test_the_same_again_is_told_the_same_whatever_became_of_it(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9, minimum=1)
    world.troubles["web"].quota = 4
    first = world.launch_instances("web", "eu-west-1a", 2, "t")
    assert (len(first.instances), len(first.errors)) == (1, 1)
    world.terminate(first.instances[0].id, decrement=True)
    world.troubles["web"].quota = None
    world.suspend("web", ["Launch"])
    clock.move(8 * HOURS - 1)
    assert world.launch_instances("web", "eu-west-1a", 2, "t") == first
    assert (len(world.members("web")), world.group("web").desired) == (3, 3)
    calls = [one.detail for one in world.record if one.what is What.LAUNCH_INSTANCES]
    assert calls == [f"t eu-west-1a 2: {first.instances[0].id}", "t again"]


def test_after_eight_hours_it_launches_anew(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9)
    (first,) = world.launch_instances("web", "eu-west-1a", 1, "t").instances
    clock.move(8 * HOURS + 1)
    (second,) = world.launch_instances("web", "eu-west-1a", 1, "t").instances
    assert first.id != second.id
    assert world.group("web").desired == 5


def test_another_look_at_it_does_not_make_it_last_longer(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9)
    world.launch_instances("web", "eu-west-1a", 1, "t")
    clock.move(5 * HOURS)
    world.launch_instances("web", "eu-west-1a", 1, "t")
    clock.move(4 * HOURS)
    world.launch_instances("web", "eu-west-1a", 1, "t")
    assert world.group("web").desired == 5


@pytest.mark.parametrize(
    ("group", "zone", "count", "retry"),
    [
        ("api", "eu-west-1a", 1, False),
        ("web", "eu-west-1b", 1, False),
        ("web", "eu-west-1a", 2, False),
        ("web", "eu-west-1a", 1, True),
    ],
)
def test_other_parameters_are_refused(group: str, zone: str, count: int, retry: bool, world: World) -> None:
    for name in ("web", "api"):
        a_group(world, name=name, maximum=9)
    world.launch_instances("web", "eu-west-1a", 1, "t")
    assert code_of(world, group, zone, count, "t", retry=retry) == "IdempotentParameterMismatch"
    assert [len(world.members(name)) for name in ("web", "api")] == [4, 3]


def test_another_token_is_another_launch(world: World) -> None:
    a_group(world, maximum=9)
    for token in ("t", "T", "t/2"):
        world.launch_instances("web", "eu-west-1a", 1, token)
    assert world.group("web").desired == 6


def test_while_aws_works_on_the_first_the_second_is_told_so(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=9)
    world.troubles["web"].answering = 20.0
    first = world.launch_instances("web", "eu-west-1a", 1, "t")
    assert first.ready_at == world.now + 20.0
    assert len(world.members("web")) == 4
    assert code_of(world, "web", "eu-west-1a", 1, "t") == "IdempotentCallInProgress"
    assert code_of(world, "web", "eu-west-1a", 2, "t") == "IdempotentParameterMismatch"
    clock.move(19.9)
    assert code_of(world, "web", "eu-west-1a", 1, "t") == "IdempotentCallInProgress"
    clock.move(0.1)
    assert world.launch_instances("web", "eu-west-1a", 1, "t") == first
    assert len(world.members("web")) == 4
