"""A run that sets what its group launches from: who is replaced, and that it is as found where that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.events import RolloutStarted
from async_rollout.core.journal import Goal
from async_rollout.core.plan import Plan, plan_of
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import Limits, OnFailure, RolloutSpec
from async_rollout.core.switching import questions
from async_rollout.engine.halt import Halt
from async_rollout.engine.preview import EVERYTHING
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.readings import Readings
from async_rollout.sandbox.records import Override, TemplateRef
from async_rollout.sandbox.templates import PERMITS
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.simulation import Run, ours, simulate
from support.switches import SET, launches_from, pinned, versions

SUSPENDED = (What.SUSPEND, What.SET_DESIRED, What.TERMINATE, What.DEREGISTER)


def template_of(world: World) -> TemplateRef:
    template = world.group("web").template
    assert template is not None
    return template


def untouched(run: Run) -> bool:
    """Nothing of the group was changed by us, for as long as it took."""
    return not any(one.what in SUSPENDED and one.who == "owner" for one in run.world.record)


def as_found(run: Run) -> bool:
    """Sizes, processes, and what it launches from; none of our tags."""
    now, then = run.left, run.found
    same = (now.desired, now.maximum, now.suspended, now.template, now.configuration, now.overrides)
    return same == (then.desired, then.maximum, then.suspended, then.template, then.configuration, then.overrides) and (
        not ours(run.left)
    )


def test_it_is_set_and_what_is_not_on_it_is_replaced() -> None:
    def build(world: World) -> None:
        pinned(world, size=3)
        one = world.members("web")[0]
        world.put_instance(replace(one, template=replace(template_of(world), version="2")))

    run = simulate(build, SET)
    assert run.result.verdict.outcome is Outcome.DONE
    assert "launches from version 2 of lt-" in run.result.verdict.why
    assert versions(run.world) == ["2"] * 3 and launches_from(run.world) == "2" and not ours(run.left)
    assert len(run.result.replaced) == 2 and len(run.found_ids & run.members) == 1


def test_where_all_are_on_it_and_it_is_set_nothing_is_done() -> None:
    def build(world: World) -> None:
        pinned(world, size=2, version="2")
        for one in world.members("web"):
            world.put_instance(replace(one, template=template_of(world)))

    run = simulate(build, SET)
    assert run.result.verdict.outcome is Outcome.NOTHING and untouched(run)


@pytest.mark.parametrize(("version", "wanted"), [("$Latest", "$Latest"), ("$Default", "$Default"), (None, "$Default")])
def test_an_alias_that_is_named_as_it_stands_is_not_written(version: str | None, wanted: str) -> None:
    run = simulate(partial(pinned, size=2, version=version), replace(SET, launch_template_version=wanted))
    assert run.result.verdict.outcome is Outcome.DONE
    assert template_of(run.world).version == version and versions(run.world) == ["2", "2"]
    assert not [one for one in run.world.record if one.what is What.TEMPLATE]


def test_a_number_in_the_place_of_an_alias_has_to_be_meant() -> None:
    run = simulate(partial(pinned, size=2, version="$Latest"), SET)
    assert (run.result.verdict.code, untouched(run)) == (3, True)
    assert "--pin" in run.result.verdict.why
    run = simulate(partial(pinned, size=2, version="$Latest"), replace(SET, pin=True))
    assert run.result.verdict.code == 0 and launches_from(run.world) == "2"


def _mixed(world: World, **more: Any) -> None:
    types = (Override(instance_type="t3.micro"), Override(instance_type="t3.small"))
    pinned(world, size=2)
    world.human_edits("web", lambda group: replace(group, overrides=types, spot=20, **more))


def _own(world: World) -> None:
    _mixed(world)
    own = (Override(instance_type="t3.micro", template=template_of(world)),)
    world.human_edits("web", lambda group: replace(group, overrides=own))


CONFIGURED = RolloutSpec(launch_configuration="web-2")


@pytest.mark.parametrize(
    ("build", "spec", "why"),
    [
        (partial(pinned, size=2), replace(SET, launch_template_version="7"), "there is no version 7 of lt-"),
        (_own, SET, "launch templates of their own"),
        (_mixed, CONFIGURED, "takes no launch configuration"),
        (partial(pinned, size=2), CONFIGURED, "there is no launch configuration web-2"),
        (None, SET, "has no versions"),
        (partial(pinned, size=2), replace(CONFIGURED, launch_configuration="a b"), "cannot be written into a tag"),
        (partial(pinned, size=2), replace(CONFIGURED, launch_configuration="x" * 88), "cannot be written into a tag"),
    ],
)
def test_what_cannot_be_set_is_refused_before_anything(
    build: Callable[[World], object] | None, spec: RolloutSpec, why: str
) -> None:
    def built(world: World) -> None:
        (build or _plain)(world)
        world.put_configuration("a b")
        world.put_configuration("x" * 88)

    run = simulate(built, spec)
    assert run.result.verdict.code == 3 and why in run.result.verdict.why, run.result.verdict
    assert untouched(run) and as_found(run)


def _plain(world: World) -> None:
    a_group(world, size=2, configuration="web-1", outdated=2)


def test_a_launch_configuration_is_set_and_set_back() -> None:
    def build(world: World, *, bad: bool = False) -> None:
        _plain(world)
        world.put_configuration("web-2")
        world.troubles["web"].sick_launches = 99 if bad else 0

    run = simulate(build, CONFIGURED)
    assert run.result.verdict.code == 0 and run.left.configuration == "web-2"
    assert {one.configuration for one in run.world.members("web")} == {"web-2"}
    run = simulate(partial(build, bad=True), replace(CONFIGURED, limits=Limits(healthy=120.0)))
    assert run.result.verdict.code == 1 and as_found(run)


@pytest.mark.parametrize("permit", PERMITS)
def test_a_permission_that_is_missing_is_found_out_before_anything_is_suspended(permit: str) -> None:
    rule = Fault(kind=FaultKind.DENIED, action=f"^{permit}$")
    run = simulate(partial(pinned, size=2), SET, faults=lambda world: Faults(world, [rule]))
    assert run.result.verdict.code == 4 and "not authorized" in run.result.verdict.why
    assert untouched(run) and as_found(run)


def test_who_may_not_ask_for_versions_begins_nothing() -> None:
    rule = Fault(kind=FaultKind.DENIED, action="DescribeLaunchTemplateVersions")
    run = simulate(partial(pinned, size=2), SET, faults=lambda world: Faults(world, [rule]))
    assert run.result.verdict.code == 4 and untouched(run) and as_found(run)


def test_of_a_mixed_policy_all_else_stays() -> None:
    run = simulate(_mixed, SET)
    assert run.result.verdict.code == 0 and launches_from(run.world) == "2"
    assert (run.left.overrides, run.left.spot) == (run.found.overrides, 20)


def test_where_more_of_a_policy_changes_it_is_set_back() -> None:
    def build(world: World) -> None:
        _mixed(world)
        world.readings = Readings(keeps_policy=False)

    run = simulate(build, SET)
    assert run.result.verdict.code == 1 and "more of the mixed instances policy has changed" in run.result.verdict.why
    assert launches_from(run.world) == "1" and versions(run.world) == ["1", "1"] and not ours(run.left)
    assert not any(one.what is What.TERMINATE for one in run.world.record)


@pytest.mark.parametrize(
    ("shape", "spec"),
    [
        ({"bad": True}, replace(SET, limits=Limits(healthy=120.0))),
        ({"fails": 30.0}, replace(SET, max_failures=1)),
        ({}, replace(SET, limits=Limits(total=150.0))),
    ],
)
def test_a_run_that_fails_or_is_out_of_time_sets_back_what_it_found(shape: dict[str, Any], spec: RolloutSpec) -> None:
    run = simulate(partial(pinned, size=3, **shape), spec)
    assert run.result.verdict.code == (7 if spec.limits.total else 1), run.result.verdict
    assert as_found(run) and launches_from(run.world) == "1"
    news = versions(run.world).count("2")
    assert (f"{news} instance" in run.result.verdict.why) == bool(news)


@pytest.mark.parametrize("stop", Stop)
@pytest.mark.parametrize("after", [0.5, 2.0, 40.0, 80.0, 100.0])
def test_a_run_that_is_stopped_sets_it_back_and_one_after_it_sets_it_again(stop: Stop, after: float) -> None:
    async def order(world: World, halt: Halt) -> None:
        await anyio.sleep(after)
        halt.request(stop)

    run = simulate(partial(pinned, size=3), SET, halt=order)
    assert run.result.verdict.outcome is Outcome.STOPPED, run.result.verdict
    assert launches_from(run.world) == "1" and not run.left.suspended_names & {"AlarmNotification", "ScheduledActions"}
    for goals, version in (((Goal.REPLACE,) * 2, "2"), ((Goal.REPLACE, Goal.RESTORE), "1")):
        run = simulate(partial(pinned, size=3), SET, goals=goals, halt=order)
        assert run.result.verdict.code == 0, run.result.verdict
        assert launches_from(run.world) == version and not ours(run.left)
        assert version == "1" or versions(run.world) == ["2"] * 3


def test_a_run_that_pauses_leaves_the_group_as_it_launched_before() -> None:
    spec = replace(SET, on_failure=OnFailure.PAUSE, max_failures=1)
    run = simulate(partial(pinned, size=3, fails=30.0), spec)
    assert run.result.verdict.outcome is Outcome.PAUSED and launches_from(run.world) == "1" and ours(run.left)
    run = simulate(partial(pinned, size=3, fails=30.0), spec, goals=(Goal.REPLACE, Goal.RESTORE))
    assert run.result.verdict.code == 0 and launches_from(run.world) == "1" and not ours(run.left)


@pytest.mark.parametrize("then", Goal)
def test_killed_before_each_act_it_ends_on_what_was_wanted_or_on_what_was_found(then: Goal) -> None:
    for kill in range(60):
        run = simulate(partial(pinned, size=2), SET, goals=(Goal.REPLACE, then), kill_after=kill)
        if len(run.results) == 2:
            break  # the first came to its end
        assert run.result.verdict.code == 0, (kill, run.result.verdict)
        whole = then is Goal.REPLACE or (run.result.verdict.outcome is Outcome.NOTHING and kill > 20)  # it had ended
        assert launches_from(run.world) == ("2" if whole else "1"), kill
        assert not ours(run.left) and not run.left.suspended, kill
    assert kill > 20


def test_what_others_set_halts_it_and_stays() -> None:
    async def changes(world: World) -> None:
        await anyio.sleep(80.0)
        world.human_releases("web-template", default=False)
        world.human_edits("web", lambda group: replace(group, template=replace(template_of(world), version="3")))

    run = simulate(partial(pinned, size=3), SET, others=changes)
    assert run.result.verdict.code == 1 and "the template changed during the run" in run.result.verdict.why
    assert launches_from(run.world) == "3" and not ours(run.left)


def test_the_plan_says_what_is_set_and_what_the_iac_still_says() -> None:
    async def planned() -> tuple[Plan, World]:
        world = World(0, loop_clock())
        pinned(world, size=3)
        one = world.members("web")[0]
        world.put_instance(replace(one, template=replace(template_of(world), version="2")))
        cloud = PortCloud(world)
        return plan_of(SET, await cloud.look("web", EVERYTHING | questions(SET), 0.0)), world

    plan, world = run_virtual(planned)
    id = template_of(world).id
    assert not plan.objections and len(plan.old) == 2 and launches_from(world) == "1"
    assert (plan.sets, plan.template) == (f"{id}:2", f"{id}:2")
    assert any(f"your IaC still says version 1 of {id}" in note for note in plan.notes)
    assert [type(step.action).__name__ for step in plan.steps][:2] == ["SetTemplate", "Suspend"]


def test_the_rollout_is_told_of_what_is_not_on_it() -> None:
    run = simulate(partial(pinned, size=3), SET)
    (began,) = [event for event in run.events if isinstance(event, RolloutStarted)]
    assert set(began.old) == run.found_ids and not began.toward
