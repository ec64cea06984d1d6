"""Hosts of ECS, rolled in each way at the smallest: ours ends no task, the others do what is known of them."""

from __future__ import annotations

import pytest

from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.bench.ecs_costs import WAYS, cost
from support.bench.ecs_draws import CLUSTER, GROUP, Draw, Ill, built
from support.bench.ecs_ecsmec import ecsmec
from support.bench.ecs_scene import EcsScene
from support.depth import deeper

DAEMON, ALONE = 0, 1
"""Seeds with a daemon on each host, and without."""
OURS = [name for name in WAYS if name.startswith("async-rollout")]
TURNS = [(OURS[0], DAEMON), (OURS[1], ALONE), (OURS[0], ALONE), (OURS[1], DAEMON)]
OTHERS = [name for name in WAYS if name not in OURS]
REFRESHES = [name for name in OTHERS if "refresh" in name]
TWO_DAYS = 48 * 3600.0


@pytest.mark.parametrize("turn", deeper(TURNS, always=2))
def test_ours_ends_no_task_and_leaves_no_service_short(turn: tuple[str, int]) -> None:
    name, seed = turn
    ours = cost(Draw(seed=seed, size=2), WAYS[name])
    assert (ours.said, ours.ended, ours.killed, ours.serving, ours.least) == ("", 2, 0, 0, 1.0)
    assert ours.moves >= ours.tasks == 8


@pytest.mark.parametrize("name", OTHERS)
def test_each_of_the_others_replaces_all_the_same_each_time(name: str) -> None:
    once, again = (cost(Draw(seed=ALONE, size=5), WAYS[name]) for _ in range(2))
    assert once == again
    assert (once.said, once.ended, once.gone) == ("", 5, 5)


def test_who_believes_the_count_of_running_tasks_ends_some_that_still_serve() -> None:
    """So the figures are not 0 because nothing could make them more."""
    name = "rolling_replace.py (model)"
    assert cost(Draw(seed=ALONE, size=5), WAYS[name]).serving > 0
    assert cost(Draw(seed=DAEMON, size=5), WAYS[name]).serving == 0


@pytest.mark.parametrize("name", REFRESHES)
def test_a_refresh_holds_a_host_for_two_days_and_then_ends_its_tasks(name: str) -> None:
    held = cost(Draw(seed=ALONE, size=5, ill=Ill.FROZEN), WAYS[name])
    assert held.serving > 0 and held.least < 1.0
    assert TWO_DAYS < held.wall < TWO_DAYS + 3600.0


def test_ecsmec_gives_up_after_ten_minutes_and_leaves_its_hosts_draining() -> None:
    stuck = cost(Draw(seed=ALONE, size=5, ill=Ill.FROZEN), WAYS["ecsmec (model)"])
    assert "exceeded max wait time" in stuck.said
    assert (stuck.killed, stuck.gone, stuck.draining) == (0, 0, 6)


def test_ecsmec_doubles_to_a_multiple_of_the_zones_and_leaves_them_even() -> None:
    async def main() -> World:
        world = World(ALONE, loop_clock())
        old = built(world, Draw(seed=ALONE, size=5))
        await ecsmec(EcsScene(world=world, group=GROUP, cluster=CLUSTER, old=old))
        return world

    world = run_virtual(main)
    group = world.group(GROUP)
    assert max(one.desired for one in world.history if one.group == GROUP) == 11
    assert (group.minimum, group.desired, group.maximum) == (5, 5, 5)
    assert sorted(sum(one.zone == zone for one in world.members(GROUP)) for zone in group.zones) == [1, 2, 2]


@pytest.mark.parametrize("name", OURS)
def test_ours_refuses_what_can_never_drain_and_changes_nothing(name: str) -> None:
    refused = cost(Draw(seed=ALONE, size=2, ill=Ill.FROZEN), WAYS[name])
    assert "service frozen of cluster prod can never drain" in refused.said
    assert (refused.moves, refused.gone, refused.draining) == (0, 0, 0)


@pytest.mark.deep
@pytest.mark.parametrize("ill", [Ill.RELEASE, Ill.PINNED])
@pytest.mark.parametrize("name", OURS)
def test_ours_ends_no_task_of_what_cannot_move_and_leaves_no_host_draining(name: str, ill: Ill) -> None:
    turned = cost(Draw(seed=ALONE, size=2, ill=ill), WAYS[name])
    assert turned.said and (turned.killed, turned.draining, turned.least) == (0, 0, 1.0)
    if ill is Ill.RELEASE:
        assert turned.ended <= 1
