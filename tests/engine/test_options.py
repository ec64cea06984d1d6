"""Each option of the original does what its text says, seen from the world's ground truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.journal import Goal
from async_rollout.core.spec import HookCall, HookPoint, Hooks, Limits, OnFailure, Protected, RolloutSpec, Scope
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Override
from async_rollout.sandbox.world import World
from support.laws.truth import all_is_as_found, deeds
from support.simulation import ours, simulate


async def fine(call: HookCall) -> int:
    return 0


async def bad(call: HookCall) -> int:
    return 3


async def not_found(call: HookCall) -> int:
    return 127


# --- -b and -d: anything but 0 really halts


def test_a_failing_before_command_halts_and_no_old_one_is_terminated() -> None:
    run = simulate("at-max", RolloutSpec(hooks=Hooks(before_terminate=bad)))
    verdict = run.result.verdict
    assert not {one.instance for one in deeds(run, What.TERMINATE)} & run.found_ids
    assert (verdict.outcome, verdict.code) == (Outcome.FAILED, 6)
    assert "before-command failed" in verdict.left[0]
    assert all_is_as_found(run) == []
    assert min(one.serving for one in run.history) == 3


def test_it_stands_by_and_the_mended_command_goes_on_with_the_others() -> None:
    calls = 0

    async def mended_later(call: HookCall) -> int:
        nonlocal calls
        calls += 1
        return 3 if calls == 1 else 0

    run = simulate(
        "at-max", RolloutSpec(hooks=Hooks(before_terminate=mended_later)), goals=(Goal.REPLACE, Goal.REPLACE)
    )
    assert [one.verdict.code for one in run.results] == [6, 0]
    assert all_is_as_found(run) == []
    (left,) = (one for one in run.world.members("web") if one.id in run.found_ids)
    assert left.standby and left.id in run.result.verdict.why


def test_a_before_command_that_could_not_even_run_has_not_begun_so_all_is_put_back() -> None:
    run = simulate("at-max", RolloutSpec(hooks=Hooks(before_terminate=not_found)))
    assert run.result.verdict.code == 6
    assert run.members == run.found_ids
    assert all_is_as_found(run) == []


def test_a_failing_after_command_halts_with_one_replaced_and_the_rest_put_back() -> None:
    run = simulate("at-max", RolloutSpec(hooks=Hooks(after_terminate=bad)))
    assert run.result.verdict.code == 6
    assert len(run.found_ids - run.members) == 1
    assert all_is_as_found(run) == []


def test_hooks_come_in_their_order_and_know_their_instance() -> None:
    run = simulate("at-max", RolloutSpec(hooks=Hooks(up_check=fine, before_terminate=fine, after_terminate=fine)))
    ends = [one for one in run.hooks.calls if one.point is not HookPoint.UP_CHECK and one.instance in run.found_ids]
    pairs = list(zip(ends[::2], ends[1::2], strict=True))
    assert len(pairs) == 3
    for before, after in pairs:
        assert (before.point, after.point) == (HookPoint.BEFORE_TERMINATE, HookPoint.AFTER_TERMINATE)
        assert before.instance == after.instance
        assert before.private_ip == after.private_ip is not None
    assert {call.group for call in run.hooks.calls} == {"web"}


# --- -w


def test_the_wait_stands_between_drained_and_terminate() -> None:
    run = simulate("at-max", RolloutSpec(wait_before_terminate=120.0))
    drained: dict[str, float] = {}
    for one in deeds(run, What.DRAINED, who="aws"):
        drained[one.instance] = one.at
    for one in deeds(run, What.TERMINATE):
        assert one.at - drained[one.instance] >= 120.0
    assert run.result.verdict.code == 0


# --- -u


def test_the_up_check_is_repeated_until_it_returns_0() -> None:
    seen: dict[str, int] = {}

    async def third_time(call: HookCall) -> bool:
        seen[call.instance] = seen.get(call.instance, 0) + 1
        return seen[call.instance] >= 3

    run = simulate("at-max", RolloutSpec(hooks=Hooks(up_check=third_time)))
    assert run.result.verdict.code == 0
    assert {count for id, count in seen.items() if id in run.members} == {3}


def test_an_up_check_that_never_passes_replaces_nobody() -> None:
    run = simulate("at-max", RolloutSpec(hooks=Hooks(up_check=bad)))
    assert run.result.verdict.code == 1
    assert "up-check ended with 3" in run.result.verdict.why
    assert run.members == run.found_ids
    assert all_is_as_found(run) == []


# --- -f


def test_force_resumes_what_a_rollout_needs_and_resets_what_was_suspended() -> None:
    def world(simulation: World) -> object:
        return a_group(simulation, suspended=("HealthCheck", "AZRebalance"))

    refused = simulate(world, RolloutSpec())
    assert refused.result.verdict.code == 3
    assert "HealthCheck" in refused.result.verdict.why
    assert deeds(refused, What.SUSPEND, What.RESUME, What.TERMINATE, What.TAG) == []
    forced = simulate(world, RolloutSpec(require_healthy_group=False))
    assert forced.result.verdict.code == 0
    assert forced.left.suspended == ()
    assert not forced.found_ids & forced.members


def test_force_rolls_a_sick_group_that_is_refused_without() -> None:
    async def sick(world: World) -> None:
        world.break_app(min(one.id for one in world.members("web")))

    refused = simulate("health-ec2", RolloutSpec(check_interval=20.0), others=sick)
    assert refused.result.verdict.code == 3
    assert "not healthy" in refused.result.verdict.why
    forced = simulate("health-ec2", RolloutSpec(check_interval=20.0, require_healthy_group=False), others=sick)
    assert forced.result.verdict.code == 0
    assert not forced.found_ids & forced.members


# --- -s


def test_without_the_health_check_of_load_balancers_a_sick_version_goes_through() -> None:
    run = simulate("never-healthy", RolloutSpec(require_healthy_targets=False))
    assert run.result.verdict.code == 0
    assert not run.found_ids & run.members
    with_it = simulate("never-healthy", RolloutSpec())
    assert with_it.result.verdict.code == 1
    assert with_it.members == with_it.found_ids


# --- --only-outdated


def test_only_outdated_leaves_those_alone_that_are_on_the_groups_version() -> None:
    def world(simulation: World) -> object:
        return a_group(simulation, size=4, maximum=6, outdated=2)

    run = simulate(world, RolloutSpec(scope=Scope.OUTDATED))
    assert run.result.verdict.code == 0
    assert len(run.found_ids & run.members) == 2
    assert len(run.found_ids - run.members) == 2
    current = simulate("at-max", RolloutSpec(scope=Scope.OUTDATED))
    assert current.result.verdict.outcome is Outcome.NOTHING
    assert deeds(current, What.TAG, What.SUSPEND) == []


# --- --max-timeout, --on-failure


def test_max_timeout_ends_with_7_and_everything_put_back() -> None:
    run = simulate("at-max", RolloutSpec(limits=Limits(total=150.0)))
    assert run.result.verdict.code == 7
    assert all_is_as_found(run) == []


def test_pause_leaves_all_as_it_is_and_says_what() -> None:
    run = simulate("never-healthy", RolloutSpec(on_failure=OnFailure.PAUSE))
    verdict = run.result.verdict
    assert (verdict.outcome, verdict.code) == (Outcome.PAUSED, 1)
    assert run.left.desired == 4
    assert {"desired capacity is 4, the owner's is 3", "maximum is 5, it was 3"} <= set(verdict.left)
    assert ours(run.left)


# --- who is left alone, who is refused


def test_standby_is_left_alone_and_named_and_protected_ones_are_replaced_on_demand() -> None:
    def world(simulation: World) -> object:
        group = a_group(simulation, size=4, minimum=1, maximum=8)
        ids = [one.id for one in simulation.members("web")]
        simulation.enter_standby("web", ids[:1], decrement=True, who="human")
        simulation.protect("web", ids[1:2], protected=True, who="human")
        return group

    async def settled(world: World) -> None:
        return None

    run = simulate(world, RolloutSpec(protected=Protected.REPLACE), others=settled)
    assert run.result.verdict.code == 0, run.result.verdict
    left = run.found_ids & run.members
    assert all(f"{id} left: in Standby" in run.result.verdict.why for id in left)
    assert [one.lifecycle for one in run.world.members("web") if one.id in left] == ["Standby"]
    texts = [event.text for event in run.events if type(event).__name__ == "Warned"]
    assert any("Standby" in text for text in texts)
    assert any("protected" in text for text in texts)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda group: replace(group, overrides=(Override(instance_type="t3.micro", weight=2),)), "weights"),
        (lambda group: replace(group, warm_pool=True), "warm pool"),
        (lambda group: replace(group, refresh="InProgress"), "instance refresh"),
        (lambda group: replace(group, other_sources=(("arn:aws:vpc-lattice:x", "vpc-lattice"),)), "kind"),
        (lambda group: replace(group, zones=(*group.zones, "eu-west-1z")), "zone eu-west-1z is not enabled"),
    ],
)
def test_what_is_not_supported_is_refused_and_nothing_is_touched(edit: Callable, words: str) -> None:  # type: ignore[type-arg]
    run = simulate(lambda simulation: a_group(simulation, edit=edit), RolloutSpec())
    assert run.result.verdict.code == 3
    assert words in run.result.verdict.why
    assert deeds(run, What.TAG, What.SUSPEND, What.TERMINATE, What.DEREGISTER) == []
