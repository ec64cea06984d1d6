"""C11: somebody else's instance is on its way out for hours when a rollout begins: it takes no part."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.spec import RolloutSpec
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Group, Hook
from async_rollout.sandbox.world import World
from support.simulation import simulate

HOURS = 2 * 3600.0


def hooked(group: Group) -> Group:
    return replace(group, hooks=(Hook(name="drain", launching=False, heartbeat=HOURS),))


def unhooked(group: Group) -> Group:
    return replace(group, hooks=())


def terminating(world: World, leavers: int = 1) -> None:
    """Terminating:Wait, as often as told, in a hook of two hours that has been taken off the group since."""
    a_group(world, size=3 + leavers, minimum=3, maximum=6, delay=0.0, edit=hooked)
    for one in world.members("web")[:leavers]:
        world.terminate(one.id, decrement=True, who="human")
    world.human_edits("web", unhooked)


def many(world: World) -> None:
    terminating(world, leavers=3)


def detaching(world: World) -> None:
    a_group(world, size=4, minimum=3, maximum=6)
    one = world.members("web")[0]
    world.put_instance(replace(one, lifecycle="Detaching"))
    for source in world.state.sources:
        world.put_registrations(source, one.id, ())
    world.human_sets("web", desired=3)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("world", [terminating, many, detaching])
def test_c11_one_that_leaves_by_others_doing_takes_no_part(world: object, *, force: bool) -> None:
    run = simulate(world, RolloutSpec(require_healthy_group=not force))  # type: ignore[arg-type]
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    assert run.result.total == 3 and run.result.seconds < 1200
    assert min(one.serving for one in run.history if one.at > run.history[0].at) >= 3
    assert not run.left.suspended
