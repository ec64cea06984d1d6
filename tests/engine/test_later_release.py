"""A record that a later release wrote is its own: this one touches nothing, says what it needs, and gives way."""

from __future__ import annotations

import anyio
import pytest

from async_rollout.core.journal import Goal
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Tag
from async_rollout.sandbox.world import World
from support.simulation import ours, simulate

LATER = (
    Tag(key="async-rollout:head", value="n=9 v=9 needs=4.2.0 form=other"),
    Tag(key="async-rollout:gates", value="n=9 canary=1"),
)


def left_by_a_later_one(world: World) -> None:
    a_group(world, size=2, classic=0, target_groups=1)
    world.put_tags("web", LATER)


@pytest.mark.parametrize("goal", Goal)
def test_nothing_is_touched_and_it_is_said_which_release_is_needed(goal: Goal) -> None:
    run = simulate(left_by_a_later_one, goals=(goal,))
    verdict = run.result.verdict
    assert verdict.code == 3
    assert "async-rollout >= 4.2.0" in verdict.why
    assert "upgrade" in verdict.next
    assert run.left == run.found


def test_a_live_run_gives_way_to_a_later_release_that_took_over() -> None:
    async def upgraded(world: World) -> None:
        await anyio.sleep(80)
        world.delete_tags("web", ours(world.group("web")))
        world.put_tags("web", LATER)

    run = simulate("at-max", others=upgraded)
    assert run.result.verdict.code == 5
    assert {tag.key for tag in LATER} == set(ours(run.left)), "ours was not written over it"
