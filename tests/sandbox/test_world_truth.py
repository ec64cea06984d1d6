"""The world's ground truth: deterministic, honest about who serves and whose doing it was."""

import os
import subprocess
import sys
from itertools import groupby

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.scenarios import build
from async_rollout.sandbox.world import World

TRACE = """
from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.scenarios import build
clock = ManualClock()
for name in ("demo", "mixed-instances"):
    world = build(name, seed=7, clock=clock)
    for group in list(world.state.groups):
        world.suspend(group, ["AZRebalance"])
        world.human_sets(group, maximum=9, desired=6)
    for _ in range(60):
        clock.move(7.3)
        world.advance()
    world.kill(world.members(group)[0].id)
    clock.move(100)
    world.advance()
    print(world.record, world.history, world.state.activities)
"""


def trace(hash_seed: str) -> str:
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-c", TRACE], env=env, check=True, capture_output=True, text=True).stdout


def test_the_same_seed_gives_the_same_trace_under_any_hash_seed() -> None:
    one, other = trace("1"), trace("4242")
    assert len(one) > 5000
    assert one == other


def grown(steps: list[float]) -> list[object]:
    clock = ManualClock()
    world = build("below-max", seed=3, clock=clock)
    world.set_desired_capacity("web", 6)
    for step in steps:
        clock.move(step)
        world.advance()
    return [world.record, world.history]


def test_the_outcome_does_not_depend_on_how_often_somebody_looks() -> None:
    assert grown([300.0]) == grown([0.5] * 600)


def test_another_seed_gives_other_ids() -> None:
    ids = [build("at-max", seed=seed).members("web")[0].id for seed in (1, 2)]
    assert ids[0] != ids[1]
    assert all(len(id) == 19 and id.startswith("i-0") for id in ids)


def test_two_worlds_know_nothing_of_each_other() -> None:
    one, other = build("at-max"), build("at-max")
    one.human_sets("web", minimum=0, desired=1)
    assert other.group("web").desired == 3
    assert other.record == []


def test_one_deregistered_from_a_single_source_serves_no_more(world: World) -> None:
    group = a_group(world)
    id = world.members("web")[0].id
    world.deregister(group.target_groups[1], id)
    census = world.census("web")
    assert (census.serving, census.draining, census.exist) == (2, 1, 3)
    assert dict(census.healthy) == {"web-classic": 3, group.target_groups[0]: 3, group.target_groups[1]: 2}


def test_one_asked_to_terminate_serves_no_more_at_once(world: World) -> None:
    a_group(world, minimum=0)
    world.terminate(world.members("web")[0].id, decrement=True)
    census = world.census("web")
    assert (census.serving, census.leaving, census.out, census.exist) == (2, 1, 1, 3)


def test_without_sources_the_application_itself_counts(world: World, clock: ManualClock) -> None:
    a_group(world, size=1, maximum=2, classic=0, target_groups=0)
    world.set_desired_capacity("web", 2)
    clock.move(48.0)
    assert world.members("web")[-1].in_service
    assert (world.healthy("web"), world.census("web").booting) == (1, 1)
    clock.move(20.0)
    assert world.healthy("web") == 2
    assert world.app_up(world.members("web")[-1].id)
    assert world.history[-1].serving == 2


def test_history_has_every_change_at_its_own_time(world: World, clock: ManualClock) -> None:
    a_group(world, minimum=0, maximum=4, delay=10.0)
    began = world.now
    world.set_desired_capacity("web", 4)
    clock.move(100.0)
    world.terminate(world.members("web")[0].id, decrement=True)
    clock.move(100.0)
    roles = [(one.serving, one.booting, one.out, one.exist, one.desired) for one in world.history]
    assert [role for role, _ in groupby(roles)] == [
        (3, 0, 0, 3, 3),
        (3, 1, 0, 3, 4),
        (3, 1, 0, 4, 4),
        (4, 0, 0, 4, 4),
        (3, 0, 1, 4, 3),
        (3, 0, 0, 3, 3),
    ]
    times = [one.at - began for one in world.history]
    assert times == sorted(times)
    assert any(0 < at < 100 for at in times)


def test_the_record_says_whose_doing_it_was(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=5)
    world.set_desired_capacity("web", 4)
    world.human_sets("web", desired=5, who="bob")
    clock.move(4.0)
    doings = [(one.what, one.who) for one in world.record]
    assert doings == [
        (What.SET_DESIRED, "owner"), (What.SET_SIZES, "bob"), (What.LAUNCH, "aws"), (What.LAUNCH, "aws"),
    ]  # fmt: skip


def test_a_stale_look_answers_from_the_past(world: World, clock: ManualClock) -> None:
    a_group(world, maximum=4)
    world.remember()
    clock.move(100.0)
    world.set_desired_capacity("web", 4)
    clock.move(5.0)
    stale, fresh = world.look(stale=6.0), world.look()
    assert (stale.groups["web"].desired, fresh.groups["web"].desired) == (3, 4)
    assert (len(stale.members("web")), len(fresh.members("web"))) == (3, 4)
    assert len(world.look(stale=3.0).members("web")) == 3
    assert world.look(stale=3.0).groups["web"].desired == 4


def test_a_world_goes_on_under_another_clock(world: World, clock: ManualClock) -> None:
    a_group(world)
    clock.move(50.0)
    other = ManualClock()
    other.move(7000.0)
    world.follow(other)
    began = world.now
    other.move(10.0)
    world.advance()
    assert world.now == began + 10.0


def test_whoever_watches_hears_of_each_change_at_its_own_time() -> None:
    clock = ManualClock()
    world = build("below-max", clock=clock)
    heard: list[tuple[float, int]] = []
    world.watch(lambda: heard.append((world.now, len(world.state.members("web")))))
    world.set_desired_capacity("web", 4)
    began = world.now
    assert heard == [(began, 3)]
    clock.move(600.0)
    world.advance()
    assert (heard[1][0], heard[1][1]) == (began + world.group("web").physics.react, 4)
    assert [at for at, _ in heard] == sorted(at for at, _ in heard)
    assert heard[-1][0] < world.now
    quiet = len(heard)
    world.look()
    assert len(heard) == quiet
