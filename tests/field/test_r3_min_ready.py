"""R3: behind no load balancer the application needs two minutes, and the group's grace period says so: it is waited."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from async_rollout.core.journal import Goal
from async_rollout.core.plan import plan_of
from async_rollout.core.spec import HookCall, Hooks, RolloutSpec
from async_rollout.engine.preview import EVERYTHING
from async_rollout.sandbox.doors.answers.settings import keep
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group, Physics
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.bench.direct import cloud
from support.releases import taken_out
from support.simulation import UNWATCHED, Run, simulate


def group(world: World, *, grace: float = 300.0, warmup: int = -1, slow: float = 0.0, sources: int = 0) -> None:
    """Three instances whose application needs two minutes after InService."""

    def edit(found: Group) -> Group:
        return keep(replace(found, grace=grace, physics=Physics(warm=120.0)), "DefaultInstanceWarmup", warmup)

    a_group(world, size=3, maximum=5, classic=0, target_groups=sources, delay=20.0, edit=edit)
    for id in world.state.groups["web"].target_groups:
        world.state.sources[id] = replace(world.state.sources[id], slow_start=slow)


def waited(run: Run) -> float:
    """The shortest time between one that came up and the old one that went for it."""
    up = [one.at for one in run.world.record if one.what is What.IN_SERVICE]
    return min(out - max(at for at in up if at <= out) for out in taken_out(run))


def test_r3_the_grace_period_is_waited_where_no_load_balancer_tells() -> None:
    run = simulate(group)
    assert run.result.verdict.code == 0, run.result.verdict
    assert waited(run) >= 300.0
    assert min(one.serving for one in run.history) >= 3, "never fewer than three applications answer"


async def _up(call: HookCall) -> int:
    return 0


@pytest.mark.parametrize(
    ("shape", "order", "least", "most"),
    [
        ({}, {"min_ready": 0.0}, 0.0, 30.0),  # the owner's word, as the original did
        ({}, {"min_ready": 150.0}, 150.0, 200.0),
        ({}, {"hooks": Hooks(up_check=_up)}, 0.0, 30.0),  # the owner's check tells
        ({"warmup": 400}, {}, 400.0, 460.0),
        ({"warmup": 100}, {}, 300.0, 360.0),  # the longest of them
        ({"sources": 1}, {}, 120.0, 200.0),  # its target group tells
        ({"sources": 1, "slow": 200.0}, {}, 320.0, 420.0),
        ({"sources": 1, "warmup": 60}, {}, 180.0, 260.0),
    ],
)
def test_min_ready_is_the_owners_or_what_the_group_says(
    shape: dict[str, Any], order: dict[str, Any], least: float, most: float
) -> None:
    run = simulate(partial(group, **shape), RolloutSpec(**order))
    assert run.result.verdict.code == 0, run.result.verdict
    assert least <= waited(run) <= most


def test_the_plan_says_which_it_is_and_counts_it() -> None:
    async def planned() -> list[tuple[float, tuple[str, ...]]]:
        found = []
        for shape in ({}, {"sources": 1}, {"sources": 1, "slow": 200.0}):
            world = World(0, loop_clock())
            group(world, **shape)
            plan = plan_of(UNWATCHED, await PortCloud(world).look("web", EVERYTHING, 0.0))
            found.append((plan.expected_seconds, tuple(note for note in plan.notes if "has to be ready" in note)))
        return found

    (bare, said), (told, none), (slow, why) = run_virtual(planned)
    assert said == ("a new instance has to be ready for 300 s, the group's health check grace period, as no load "
                    "balancer tells, before an old one goes for it",)  # fmt: skip
    assert none == () and "the slow start of web-targets-1" in why[0]
    assert bare > told and slow > told + 500.0


def test_over_the_wires_tables_both_doors_tell_the_same() -> None:
    async def looked() -> tuple[object, ...]:
        world = World(0, loop_clock())
        group(world, warmup=70, slow=30.0, sources=1)
        one = cloud(world, api_share=1.0)
        seen = [await each.look("web", EVERYTHING, 0.0) for each in (one, PortCloud(world))]
        await one.close()
        return tuple((each.group.warmup, each.group.grace, each.sources[0].slow_start) for each in seen)

    assert run_virtual(looked) == ((70.0, 300.0, 30.0),) * 2


def test_killed_in_the_wait_its_newcomers_hold_the_floor_and_wait_again() -> None:
    """What a resumed run has not seen for so long yet is ready, not missing."""
    run = simulate(group, goals=(Goal.REPLACE,) * 2, kill_after=12)
    assert run.result.verdict.code == 0, run.result.verdict
    assert min(one.serving for one in run.history) >= 3


def test_one_that_fails_meanwhile_makes_no_room() -> None:
    """It fails 100 s after it was healthy, and it takes 200 s to count: not one old instance goes."""

    def build(world: World) -> None:
        group(world, slow=200.0, sources=1)
        world.troubles["web"].relapse = 100.0

    run = simulate(build)
    assert run.result.verdict.code == 1, run.result.verdict
    assert taken_out(run) == [] and run.found_ids <= run.members
