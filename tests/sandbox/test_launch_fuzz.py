"""Launches among whatever else people do: no token launches twice, and left alone the group comes to rest."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.readings import Readings
from async_rollout.sandbox.words import NO_CAPACITY, AwsError
from async_rollout.sandbox.world import World


def deed(world: World, dice: random.Random, tokens: list[tuple[str, str, int]]) -> None:
    """One thing that somebody might do; what was asked with a token is asked again now and then."""
    group = world.group("web")
    id = dice.choice([one.id for one in world.members("web")] or ["i-0"])
    match dice.randrange(8):
        case 0 | 1:
            tokens.append((f"t{len(tokens)}", dice.choice(group.zones), dice.randrange(1, 4)))
            token, zone, count = tokens[-1]
            world.launch_instances("web", zone, count, token)
        case 2 | 3:
            token, zone, count = dice.choice(tokens)
            world.launch_instances("web", zone, count, token)
        case 4:
            world.terminate(id, decrement=dice.random() < 0.5)
        case 5:
            world.kill(id)
        case 6:
            world.set_desired_capacity("web", dice.randrange(1, 8))
        case 7:
            dice.choice((world.suspend, world.resume))("web", dice.sample(("Launch", "Terminate", "AZRebalance"), 2))


@pytest.mark.parametrize("raises", [True, False])
@pytest.mark.parametrize("seed", range(15))
def test_the_books_balance(seed: int, raises: bool) -> None:
    dice, clock = random.Random(seed), ManualClock()
    world = World(seed, clock)
    a_group(world, minimum=1, maximum=9, size=4)
    world.readings = Readings(raises_desired=raises)
    trouble = world.troubles["web"]
    trouble.failing_launches, trouble.launch_message, trouble.answering = dice.randrange(4), NO_CAPACITY, 10.0
    tokens = [("t", "eu-west-1a", 1)]
    for _ in range(60):
        with suppress(AwsError, LookupError):
            deed(world, dice, tokens)
        clock.move(dice.choice([0.1, 3.0, 17.0, 90.0]))
    calls = [one.detail for one in world.record if one.what is What.LAUNCH_INSTANCES]
    launched = [detail.partition(" ")[0] for detail in calls if not detail.endswith(" again")]
    assert len(set(launched)) == len(launched) and len(calls) > len(launched)
    assert all(one.minimum <= one.desired <= one.maximum for one in world.history)
    world.resume("web", [])
    clock.move(3600.0)
    assert len(world.members("web")) == world.healthy("web") == world.group("web").desired + world.tolerated["web"]
    world.set_desired_capacity("web", 4)
    clock.move(3600.0)
    assert (len(world.members("web")), world.healthy("web")) == (4, 4)
