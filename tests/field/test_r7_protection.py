"""R7: instances protected from scale-in, as queue workers protect themselves while they work; and those in Standby."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from async_rollout.core import advance
from async_rollout.core.actions import Terminate
from async_rollout.core.events import Warned
from async_rollout.core.plan import Plan, plan_of
from async_rollout.core.spec import HookCall, Hooks, Protected, RolloutSpec
from async_rollout.engine.preview import EVERYTHING
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Tag
from async_rollout.sandbox.simulation import HUMAN, Simulation
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.fleets import clock
from support.over_the_wire import rolled
from support.simulation import Run, simulate

WHOLE = "all replaced, the group is as it was found"


def protecting(*, size: int = 3, first: int = 1, delay: float = 20.0, tags: tuple[Tag, ...] = ()) -> object:
    """A group whose first so many instances are protected."""

    def built(simulation: World) -> None:
        group = a_group(simulation, size=size, delay=delay, edit=lambda one: replace(one, tags=(*one.tags, *tags)))
        ids = [one.id for one in simulation.state.members(group.name)]
        simulation.protect("web", ids[:first], protected=True, who=HUMAN)

    return built


def left(run: Run) -> list[str]:
    """Who was there before and still is."""
    return sorted(run.found_ids & run.members)


def gone(world: Simulation) -> dict[str, float]:
    return {one.instance: one.at for one in world.record if one.what is What.TERMINATE and one.who == "owner"}


def test_r7_a_protected_one_is_waited_for_then_left_and_named_and_others_go_meanwhile() -> None:
    run = simulate(protecting())  # type: ignore[arg-type]
    (kept,) = left(run)
    verdict = run.result.verdict
    assert (verdict.code, kept in verdict.why, "--protected replace" in verdict.next) == (1, True, True), verdict
    took = [at for id, at in gone(run.world).items() if id in run.found_ids]
    assert len(took) == 2
    assert run.world.now - max(took) > 2_400.0
    assert (run.left.desired, run.left.maximum, run.left.suspended, run.left.tags) == (
        run.found.desired,
        run.found.maximum,
        run.found.suspended,
        run.found.tags,
    )
    waits = [one for one in run.events if type(one).__name__ == "Waiting" and kept in str(one)]
    assert any("--protected" in str(one) for one in waits)


def test_r7_one_whose_protection_goes_is_replaced_then() -> None:
    async def others(world: World) -> None:
        await anyio.sleep(1_500.0)
        ids = [one.id for one in world.members("web") if one.protected]
        world.protect("web", ids, protected=False, who=HUMAN)

    run = simulate(protecting(), others=others)  # type: ignore[arg-type]
    assert (run.result.verdict.code, run.result.verdict.why, left(run)) == (0, WHOLE, [])
    assert 1_500.0 < max(gone(run.world).values()) - run.world.record[0].at < 2_000.0


@pytest.mark.parametrize(("choice", "kept"), [(Protected.SKIP, 1), (Protected.REPLACE, 0)])
def test_r7_skip_leaves_and_names_them_replace_takes_them(choice: Protected, kept: int) -> None:
    run = simulate(protecting(), RolloutSpec(protected=choice))  # type: ignore[arg-type]
    assert (run.result.verdict.code, len(left(run))) == (0, kept)
    assert all(id in run.result.verdict.why for id in left(run))
    told = [event.text for event in run.events if isinstance(event, Warned) and "protected" in event.text]
    assert len(told) == 1
    _, wire = rolled(protecting(), RolloutSpec(protected=choice))  # type: ignore[arg-type]
    assert ("protected" in wire.verdict.why) is bool(kept)


def test_r7_ecs_protects_all_of_its_own_which_says_nothing() -> None:
    tags = (Tag(key="AmazonECSManaged", value=""),)
    run = simulate(protecting(tags=tags))  # type: ignore[arg-type]
    assert "ECS" in run.result.verdict.why
    told = [event.text for event in run.events if isinstance(event, Warned) and "protected" in event.text]
    assert not any("waited for" in text for text in told)


def test_r7_one_that_protects_itself_while_it_drains_goes_back_to_work_and_goes_later() -> None:
    """Nobody is taken out or terminated while it is protected, but for the seconds in which nobody can know."""
    spans: dict[str, tuple[float, float]] = {}

    async def others(world: World) -> None:
        while len(spans) < 1:
            await anyio.sleep(1.0)
            out = {one.instance for one in world.record if one.what is What.DEREGISTER}
            for id in sorted(out - spans.keys()):
                began = world.now
                world.protect("web", [id], protected=True, who=HUMAN)
                spans[id] = (began, began + 900.0)
        await anyio.sleep(900.0)
        world.protect("web", list(spans), protected=False, who=HUMAN)

    run = simulate(protecting(first=0, delay=60.0), others=others)  # type: ignore[arg-type]
    assert (run.result.verdict.code, left(run)) == (0, []), run.result.verdict
    ends = gone(run.world)
    assert all(not (start + 30 < ends[id] < end) for id, (start, end) in spans.items())
    assert min(one.serving for one in run.history) >= 3


def test_r7_one_whose_command_has_begun_is_not_terminated_while_it_is_protected() -> None:
    async def drain(call: HookCall) -> bool:
        return True

    async def others(world: World) -> None:
        while not any(one.what is What.DEREGISTER for one in world.record):
            await anyio.sleep(0.5)
        first = next(one.instance for one in world.record if one.what is What.DEREGISTER)
        await anyio.sleep(22.5)  # drained after 20, its command ends a second later
        world.protect("web", [first], protected=True, who=HUMAN)
        await anyio.sleep(600.0)
        world.protect("web", [first], protected=False, who=HUMAN)

    hooks = Hooks(before_terminate=drain)
    run = simulate(protecting(first=0), RolloutSpec(hooks=hooks, wait_before_terminate=60.0), others=others)  # type: ignore[arg-type]
    assert (run.result.verdict.code, left(run)) == (0, []), run.result.verdict
    assert (
        min(gone(run.world).values()) - min(one.at for one in run.world.record if one.what is What.DEREGISTER) > 600.0
    )


def test_r7_a_group_that_protects_all_new_ones_ends_as_it_was_found() -> None:
    def built(simulation: Simulation) -> None:
        a_group(simulation, size=2, edit=lambda group: replace(group, new_protected=True))

    run = simulate(built, RolloutSpec(protected=Protected.REPLACE))
    assert (run.result.verdict.code, left(run)) == (0, [])
    run = simulate(built, RolloutSpec(protected=Protected.SKIP))
    assert (len(left(run)), len(run.members), run.left.desired) == (2, 2, 2)


def test_r7_without_the_question_the_guard_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever forgets to ask in `advance` is stopped before the deregistration."""
    monkeypatch.setattr(advance, "is_shielded", lambda *_: False)
    run = simulate(protecting())  # type: ignore[arg-type]
    assert (run.result.verdict.code, left(run) != []) == (10, True)
    assert "law 3" in run.result.verdict.why
    assert not [id for id in gone(run.world) if id in run.found_ids and run.world.state.instances[id].protected]


@pytest.mark.parametrize("choice", list(Protected))
def test_r7_a_plan_is_played_as_they_are_meant(choice: Protected) -> None:
    """Where they are waited for nobody knows how long, it is played as if they were not protected."""

    async def story() -> Plan:
        world = World(0, clock())
        protecting()(world)  # type: ignore[operator]
        return plan_of(RolloutSpec(protected=choice), await PortCloud(world).look("web", EVERYTHING, 0.0))

    acts = [step.action for step in run_virtual(story).steps]
    removed = [act for act in acts if isinstance(act, Terminate) and not act.instance.startswith("new-")]
    assert len(removed) == (2 if choice is Protected.SKIP else 3)
