"""U16: predictive scaling beside a rollout is told in the plan, and what only forecasts is not."""

from __future__ import annotations

import json

import pytest

from async_rollout.aws.session import connect
from async_rollout.core.others import SAID, Trait
from async_rollout.engine.ports import GroupCloud
from async_rollout.engine.preview import EVERYTHING, plan
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World

NAMES = ("web", "api", "jobs")


def planned(mode: str | None, *rules: Fault) -> tuple[dict[str, str], World]:
    """By group, what else its plan tells, over the wire; only `api` has a policy."""

    async def main() -> tuple[dict[str, str], World]:
        world = World(1, loop_clock())
        for name in NAMES:
            a_group(world, name=name, size=1)
        if mode is not None:
            world.keep_policies("api", {"ahead": policy(mode), "track": json.dumps({"PolicyType": "StepScaling"})})
        async with connect(session=session(world, Faults(world, rules))) as cloud:
            return {one.group: " ".join(one.notes) for one in await plan(cloud.groups(*NAMES))}, world

    return run_virtual(main)


def policy(mode: str) -> str:
    return json.dumps({"PolicyType": "PredictiveScaling", "PredictiveScalingConfiguration": {"Mode": mode}})


@pytest.mark.parametrize(("mode", "told"), [("ForecastAndScale", True), ("ForecastOnly", False), (None, False)])
def test_u16_predictive_scaling_is_told_of_its_own_group(mode: str | None, told: bool) -> None:
    said, world = planned(mode)
    assert {name for name, words in said.items() if "predictive" in words} == ({"api"} if told else set())
    assert world.calls["autoscaling:DescribePolicies"] == 1  # one question for all of them


def test_u16_without_the_permission_the_plan_says_so_and_comes_all_the_same() -> None:
    said, _ = planned("ForecastAndScale", Fault(kind=FaultKind.DENIED, action="DescribePolicies$"))
    assert all("autoscaling:DescribePolicies" in words for words in said.values())


def test_u16_both_doors_tell_the_same_of_policies() -> None:
    async def main() -> None:
        world = World(1, loop_clock())
        a_group(world, size=1)
        world.keep_policies("web", {"ahead": policy("ForecastAndScale")})
        async with connect(session=session(world)) as cloud:
            doors: tuple[GroupCloud, ...] = (PortCloud(world), cloud)
            for door in doors:
                assert (await door.look("web", EVERYTHING, 0.0)).group.traits == {Trait.PREDICTIVE}

    run_virtual(main)


def test_u16_each_trait_has_its_words() -> None:
    assert SAID.keys() == set(Trait)
