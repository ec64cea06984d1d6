"""What every release left in a group's tags, at every step of a rollout, is resumed and restored by this one."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from async_rollout.core.belief import Me
from async_rollout.core.journal import Goal, Journal
from async_rollout.core.spec import Hooks, RolloutSpec
from async_rollout.core.tags import from_tags
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.released import departures_of, thaw
from support.simulation import InstantHooks, ours

RECORDS = Path(__file__).parents[1] / "core" / "records"
RELEASES = ("0.1.0",)
MEANWHILE = 3600.0
"""Restored or resumed, nothing goes wrong in the hour after."""


def steps(release: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (RECORDS / f"{release}.jsonl").read_text(encoding="utf-8").splitlines()]


def named(step: dict[str, Any]) -> str:
    return f"{step['play']} {step['step']}"


STEPS = [pytest.param(step, id=f"{release} {named(step)}") for release in RELEASES for step in steps(release)]


async def good(call: object) -> int:
    return 0


SPECS = {
    "commands": RolloutSpec(
        hooks=Hooks(up_check=good, before_terminate=good, after_terminate=good), wait_before_terminate=5.0
    ),
    "wide": RolloutSpec(max_surge=2),
    "in place": RolloutSpec(max_surge=0, max_unavailable=1),
    "a command that fails": RolloutSpec(hooks=Hooks(before_terminate=good, after_terminate=good)),
}


async def played(step: dict[str, Any], goal: Goal) -> tuple[World, GroupResult]:
    """The holder is of another machine, so its lease is waited out."""
    world = thaw(step, asyncio.get_running_loop().time)
    spec = SPECS.get(step["play"], RolloutSpec())
    me = Me(run="later", holder="runner-2/99999999/1", intent=goal)
    rollout = Rollout(PortCloud(world), "web", spec, me, hooks=InstantHooks(), tell=lambda event: None, halt=Halt())
    async with asyncio.timeout(20_000):
        result = await rollout.run()
    await asyncio.sleep(MEANWHILE)
    world.advance()
    return world, result


def as_found(step: dict[str, Any], world: World) -> None:
    record = recorded(step)
    group = world.group("web")
    assert ours(group) == []
    assert group.suspended_names == frozenset()
    found = record.found
    assert (group.minimum, group.desired, group.maximum) == (found.minimum, found.desired, found.maximum)
    assert len([one for one in world.members("web") if one.in_service]) == found.desired


def old_ones(step: dict[str, Any]) -> set[str]:
    """Who was there when the cutoff was taken, by EC2's own times."""
    cutoff = recorded(step).cutoff or step["at"]
    return {one["id"] for one in step["records"] if one["is"] == "Instance" and one["attached_at"] <= cutoff}


def recorded(step: dict[str, Any]) -> Journal:
    group = next(one for one in step["records"] if one["is"] == "Group")
    record = from_tags({tag["key"]: tag["value"] for tag in group["tags"]}, group["arn"])
    assert isinstance(record, Journal), record
    return record


@pytest.mark.parametrize("step", STEPS)
def test_a_record_of_a_release_is_resumed(step: dict[str, Any]) -> None:
    world, result = run_virtual(partial(played, step, Goal.REPLACE))
    assert result.verdict.code == 0, result.verdict
    as_found(step, world)
    assert not old_ones(step).intersection(one.id for one in world.members("web"))


@pytest.mark.parametrize("step", STEPS)
def test_a_record_of_a_release_is_restored(step: dict[str, Any]) -> None:
    """One whose before-command failed is parked and named; all else is put back."""
    world, result = run_virtual(partial(played, step, Goal.RESTORE))
    if any(" b=f " in departure for departure in departures_of(step)):
        assert result.verdict.code == 6
        assert "in Standby: its before-command failed" in str(result.verdict.left)
    else:
        assert result.verdict.code == 0, result.verdict
    as_found(step, world)


def test_every_release_is_asked() -> None:
    """A file more in the folder is a release more in the list, and no order is for a play that is none."""
    assert {file.stem for file in RECORDS.glob("*.jsonl")} == set(RELEASES)
    assert SPECS.keys() <= {step["play"] for release in RELEASES for step in steps(release)}
