"""What a blind run does for its group: only what its own record says is its own."""

from __future__ import annotations

import anyio
import pytest

from async_rollout.core.journal import QUICK
from async_rollout.core.outcomes import ActOutcome
from async_rollout.engine.parting import BLIND_FOR, InVain, let_live
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.virtual import run_virtual
from support.simulation import conductor, new_world


@pytest.mark.parametrize(("run", "left"), [("mine", frozenset()), ("another", frozenset(QUICK))])
def test_only_who_holds_the_record_lets_alarms_run(run: str, left: frozenset[str]) -> None:
    async def story() -> frozenset[str]:
        world = new_world()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(conductor(world, "mine").run)
            await anyio.sleep(40)
            tasks.cancel_scope.cancel()
        world.suspend("web", QUICK)
        noted: list[ActOutcome] = []
        assert await let_live(PortCloud(world), "web", run, noted.append) is not None
        return world.group("web").suspended_names & frozenset(QUICK)

    assert run_virtual(story) == left


def test_where_nothing_of_ours_is_suspended_nothing_is_done() -> None:
    async def story() -> int:
        world = new_world()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(conductor(world, "mine").run)
            await anyio.sleep(40)
            tasks.cancel_scope.cancel()
        world.resume("web", QUICK)
        noted: list[ActOutcome] = []
        before = world.calls["autoscaling:ResumeProcesses"]
        await let_live(PortCloud(world), "web", "mine", noted.append)
        assert noted == []
        return world.calls["autoscaling:ResumeProcesses"] - before

    assert run_virtual(story) == 0


def test_who_was_away_has_not_tried_in_vain_all_that_time() -> None:
    async def story() -> list[float]:
        blind, told = InVain(), []
        for pause in (0.0, 100.0, 200.0, BLIND_FOR + 1.0, 50.0):
            await anyio.sleep(pause)
            told.append(blind.tried())
        blind.tried(well=True)
        return [*told, blind.seconds, blind.tried()]

    assert run_virtual(story) == [0.0, 100.0, 300.0, 0.0, 50.0, 0.0, 0.0]
