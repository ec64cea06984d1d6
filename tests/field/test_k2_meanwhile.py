"""K2: what others did meanwhile with one whose before-command failed, before it is parked: ended, or brought back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import pytest

from async_rollout.core.belief import Me
from async_rollout.core.journal import Goal
from async_rollout.core.spec import HookCall, Hooks, OnFailure, RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import HUMAN
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.releases import release
from support.simulation import InstantHooks, Run, ours

PAUSES = RolloutSpec(canary_wait=0.0, on_failure=OnFailure.PAUSE, max_failures=9)

Deed = Callable[[World, str], Coroutine[Any, Any, None]]


async def bounced(world: World, id: str) -> None:
    """As by hand: into Standby, and out of it again, by which AWS registers it anew."""
    world.enter_standby("web", [id], decrement=True, who=HUMAN)
    await anyio.sleep(30.0)
    world.advance()
    world.exit_standby("web", [id], who=HUMAN)


async def registered(world: World, id: str) -> None:
    for source in world.state.sources_of("web"):
        world.register(source.id, id, None, who=HUMAN)


async def dead(world: World, id: str) -> None:
    world.kill(id, reason="Server.InternalError")


def old_ones(world: World) -> None:
    a_group(world, size=4, maximum=8, delay=20.0)


def behind_nothing(world: World) -> None:
    a_group(world, size=2, maximum=4, classic=0, target_groups=0)


newcomers = partial(release, size=4, fails=60.0)


def told_by_us(run: Run, what: What) -> list[str]:
    """Whom we did it to."""
    return [one.instance for one in run.world.record if one.what is what and one.who == "owner"]


def left_alone(deed: Deed, build: Callable[[World], None], *, new: bool) -> tuple[Run, str]:
    """Paused on the failure, which stands in the record; others do something with it; then all is put back."""
    failed, found = list[str](), set[str]()

    async def hook(call: HookCall) -> int:
        if (call.instance not in found) is new:
            failed.append(call.instance)
        return 3 if call.instance in failed else 0

    def built(world: World) -> None:
        build(world)
        found.update(one.id for one in world.members("web"))

    async def story() -> Run:
        world = World(0, loop_clock())
        built(world)
        hooks, spec = InstantHooks(), replace(PAUSES, hooks=Hooks(before_terminate=hook))
        run = Run(world=world, group="web", found=world.group("web"), found_ids=frozenset(found), hooks=hooks)
        for number, goal in enumerate((Goal.REPLACE, Goal.RESTORE)):
            me = Me(run=f"run{number}", holder=f"host{number}/boot/1", intent=goal)
            rollout = Rollout(PortCloud(world), "web", spec, me, hooks=hooks, tell=run.events.append, halt=Halt())
            run.results.append(await rollout.run())
            if number == 0:
                await deed(world, failed[0])
                await anyio.sleep(200.0)
        return run

    return run_virtual(story), failed[0]


@pytest.mark.parametrize("new", [True, False], ids=["a newcomer that failed", "an old one"])
def test_k2_whom_ec2_has_ended_since_his_command_failed_goes_and_is_not_parked(new: bool) -> None:
    run, id = left_alone(dead, newcomers if new else old_ones, new=new)
    assert (run.results[0].verdict.code, run.result.verdict.code) == (6, 0), run.result.verdict
    assert (id in run.found_ids, id in run.members) == (not new, False)
    assert (told_by_us(run, What.STANDBY), told_by_us(run, What.TERMINATE).count(id)) == ([], 1)
    assert (run.result.parked, run.left.suspended, ours(run.left)) == ((), (), [])
    sizes = (run.left.minimum, run.left.desired, run.left.maximum)
    assert sizes == (4, 4, 8) and len([one for one in run.world.members("web") if one.in_service]) == 4


@pytest.mark.parametrize("deed", [bounced, registered], ids=["through Standby", "at its sources"])
@pytest.mark.parametrize("new", [True, False], ids=["a newcomer that failed", "an old one"])
def test_k2_who_was_brought_back_since_his_command_failed_serves_on(deed: Deed, new: bool) -> None:
    run, id = left_alone(deed, newcomers if new else old_ones, new=new)
    assert (run.results[0].verdict.code, run.result.verdict.code) == (6, 0), run.result.verdict
    assert (
        told_by_us(run, What.STANDBY),
        id in told_by_us(run, What.TERMINATE),
        run.result.parked,
        run.result.verdict.left,
    ) == ([], False, (), ())
    assert run.world.instance(id).in_service and (run.left.suspended, ours(run.left)) == ((), [])
    assert all(run.world.state.registered(source.id, id) for source in run.world.state.sources_of("web"))


def test_k2_behind_nothing_nobody_can_have_brought_it_back() -> None:
    async def nothing(world: World, id: str) -> None: ...

    run, id = left_alone(nothing, behind_nothing, new=False)
    assert (run.result.verdict.code, told_by_us(run, What.STANDBY), run.result.parked) == (6, [id], (id,))
