"""C10: EC2 does not know a Standby row of the group: it takes no part, and nothing waits for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.spec import RolloutSpec
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.world import World
from support.simulation import simulate


def standing_by(world: World) -> None:
    """Four, of which one stood by until EC2 forgot it."""
    a_group(world, size=4, minimum=3, maximum=5)
    one = world.members("web")[0]
    world.enter_standby("web", [one.id], decrement=True, who="human")
    world.put_instance(replace(world.instance(one.id), lifecycle="Standby"))
    for source in world.state.sources:
        world.put_registrations(source, one.id, ())
    world.forget(one.id)


def in_service(world: World) -> None:
    """EC2 does not list one that serves."""
    a_group(world, size=3, minimum=3, maximum=5)
    one = world.members("web")[0]
    world.put_instance(replace(one, forgotten=True))


@pytest.mark.parametrize("force", [False, True])
def test_c10_one_that_stands_by_blocks_nothing(*, force: bool) -> None:
    run = simulate(standing_by, RolloutSpec(require_healthy_group=not force))
    assert run.result.verdict.outcome is Outcome.DONE
    assert run.result.total == 3 and run.result.seconds < 1500
    assert min(one.serving for one in run.history[1:]) == 3
    assert not run.left.suspended


@pytest.mark.parametrize("force", [False, True])
def test_c10_a_member_of_whom_ec2_tells_nothing_is_named_and_nothing_is_suspended(*, force: bool) -> None:
    run = simulate(in_service, RolloutSpec(require_healthy_group=not force))
    assert run.result.verdict.outcome is Outcome.REFUSED
    (lost,) = [one.id for one in run.world.state.members("web") if one.forgotten]
    assert lost in run.result.verdict.why and run.result.seconds < 700
    assert run.left == run.found
