"""C12: an instance lifecycle policy retains whoever's terminating hook is abandoned: final, and nobody waits for it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import anyio
import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.events import Waiting
from async_rollout.core.journal import Goal
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Group, Hook
from async_rollout.sandbox.world import World
from support.simulation import simulate

ENDS = "aws autoscaling terminate-instance-in-auto-scaling-group --should-decrement-desired-capacity --instance-id {}"


def retaining(group: Group) -> Group:
    return replace(group, retains=True, hooks=(Hook(name="drain", launching=False, heartbeat=60.0),))


def policy(world: World) -> None:
    """Every victim is retained."""
    a_group(world, size=2, minimum=1, maximum=4, edit=retaining)


def before(world: World) -> None:
    """One is retained when the rollout begins."""
    a_group(world, size=3, minimum=1, maximum=4, edit=lambda group: replace(group, retains=True))
    one = world.members("web")[0]
    world.put_instance(replace(one, lifecycle="Terminating:Retained"))
    for source in world.state.sources:
        world.put_registrations(source, one.id, ())
    world.human_sets("web", desired=2)


def kept(world: World) -> list[str]:
    return [one.id for one in world.state.members("web") if one.retained]


@pytest.mark.parametrize("force", [False, True])
def test_c12_one_that_is_retained_at_the_start_is_left_alone_and_named(*, force: bool) -> None:
    run = simulate(before, RolloutSpec(require_healthy_group=not force))
    assert run.result.verdict.outcome is Outcome.DONE and run.result.total == 2
    (id,) = kept(run.world)
    assert ENDS.format(id) in run.result.verdict.why
    assert run.result.seconds < 900 and not run.left.suspended


def test_c12_our_victims_are_gone_when_they_are_retained_and_named_at_the_end() -> None:
    run = simulate(policy)
    assert run.result.verdict.outcome is Outcome.DONE and len(run.result.replaced) == 2
    assert sorted(kept(run.world)) == sorted(run.found_ids)
    assert all(ENDS.format(id) in run.result.verdict.why for id in run.found_ids)
    assert run.left == run.found
    waits = [wait for event in run.events if isinstance(event, Waiting) for wait in event.waits]
    assert not any("Retained" in wait.why for wait in waits)


def test_c12_a_restore_is_not_held_up_by_one_either() -> None:
    async def stop(world: World, halt: Halt) -> None:
        while not kept(world):
            await anyio.sleep(1.0)
            world.advance()
        halt.request(Stop.FINISH)

    run = simulate(policy, halt=stop, goals=(Goal.REPLACE, Goal.RESTORE))
    assert [one.verdict.code for one in run.results] == [130, 0]
    assert run.left == run.found


def test_c12_a_second_terminate_ends_it() -> None:
    run = simulate(policy)
    for id in kept(run.world):
        run.world.terminate(id, decrement=True)
    run.world.follow(partial(float, 1000.0))
    assert run.left == run.found
