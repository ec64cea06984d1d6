"""R7, the other half: instances in Standby. By default they take no part; with `terminate` old ones go, last of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import anyio
import pytest

from async_rollout.core.actions import Terminate
from async_rollout.core.choices import Standby
from async_rollout.core.events import RolloutStarted, Warned
from async_rollout.core.journal import Goal
from async_rollout.core.plan import plan_of
from async_rollout.core.spec import HookCall, Hooks, Protected, RolloutSpec, Scope
from async_rollout.engine.preview import EVERYTHING
from async_rollout.sandbox import people
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import HUMAN
from async_rollout.sandbox.world import World
from support.over_the_wire import rolled
from support.simulation import Run, new_world, simulate

ENDS = RolloutSpec(standby=Standby.TERMINATE)


def parked(*, size: int = 4, idle: int = 1, outdated: int = 0, minimum: int | None = None) -> Callable[[World], None]:
    """A group of which the last so many stand by, out of desired."""

    def built(world: World) -> None:
        a_group(world, size=size, minimum=0, maximum=size, delay=20.0, outdated=outdated)
        for one in world.members("web")[size - idle :]:
            world.enter_standby("web", [one.id], decrement=True, who=HUMAN)
            world.put_instance(replace(world.instance(one.id), lifecycle="Standby"))
            for source in world.state.sources:
                world.put_registrations(source, one.id, ())
        group = world.state.groups["web"]
        world.put_group(replace(group, minimum=group.desired if minimum is None else minimum, maximum=group.desired))
        world.settle()

    return built


def stood(run: Run) -> list[str]:
    """Who of those found stands by at the end."""
    return [one.id for one in run.world.members("web") if one.standby and one.id in run.found_ids]


def ends(run: Run) -> list[tuple[str, str]]:
    """Whom we terminated, in order, and whether the group shrank."""
    ours = (one for one in run.world.record if one.what is What.TERMINATE and one.who == "owner")
    return [(one.instance, one.detail) for one in ours]


def idle_of(run: Run) -> set[str]:
    return {one.instance for one in run.world.record if one.what is What.STANDBY and one.detail == "enter"}


@pytest.mark.parametrize("minimum", [None, 0])
def test_r7_terminate_ends_old_ones_last_and_takes_no_place(minimum: int | None) -> None:
    """Law 1 and 7: nobody that serves goes for it, sizes as found."""
    run = simulate(parked(idle=2, minimum=minimum), ENDS)
    assert (run.result.verdict.code, run.found_ids & run.members) == (0, set()), run.result.verdict
    assert (run.left.minimum, run.left.desired, run.left.maximum) == (run.found.minimum, 2, 2)
    assert not run.left.suspended and not run.left.tags
    last = ends(run)[-2:]
    assert {id for id, _ in last} == idle_of(run)
    assert {how for _, how in last} == {"replace"}
    serving = [one.serving for one in run.history if one.desired <= 2][2:]
    assert min(serving) >= 2
    assert (run.result.total, len(run.result.replaced)) == (4, 4)
    assert "Standby" not in run.result.verdict.why
    assert sum(one.what is What.LAUNCH and one.at > run.world.record[0].at for one in run.world.record) <= 3


def test_r7_skip_is_the_default_names_old_ones_and_says_how_they_would_go() -> None:
    run = simulate(parked())
    (kept,) = stood(run)
    assert f"{kept} left: in Standby" in run.result.verdict.why and run.result.verdict.code == 0
    said = [event.text for event in run.events if isinstance(event, Warned) and kept in event.text]
    assert said == [f"{kept} is in Standby: left alone (--standby terminate)"]
    _, wire = rolled(parked(), ENDS)
    assert (wire.verdict.code, "Standby" in wire.verdict.why) == (0, False)


def test_r7_one_that_ec2_has_forgotten_takes_no_part_whatever_is_asked_for() -> None:
    def built(world: World) -> None:
        parked()(world)
        people.forgets(world, world.members("web")[-1].id)

    run = simulate(built, ENDS)
    assert (run.result.verdict.code, run.result.total, len(stood(run))) == (0, 3, 1)
    assert any("EC2 does not know it" in event.text for event in run.events if isinstance(event, Warned))


def test_r7_only_those_that_the_run_would_replace_go() -> None:
    run = simulate(parked(idle=2, outdated=3), replace(ENDS, scope=Scope.OUTDATED))
    assert run.result.verdict.code == 0
    assert (len(run.result.replaced), len(stood(run))) == (3, 1)
    assert "Standby" not in run.result.verdict.why


def test_r7_a_group_of_nothing_but_standby_has_something_to_do() -> None:
    for surge in (1, "25%"):
        run = simulate(parked(size=2, idle=2), replace(ENDS, max_surge=surge))
        assert (run.result.verdict.code, run.members, run.left.desired) == (0, frozenset(), 0), run.result.verdict
    assert simulate(parked(size=2, idle=2)).result.verdict.outcome == "nothing to do"


def protecting(world: World) -> None:
    parked()(world)
    world.put_instance(replace(world.members("web")[-1], protected=True))


@pytest.mark.parametrize(("choice", "code", "kept"), [("wait", 1, 1), ("skip", 0, 1), ("replace", 0, 0)])
def test_r7_protected_ones_in_standby_go_by_the_option_for_protected_ones(choice: str, code: int, kept: int) -> None:
    run = simulate(protecting, replace(ENDS, protected=Protected(choice)))
    assert (run.result.verdict.code, len(stood(run))) == (code, kept), run.result.verdict
    assert all(f"{id} left: protected from scale-in" in run.result.verdict.why for id in stood(run))
    assert (run.result.seconds > 3_600.0) == (choice == "wait")
    said = [event.text for event in run.events if isinstance(event, Warned)]
    assert sum("protected" in text for text in said) == 1
    run = simulate(protecting)
    assert not any("protected" in event.text for event in run.events if isinstance(event, Warned))


def test_r7_a_run_that_is_put_back_has_not_touched_them() -> None:
    async def fails(call: HookCall) -> bool:
        return False

    run = simulate(parked(), replace(ENDS, hooks=Hooks(before_terminate=fails)))
    assert run.result.verdict.code == 6
    (idle,) = (one.instance for one in run.world.record if one.what is What.STANDBY and one.who == HUMAN)
    assert idle in stood(run) and run.world.instance(idle).ec2 == "running"
    assert len(stood(run)) == 2, "and the one whose command failed"


def test_r7_hooks_run_for_them_and_one_whose_command_fails_stays_as_it_was() -> None:
    calls: list[str] = []

    async def drain(call: HookCall) -> bool:
        calls.append(call.instance)
        return len(calls) < 4

    run = simulate(parked(), replace(ENDS, hooks=Hooks(before_terminate=drain)))
    assert (run.result.verdict.code, len(run.result.replaced)) == (6, 3), run.result.verdict
    assert calls[-1] in stood(run)
    assert (run.left.desired, run.left.maximum, run.left.suspended, run.left.tags) == (3, 3, (), ())


@pytest.mark.parametrize("kill", range(24, 44, 2))
def test_r7_killed_while_they_go_run_ends_it_and_restore_leaves_it(kill: int) -> None:
    for goal, code in ((Goal.REPLACE, 0), (Goal.RESTORE, 0)):
        run = simulate(parked(size=2), ENDS, goals=(Goal.REPLACE, goal), kill_after=kill)
        assert run.result.verdict.code == code, run.result.verdict
        assert (run.left.desired, run.left.maximum, run.left.suspended, run.left.tags) == (1, 1, (), ())


def test_r7_what_its_owner_puts_into_standby_while_it_drains_is_his_again() -> None:
    """It is neither terminated, nor registered back while it stands by, nor taken for one that went."""

    async def others(world: World) -> None:
        while not any(one.what is What.DEREGISTER for one in world.record):
            await anyio.sleep(1.0)
        first = next(one.instance for one in world.record if one.what is What.DEREGISTER)
        world.enter_standby("web", [first], decrement=True, who=HUMAN)

    for spec in (RolloutSpec(), RolloutSpec(max_surge=2)):
        run = simulate(lambda world: a_group(world, size=4, minimum=1, maximum=6, delay=60.0), spec, others=others)
        (idle,) = idle_of(run)
        assert (run.result.verdict.code, stood(run), idle in run.result.replaced) == (0, [idle], False)
        assert idle not in [id for id, _ in ends(run)]
        back = [one for one in run.world.record if one.what is What.REGISTER and one.instance == idle]
        assert not back
        assert min(one.serving for one in run.history) >= 3


def test_r7_what_comes_back_into_service_on_its_way_out_goes_like_any_other() -> None:
    """Its owner takes it out of Standby when its departure is open: it serves, so the floor and a successor count."""

    async def slow(call: HookCall) -> bool:
        await anyio.sleep(120.0)
        return True

    async def others(world: World) -> None:
        first = next(one.id for one in world.members("web") if one.standby)
        while not any(f"lane:{first}" in tag.key for tag in world.state.groups["web"].tags):
            await anyio.sleep(1.0)
        world.human_sets("web", maximum=5)
        world.exit_standby("web", [first], who=HUMAN)

    run = simulate(parked(size=3), replace(ENDS, hooks=Hooks(before_terminate=slow)), others=others)
    assert (run.result.verdict.code, run.found_ids & run.members) == (0, set()), run.result.verdict
    assert run.left.desired == 3
    assert len([one for one in run.world.members("web") if one.in_service]) == 3


def test_r7_the_plan_lists_them_last_and_says_what_they_are() -> None:
    import asyncio

    async def look(spec: RolloutSpec) -> object:
        world = new_world("at-max")
        one = world.members("web")[0]
        world.human_sets("web", minimum=1)
        world.enter_standby("web", [one.id], decrement=True, who=HUMAN)
        await asyncio.sleep(0)
        world.put_instance(replace(world.instance(one.id), lifecycle="Standby"))
        for source in world.state.sources:
            world.put_registrations(source, one.id, ())
        plan = plan_of(spec, await PortCloud(world).look("web", EVERYTHING, 0.0))
        return one.id, plan

    id, plan = asyncio.run(look(ENDS))  # type: ignore[misc]
    assert [one.standby for one in plan.going] == [False, False, True]
    assert (plan.old[-1], id in plan.skipped, plan.objections) == (id, False, ())
    assert f"{id} is in Standby: terminated last, if it is to be replaced" in plan.notes
    (end,) = [step.action for step in plan.steps if getattr(step.action, "instance", "") == id]
    assert end == Terminate(instance=id, shrink=False)
    id, plan = asyncio.run(look(RolloutSpec()))  # type: ignore[misc]
    assert (len(plan.old), plan.skipped) == (2, (id,))


def test_r7_they_are_counted_from_the_start() -> None:
    run = simulate(parked(idle=2), ENDS)
    (started,) = [one for one in run.events if isinstance(one, RolloutStarted)]
    assert (started.total, len(started.old), set(started.old[-2:])) == (4, 4, idle_of(run))
