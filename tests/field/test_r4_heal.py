"""R4: a third of the group dies by EC2's word. It is not longer below its size than AWS alone would have left it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise

import anyio
import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.events import Acted, Replaced, Warned
from async_rollout.core.journal import Goal
from async_rollout.core.spec import HookCall, Hooks, LaunchCall, RolloutSpec
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import Census, What
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.depth import deeper
from support.simulation import Others, Run, ours, simulate

ALONE = 1.3
"""Missing instance-seconds: so many times what AWS alone would have come to."""
CALM = 1500.0


def missing(history: list[Census], size: int, since: float) -> float:
    """Instance-seconds below the size from then on."""
    rows = [(one.at, size - one.serving) for one in history]
    return sum((then - max(at, since)) * max(0, lack) for (at, lack), (then, _) in pairwise(rows) if then > since)


def dies(at: float, *, share: int = 3, reason: str = "Server.InternalError") -> Others:
    """Every third of those in service, old and new."""

    async def others(world: World) -> None:
        await anyio.sleep(at)
        members = [one for one in world.members("web") if one.in_service]
        for one in members[::share][: len(members) // share]:
            world.kill(one.id, reason=reason)

    return others


def died(world: World) -> float:
    return min(one.at for one in world.record if one.what is What.DIED)


def group(world: World, size: int, **shape: object) -> Group:
    return a_group(world, size=size, maximum=2 * size, **shape)  # type: ignore[arg-type]


def alone(size: int) -> float:
    """What AWS comes to without us."""

    async def story() -> float:
        world = World(0, loop_clock())
        group(world, size)
        await dies(100.0)(world)
        await anyio.sleep(CALM)
        return missing(world.history, size, died(world))

    return run_virtual(story)


def put_back(run: Run) -> bool:
    sizes = [(one.minimum, one.desired, one.maximum, one.suspended) for one in (run.left, run.found)]
    return sizes[0] == sizes[1] and not ours(run.left)


def lost(run: Run) -> set[str]:
    """Who died, and was on no way out when that was to be seen: a look may be half a minute after the mark."""
    seen = died(run.world) + 40.0
    out = {one.instance for one in run.world.record if one.what is What.DEREGISTER and one.at < seen}
    return {one.instance for one in run.world.record if one.what is What.DIED} - out


@pytest.mark.parametrize(
    ("size", "surge", "at"),
    [
        (12, 1, 60.0),
        (12, 1, 140.0),
        (12, 1, 300.0),
        (12, "25%", 100.0),
        (12, "25%", 200.0),
        (30, 1, 100.0),
        (30, 1, 200.0),
        (30, "25%", 60.0),
        (30, "25%", 140.0),
        (30, "25%", 200.0),
    ],
)
def test_r4_it_is_below_its_size_no_longer_than_left_alone(size: int, surge: int | str, at: float) -> None:
    run = simulate(partial(group, size=size), RolloutSpec(max_surge=surge), others=dies(at))
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    assert put_back(run) and run.members.isdisjoint(run.found_ids)
    assert missing(run.history, size, died(run.world)) <= ALONE * alone(size)
    warned = [one.text for one in run.events if isinstance(one, Warned) and "EC2 does not run" in one.text]
    assert lost(run) and all(f"{id} (Server.InternalError)" in " ".join(warned) for id in lost(run))
    replaced = [one.instance for one in run.events if isinstance(one, Replaced)]
    assert sorted(replaced) == sorted(run.found_ids)


def waves(seed: int) -> Iterator[tuple[float, int]]:
    """When, and every how many-th of them."""
    rng = random.Random(f"waves {seed}")
    for _ in range(rng.choice([1, 1, 2])):
        yield rng.uniform(20.0, 700.0), rng.choice([2, 3, 3, 4])


def drawn(seed: int) -> tuple[int, RolloutSpec]:
    rng = random.Random(f"heal {seed}")
    surge = rng.choice([0, 1, 1, 2, "25%", "100%"])
    gap = 1 if surge == 0 else rng.choice([0, 0, 1])
    call = rng.choice([LaunchCall.AUTO, LaunchCall.DESIRED])
    canary = rng.choice([0.0, 120.0])
    return rng.choice([3, 4, 6, 12, 20]), RolloutSpec(
        max_surge=surge, max_unavailable=gap, launch=call, canary_wait=canary
    )


@pytest.mark.parametrize("seeds", deeper((range(begin, begin + 6) for begin in range(0, 24, 6)), always=1, id=str))
def test_drawn_days_on_which_many_die_come_to_a_good_end(seeds: range) -> None:
    async def several(world: World) -> None:
        async with anyio.create_task_group() as tasks:
            for at, share in waves(seed):
                tasks.start_soon(dies(at, share=share), world)

    for seed in seeds:
        size, spec = drawn(seed)
        run = simulate(partial(group, size=size, delay=20.0), spec, seed=seed, others=several)
        assert run.result.verdict.code == 0, (seed, run.result.verdict)
        assert put_back(run), seed
        assert run.result.verdict.outcome is Outcome.DONE, (seed, run.result.verdict)


def acts(run: Run, words: str) -> list[Acted]:
    return [one for one in run.events if isinstance(one, Acted) and one.action.startswith(words)]


@pytest.mark.parametrize("goal", [Goal.REPLACE, Goal.RESTORE])
@pytest.mark.parametrize("kill", [20, 24, 30])
def test_a_killed_runs_successor_heals_on(goal: Goal, kill: int) -> None:
    run = simulate(partial(group, size=12), goals=(Goal.REPLACE, goal), kill_after=kill, others=dies(100.0))
    assert run.result.verdict.code == 0, run.result.verdict
    assert put_back(run)
    assert run.members.isdisjoint(run.found_ids) is (goal is Goal.REPLACE)


@pytest.mark.parametrize("answer", [0, 3])
def test_a_before_command_runs_for_each_beside_the_others_and_its_answer_is_no_cause(answer: int) -> None:
    told: dict[str, float] = {}

    async def slow(call: HookCall) -> int:
        told[call.instance] = loop_clock()()
        await anyio.sleep(20.0)
        return 0 if world_of_run[0].state.instances[call.instance].ec2 == "running" else answer

    world_of_run: list[World] = []

    def build(world: World) -> None:
        world_of_run[:] = [world]
        group(world, 12)

    run = simulate(build, RolloutSpec(hooks=Hooks(before_terminate=slow)), others=dies(20.0))
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    begun = sorted(told[id] for id in lost(run))
    assert len(begun) == 4 and begun[-1] - begun[0] < 5.0
    assert put_back(run) and run.members.isdisjoint(run.found_ids)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("Client.InstanceInitiatedShutdown", 1),
        ("Server.InternalError", 1),  # as it does where they leave before they serve
        ("Server.SpotInstanceTermination", 0),
        ("Client.UserInitiatedShutdown", 0),
    ],
)
def test_new_ones_that_end_themselves_speak_against_the_release_and_no_others(reason: str, code: int) -> None:
    async def each_new_one(world: World) -> None:
        gone: set[str] = set()
        while len(gone) < 3:
            await anyio.sleep(5.0)
            for one in world.members("web"):
                fresh = one.in_service and one.attached_at > world.record[0].at and world.now - one.attached_at > 90.0
                if fresh and len(gone) < 3 and one.id not in gone:
                    gone.add(one.id)
                    world.kill(one.id, reason=reason)

    run = simulate(partial(group, size=6), others=each_new_one)
    assert run.result.verdict.code == code, run.result.verdict
    assert (f"EC2 does not run it: {reason}" in run.result.verdict.why) is bool(code)
    assert put_back(run)


@pytest.mark.parametrize("hooked", [False, True])
def test_lanes_that_only_drain_serve_again_while_too_few_are_ready(hooked: bool) -> None:
    """Long drains: what drains is nearer than what boots; with a command too, as long as that has not begun."""

    async def fine(call: HookCall) -> int:
        return 0

    async def dies_while_one_drains(world: World) -> None:
        while not any(one.what is What.DEREGISTER for one in world.record):
            await anyio.sleep(1.0)
            world.advance()
        await anyio.sleep(20.0)
        out = {one.instance for one in world.record if one.what is What.DEREGISTER}
        staying = [one for one in world.members("web") if one.in_service and one.id not in out]
        for one in staying[:3]:
            world.kill(one.id)

    spec = RolloutSpec(hooks=Hooks(before_terminate=fine) if hooked else Hooks(), launch=LaunchCall.DESIRED)
    run = simulate(partial(group, size=6, delay=300.0), spec, others=dies_while_one_drains)
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    first = next(one.instance for one in run.world.record if one.what is What.DEREGISTER)
    back = [one.at for one in run.world.record if one.what is What.REGISTER and one.instance == first]
    assert back and min(back) - died(run.world) < 60.0
    ended = [one.at for one in run.world.record if one.what is What.TERMINATE and one.instance == first]
    assert min(ended) > min(back) + 300.0
    assert any(f"{first} only drained, and serves again" in one.text for one in run.events if isinstance(one, Warned))
    assert put_back(run) and acts(run, "register")


def test_whom_a_load_balancer_alone_calls_ill_keeps_its_way() -> None:
    async def breaks(world: World) -> None:
        await anyio.sleep(100.0)
        for one in world.members("web")[:2]:
            world.break_app(one.id)

    run = simulate(partial(group, size=6), others=breaks)
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    ended = [one.detail for one in run.world.record if one.what is What.TERMINATE and one.who == "owner"]
    assert set(ended) == {"decrement"}


def test_a_bound_of_launches_ends_it() -> None:
    """Whoever comes dies at once, again and again: law 6's bound holds, whoever asked for it."""

    async def plague(world: World) -> None:
        while True:
            await anyio.sleep(15.0)
            for one in world.members("web"):
                if one.in_service:
                    world.kill(one.id)

    run = simulate(partial(group, size=3), replace(RolloutSpec(), max_failures=1000), others=plague)
    assert run.result.verdict.code in (1, 10), run.result.verdict
    assert "fault of async-rollout" not in run.result.verdict.why
    healed = sum(one.what is What.TERMINATE and one.who == "owner" for one in run.world.record)
    assert healed <= 2 * 6 + 3
