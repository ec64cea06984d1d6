"""The table of the demo: it is asked of the world, and it can say no."""

from __future__ import annotations

import pytest

from async_rollout.cli.verdict import Before, Proof, before, proof
from async_rollout.core.spec import RolloutSpec
from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.scenarios import build
from async_rollout.sandbox.world import World

SPEC = RolloutSpec()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def world(clock: ManualClock) -> World:
    return build("demo", clock=clock)


def asked(world: World, found: Before) -> Proof:
    return proof(world, found, SPEC, {}, wall=1.0)


def replaced(world: World, clock: ManualClock, group: str) -> None:
    """As a careful person would, one after the other, through AWS's own calls."""
    world.suspend(group, ["AZRebalance", "ReplaceUnhealthy"])
    world.update_group(group, maximum=world.group(group).maximum + 1)
    for one in world.members(group):
        world.set_desired_capacity(group, world.group(group).desired + 1)
        clock.move(300)
        for source in world.group(group).source_ids:
            world.deregister(source, one.id)
        clock.move(300)
        world.terminate(one.id, decrement=True)
        clock.move(300)


def test_nothing_done_is_not_held(world: World) -> None:
    shown = asked(world, before(world))
    assert not shown.held
    assert [(row.replaced, row.old) for row in shown.rows] == [(0, 3), (0, 4), (0, 2)]
    assert shown.lines()[-1] == "NOT all of it held"


def test_a_careful_replacement_is_held_apart_from_what_it_left_changed(world: World, clock: ManualClock) -> None:
    found = before(world)
    replaced(world, clock, "web")
    row = asked(world, found).rows[0]
    assert (row.replaced, row.floor_held, row.ceiling_held, row.as_found) == (3, True, True, False)
    world.update_group("web", maximum=4)
    world.resume("web", ["AZRebalance", "ReplaceUnhealthy"])
    assert asked(world, found).rows[0].held


def test_one_too_few_is_seen(world: World, clock: ManualClock) -> None:
    found = before(world)
    world.kill(world.members("web")[0].id)
    clock.move(600)
    row = asked(world, found).rows[0]
    assert not row.floor_held
    assert "NO (least 2 of 3)" in asked(world, found).lines()[2]


def test_one_too_many_is_seen(world: World, clock: ManualClock) -> None:
    found = before(world)
    world.update_group("web", maximum=6, desired=5)
    clock.move(600)
    assert not asked(world, found).rows[0].ceiling_held


def test_a_tag_left_behind_is_seen(world: World) -> None:
    from async_rollout.sandbox.records import Tag

    found = before(world)
    world.put_tags("web", [Tag(key="async-rollout:head", value="x")])
    assert not asked(world, found).rows[0].as_found
