"""Whatever people do to a world: its books balance at every moment, and left alone it comes to rest."""

import random
from contextlib import suppress
from dataclasses import replace

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Hook, ScheduledAction
from async_rollout.sandbox.words import PROCESSES, AwsError
from async_rollout.sandbox.world import World

HOOKS = (
    Hook(name="up", launching=True, heartbeat=50.0, completes_after=10.0),
    Hook(name="down", launching=False, heartbeat=40.0),
)


def deed(world: World, dice: random.Random) -> None:
    """One thing that somebody might do."""
    group = world.group("web")
    one = dice.choice(world.members("web") or [None])
    id = one.id if one else "i-00000000000000000"
    source = dice.choice(group.source_ids)
    match dice.randrange(14):
        case 0 | 1:
            world.set_desired_capacity("web", dice.randrange(0, 8))
        case 2:
            world.human_sets("web", minimum=dice.randrange(0, 3), maximum=dice.randrange(3, 8))
        case 3 | 4:
            world.terminate(id, decrement=dice.random() < 0.5)
        case 5 | 6:
            world.deregister(source, id)
        case 7:
            world.register(source, id)
        case 8:
            world.suspend("web", dice.sample(PROCESSES, 2))
        case 9:
            world.resume("web", dice.sample(PROCESSES, 4))
        case 10:
            if one:
                world.kill(id)
        case 11:
            if one:
                world.break_app(id, mended_after=dice.choice([None, 35.0]))
        case 12:
            world.enter_standby("web", [id], decrement=True)
        case 13:
            world.exit_standby("web", [id])


@pytest.mark.parametrize("seed", range(40))
def test_the_books_balance_and_the_world_comes_to_rest(seed: int) -> None:
    dice, clock = random.Random(seed), ManualClock()
    world = World(seed, clock)
    a_group(world, minimum=1, maximum=6, size=4, edit=lambda one: replace(
        one, hooks=HOOKS, health_check_type=dice.choice(["EC2", "ELB"]), grace=60.0,
    ))  # fmt: skip
    world.troubles["web"].failing_launches = dice.randrange(3)
    world.troubles["web"].dying_launches = dice.randrange(2)
    world.troubles["web"].short_lived_launches = dice.randrange(2)
    world.schedule("web", ScheduledAction(name="s", at=world.now + 200, desired=2))
    world.autoscale(150.0, "web", +2)
    for _ in range(60):
        with suppress(AwsError):
            deed(world, dice)
        clock.move(dice.choice([0.1, 3.0, 17.0, 90.0]))
    assert_books_balance(world)
    world.resume("web", [])
    world.human_sets("web", minimum=1, maximum=6)
    mend(world)
    clock.move(3600.0)
    assert_at_rest(world)


def mend(world: World) -> None:
    """What a person would do in the end: no broken application, everything registered, nobody marked."""
    for one in world.members("web"):
        if one.in_service and one.ec2 == "running":
            world.put_instance(replace(one, broken=False, app_up_at=world.now))
            world.set_health(one.id, "Healthy")
            for source in world.group("web").source_ids:
                world.deregister(source, one.id)
                world.register(source, one.id)


def assert_books_balance(world: World) -> None:
    for one in world.history:
        roles = one.serving + one.pending + one.warming + one.ailing + one.draining + one.leaving + one.standby
        assert roles == one.exist
        assert one.minimum <= one.desired <= one.maximum
        assert all(one.serving <= healthy <= one.exist for _, healthy in one.healthy)
    times = [one.at for one in world.record]
    assert times == sorted(times)


def assert_at_rest(world: World) -> None:
    census = world.census("web")
    assert (census.booting, census.out, census.ailing) == (0, 0, 0)
    assert census.serving == census.desired
    assert census.exist == census.desired + census.standby
    assert all(one.ended_at is not None for one in world.look().activities_of("web"))
    events = world.next_event_at
    assert events is None or events > world.now
