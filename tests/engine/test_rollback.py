"""A rollback: after a failure or by order, to what was found or to what is named; its causes, counts and take-overs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import anyio
import pytest

from async_rollout import Summary, roll_out, rollback
from async_rollout.core.actions import Outcome
from async_rollout.core.events import GoalChanged, RolloutStarted, Waiting
from async_rollout.core.journal import Goal
from async_rollout.core.plan import Plan, plan_of
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import HookCall, Hooks, Limits, OnFailure, RolloutSpec
from async_rollout.core.standing import onward
from async_rollout.core.switching import questions
from async_rollout.core.tags import ORDER, from_tags
from async_rollout.engine.halt import Halt
from async_rollout.engine.preview import EVERYTHING
from async_rollout.engine.result import GroupResult
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Tag
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.laws.rolling_back import LIVE, conducted, killed, meeting, set_to
from support.simulation import ours, simulate
from support.switches import ROLLS, SET, launches_from, pinned, versions

FAILS = partial(pinned, size=4, fails=60.0)


def test_what_fails_is_rolled_back_and_the_first_cause_is_the_end() -> None:
    run = simulate(FAILS, ROLLS)
    verdict = run.result.verdict
    assert (verdict.outcome, verdict.code) == (Outcome.FAILED, 1), verdict
    assert "new instances failed" in verdict.why and "as it was found" in verdict.why
    assert versions(run.world) == ["1"] * 4 and launches_from(run.world) == "1" and not ours(run.left)
    assert (run.left.desired, run.left.maximum, run.left.suspended) == (4, 8, ())
    (turned,) = [event for event in run.events if isinstance(event, GoalChanged)]
    begun, back = [event for event in run.events if isinstance(event, RolloutStarted)]
    assert turned.toward.endswith(":1") and back.toward == turned.toward and not begun.toward
    assert 0 < len(back.old) < 4 and not set(back.old) & run.found_ids


def test_the_rest_of_it_knows_no_canary_and_uses_all_of_the_surge() -> None:
    spec = replace(ROLLS, max_surge=2, canary_wait=30.0, max_failures=2)
    run = simulate(partial(pinned, size=6, fails=70.0), spec)
    assert versions(run.world) == ["1"] * 6 and run.result.verdict.code == 1
    _, back = [event for event in run.events if isinstance(event, RolloutStarted)]
    waits = [
        wait.why for event in run.events if isinstance(event, Waiting) and event.at > back.at for wait in event.waits
    ]
    assert waits and not any("the first new" in why for why in waits)
    asked = [one for one in run.world.record if one.what is What.SET_DESIRED and one.at > back.at]
    assert len(back.old) > 1 and asked[0].detail.startswith("6 -> 8")


@pytest.mark.parametrize("fails", [None, 60.0])
def test_a_way_back_has_to_be_there(fails: float | None) -> None:
    nowhere = replace(SET, launch_template_version="$Latest", on_failure=OnFailure.ROLLBACK)
    cases: list[tuple[str | None, RolloutSpec, str]] = [
        ("$Latest", nowhere, "an alias is no way back"),
        ("2", ROLLS, "what it is to launch from is what it launches from now"),
        ("2", RolloutSpec(on_failure=OnFailure.ROLLBACK), "no version is set"),
        ("$Default", replace(nowhere, rollback_version="7"), "there is no version 7"),
    ]
    for version, spec, why in cases:
        run = simulate(partial(pinned, size=2, version=version, fails=fails), spec)
        assert run.result.verdict.code == 3 and why in run.result.verdict.why, run.result.verdict
        assert "--on-failure rollback" in run.result.verdict.why


def test_a_version_that_is_gone_is_no_way_back() -> None:
    def build(world: World) -> None:
        template = pinned(world, size=2).template
        assert template is not None
        world.put_template(replace(world.state.templates[template.id], deleted=frozenset({1})))

    run = simulate(build, ROLLS)
    assert run.result.verdict.code == 3 and "there is no version 1" in run.result.verdict.why


@pytest.mark.parametrize("version", ["2", "$Latest"])
def test_what_the_owner_names_is_rolled_back_to(version: str) -> None:
    """The group launched the release before the run began: only its owner knows what was good."""
    spec = replace(ROLLS, launch_template_version=None, rollback_version="1")
    run = simulate(partial(pinned, size=4, version=version, fails=60.0), spec)
    assert run.result.verdict.code == 1 and "launches from version 1" in run.result.verdict.why
    assert versions(run.world) == ["1"] * 4 and launches_from(run.world) == "1" and not ours(run.left)


def test_a_stop_is_no_failure() -> None:
    async def order(world: World, halt: Halt) -> None:
        await anyio.sleep(100.0)
        halt.request(Stop.FINISH)

    run = simulate(partial(pinned, size=3), ROLLS, halt=order)
    assert run.result.verdict.outcome is Outcome.STOPPED and launches_from(run.world) == "1"
    assert "2" in versions(run.world) and not [one for one in run.events if getattr(one, "toward", "")]


def test_a_rollback_that_fails_is_the_last_and_ends_mixed() -> None:
    """What was good before does not come up any more."""

    async def all_bad(world: World) -> None:
        while not set_to(world, 1):
            await anyio.sleep(1.0)
        world.troubles["web"].sick_versions = frozenset({"1"})

    spec = replace(ROLLS, limits=Limits(healthy=200.0))
    run = simulate(FAILS, spec, others=all_bad)
    verdict = run.result.verdict
    assert (verdict.outcome, verdict.code) == (Outcome.STUCK, 10), verdict
    assert verdict.why.startswith("2 new instances failed") and "the rollback has ended early" in verdict.why
    assert launches_from(run.world) == "1" and "2" in versions(run.world)
    assert any("of version 2" in line for line in verdict.left) and not ours(run.left)
    assert len([one for one in run.events if isinstance(one, RolloutStarted) and one.toward]) == 1


def test_whoever_is_parked_for_a_command_that_failed_does_not_end_it() -> None:
    """Its command failed once, and that was the cause: the rest of the bad ones go by the same command."""
    calls = list[str]()

    async def fails_once(call: HookCall) -> int:
        calls.append(call.instance)
        return 3 if len(calls) == 2 else 0

    spec = replace(ROLLS, hooks=Hooks(before_terminate=fails_once))
    run = simulate(partial(pinned, size=4, minimum=0), spec)
    assert run.result.verdict.code == 6 and f"{calls[1]} is in Standby" in run.result.verdict.why, run.result.verdict
    assert set(versions(run.world)) == {"1"} and launches_from(run.world) == "1" and not ours(run.left)


def test_its_time_is_not_the_run_s() -> None:
    run = simulate(FAILS, replace(ROLLS, limits=Limits(total=230.0)))
    assert versions(run.world) == ["1"] * 4 and run.result.verdict.code in (1, 7)


@pytest.mark.parametrize("at", [1.0, 30.0, 90.0, 130.0])
def test_a_live_run_is_ordered_to_roll_back(at: float) -> None:
    world, ends = meeting(LIVE, (at, "b2", Goal.RESTORE, True), build=partial(pinned, size=3))
    assert versions(world) == ["1"] * 3 and launches_from(world) == "1"
    assert ends["a1"].verdict.code == 130 and ends["b2"].verdict.code == 0, ends
    assert not ours(world.group("web")) and not world.group("web").suspended


def test_a_live_run_that_has_no_way_back_is_not_told_to_roll_back() -> None:
    spec = replace(SET, launch_template_version="$Latest", pin=True)
    _, ends = meeting(
        LIVE, (60.0, "b2", Goal.RESTORE, True), build=partial(pinned, size=2, version="$Latest"), spec=spec
    )
    assert ends["b2"].verdict.code == 3 and "nothing to roll back to" in ends["b2"].verdict.why
    assert ends["a1"].verdict.code == 0


def test_without_a_record_there_is_nothing_to_roll_back() -> None:
    _, ends = meeting((0.0, "b2", Goal.RESTORE, True), build=partial(pinned, size=2))
    assert ends["b2"].verdict.outcome is Outcome.NOTHING and "nothing to roll back" in ends["b2"].verdict.why


def test_a_killed_run_is_rolled_back_by_order() -> None:
    async def main() -> tuple[World, GroupResult]:
        world = World(1, loop_clock())
        pinned(world, size=3)
        await killed(world, "a1", SET, lives=20)
        return world, await conducted(world, "b2", SET, Goal.RESTORE, rollback=True)

    world, end = run_virtual(main)
    assert (end.verdict.outcome, end.verdict.code) == (Outcome.RESTORED, 0), end.verdict
    assert versions(world) == ["1"] * 3 and launches_from(world) == "1" and not ours(world.group("web"))


def test_the_record_says_how_far_it_is() -> None:
    async def main() -> list[str]:
        world, seen = World(1, loop_clock()), list[str]()
        FAILS(world)

        async def watch() -> None:
            while True:
                await anyio.sleep(1.0)
                group = world.group("web")
                record = from_tags({tag.key: tag.value for tag in group.tags}, group.arn)
                back = getattr(record, "back", None)
                if back is not None and seen[-1:] != [back.name]:
                    seen.append(back.name)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            await conducted(world, "a1", ROLLS, Goal.REPLACE)
            tasks.cancel_scope.cancel()
        return seen

    assert run_virtual(main) == ["NOT", "DUE", "BEGUN"]


@pytest.mark.parametrize("lives", [12, 45])
def test_who_takes_over_what_others_have_set_meanwhile_halts_and_leaves_it(lives: int) -> None:
    async def main() -> tuple[World, GroupResult]:
        world = World(1, loop_clock())
        template = FAILS(world).template
        assert template is not None
        await killed(world, "a1", ROLLS, lives=lives)
        world.human_releases("web-template", default=False)
        world.human_edits("web", lambda group: replace(group, template=replace(template, version="3")))
        return world, await conducted(world, "b2", ROLLS, Goal.REPLACE)

    world, end = run_virtual(main)
    assert end.verdict.code in (1, 10) and launches_from(world) == "3", end.verdict
    assert not ours(world.group("web")) and not world.group("web").suspended


def test_where_what_was_found_is_gone_meanwhile_that_is_said_and_the_record_stands() -> None:
    async def deletes(world: World) -> None:
        while not set_to(world, 2):
            await anyio.sleep(1.0)
        (template,) = world.state.templates.values()
        world.put_template(replace(template, deleted=frozenset({1})))

    run = simulate(FAILS, ROLLS, others=deletes)
    verdict = run.result.verdict
    assert (verdict.outcome, verdict.code) == (Outcome.STUCK, 10), verdict
    assert any("Could not find the specified version 1" in line for line in verdict.left)
    assert any("it launches from version 2" in line for line in verdict.left) and ours(run.left)
    assert not run.left.suspended_names & {"AlarmNotification", "ScheduledActions"}


@pytest.mark.parametrize("lives", [12, 30, 45])
def test_the_plan_of_what_was_left_says_how_it_goes_on(lives: int) -> None:
    async def main() -> Plan:
        world = World(1, loop_clock())
        FAILS(world)
        await killed(world, "a1", ROLLS, lives=lives)
        await anyio.sleep(200.0)
        return plan_of(ROLLS, await PortCloud(world).look("web", EVERYTHING | questions(ROLLS), 0.0))

    plan = run_virtual(main)
    assert plan.record is not None and not plan.record.anew
    words = onward(plan.record)
    assert ("finish the rollback to version 1" in words) is bool(plan.record.toward) is (lives > 20)


@pytest.mark.parametrize(
    "order", ["rollback a1 1;x b2", "rollback a1", "rollback a1 0 b2", "rollback b9 1 b2", "rollback"]
)
def test_an_order_of_another_form_or_to_another_run_is_none(order: str) -> None:
    async def main() -> tuple[World, GroupResult]:
        world = World(1, loop_clock())
        pinned(world, size=2)

        async def forge() -> None:
            await anyio.sleep(70.0)
            world.put_tags("web", [Tag(key=ORDER, value=order)], who="human")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(forge)
            end = await conducted(world, "a1", SET, Goal.REPLACE)
            tasks.cancel_scope.cancel()
        return world, end

    world, end = run_virtual(main)
    assert end.verdict.outcome is Outcome.DONE and versions(world) == ["2", "2"]


@pytest.mark.parametrize("lives", [12, 30])
def test_another_release_than_the_killed_run_s_is_set_and_what_was_found_stays_known(lives: int) -> None:
    async def main(bad: str) -> tuple[World, GroupResult]:
        world = World(1, loop_clock())
        pinned(world, size=3)
        world.human_releases("web-template", default=False)
        await killed(world, "a1", SET, lives=lives)
        world.troubles["web"].sick_versions = frozenset({bad})
        spec = replace(SET, launch_template_version="3", limits=Limits(healthy=120.0))
        return world, await conducted(world, "b2", spec, Goal.REPLACE)

    world, end = run_virtual(partial(main, ""))
    assert end.verdict.code == 0 and versions(world) == ["3"] * 3 and launches_from(world) == "3", end.verdict
    world, end = run_virtual(partial(main, "3"))
    assert end.verdict.code == 1 and launches_from(world) == "1" and not ours(world.group("web")), end.verdict


def test_the_library_rolls_back_what_a_run_left() -> None:
    async def story() -> tuple[World, Summary]:
        world = World(0, loop_clock())
        pinned(world, size=3)
        with anyio.move_on_after(250.0):
            await roll_out(PortCloud(world).groups("web"), SET)
        assert "2" in versions(world)
        return world, await rollback(PortCloud(world).groups("web"))

    world, summary = run_virtual(story)
    assert (summary.code, summary.results[0].verdict.outcome) == (0, Outcome.RESTORED), summary.results[0].verdict
    assert versions(world) == ["1"] * 3 and launches_from(world) == "1" and not ours(world.group("web"))
