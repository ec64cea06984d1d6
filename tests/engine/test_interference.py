"""Other people at work on the group during the run: what is told, and what halts it with all put back."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from async_rollout.core.choices import MissedSchedules
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import ScheduledAction
from async_rollout.sandbox.world import World
from support.laws.truth import all_is_as_found
from support.simulation import UNWATCHED, simulate


@pytest.mark.parametrize(("how", "named"), [(MissedSchedules.REPORT, ("evening",)), (MissedSchedules.APPLY, ())])
def test_scheduled_actions_that_fall_into_the_run_are_made_up_for_or_named(
    how: MissedSchedules, named: tuple[str, ...]
) -> None:
    def world(simulation: World) -> object:
        group = a_group(simulation)
        simulation.schedule("web", ScheduledAction(name="evening", at=simulation.now + 100.0, maximum=5))
        return group

    run = simulate(world, replace(UNWATCHED, missed_schedules=how))
    assert (run.result.missed, run.left.maximum) == (named, 3 if named else 5)


def test_a_template_that_changes_mid_run_halts_and_names_both() -> None:
    async def release(world: World) -> None:
        await anyio.sleep(60.0)
        world.human_releases(next(one.name for one in world.state.templates.values()))

    run = simulate("at-max", UNWATCHED, others=release)
    assert run.result.verdict.code == 1
    assert "template changed" in run.result.verdict.why
    assert all_is_as_found(run) == []


def test_an_instance_refresh_that_begins_mid_run_halts() -> None:
    async def refresh(world: World) -> None:
        await anyio.sleep(60.0)
        world.human_starts_refresh("web")

    run = simulate("at-max", UNWATCHED, others=refresh)
    assert run.result.verdict.code == 1
    assert "instance refresh" in run.result.verdict.why
    assert all_is_as_found(run) == []


def test_a_process_resumed_by_someone_is_suspended_again_once_then_halts() -> None:
    async def resume(world: World) -> None:
        for at in (60.0, 60.0):
            await anyio.sleep(at)
            world.resume("web", ["AZRebalance"], who="human")

    run = simulate("at-max", UNWATCHED, others=resume)
    assert run.result.verdict.code == 1
    assert "resumed by someone" in run.result.verdict.why
    assert all_is_as_found(run) == []


def test_a_group_deleted_mid_run_ends_it() -> None:
    async def delete(world: World) -> None:
        await anyio.sleep(60.0)
        world.human_deletes_group("web")

    run = simulate("at-max", UNWATCHED, others=delete)
    assert run.result.verdict.code == 1
    assert "the group was deleted during the run" in run.result.verdict.why


@pytest.mark.parametrize(("pages", "code"), [(3, 0), (4, 0), (5, 1)])
def test_answers_without_the_group_for_half_a_minute_are_empty_pages(pages: int, code: int) -> None:
    empty = Fault(kind=FaultKind.EMPTY, action="ScalingGroups", count=pages, window=(60.0, 1e9))
    run = simulate("at-max", UNWATCHED, faults=lambda world: Faults(world, [empty]))
    assert run.result.verdict.code == code, run.result.verdict
