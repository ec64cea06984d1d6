"""A plan as it is printed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import pytest

from async_rollout.cli.faults import told
from async_rollout.cli.plans import AtOnce, cloud_lines, fleet_lines, fleet_time, patiently, plan_data
from async_rollout.core.actions import SetCapacity, Terminate
from async_rollout.core.plan import Going, Plan, PlannedStep
from async_rollout.errors import UnknownGroupError
from async_rollout.sandbox.virtual import run_virtual

WEB = Plan(
    group="web", base=3, floor=3, ceiling=4, exist_at_most=5, old=("i-0a", "i-0b"),
    going=(
        Going(id="i-0a", zone="eu-west-1a", launched_from="lt-0web:2", protected=True),
        Going(id="i-0b", zone="eu-west-1b", launched_from="lt-0web:2", health="Unhealthy"),
    ),
    members=3, template="lt-0web:3", skipped=("i-0c",),
    suspends=("AZRebalance", "AlarmNotification"), maximum=5,
    hooks=(("before-terminate", "consul leave \\\n  --node \x1b[31m$OLD_INSTANCE_ID"),),
    expected_seconds=667.0, worst_seconds=19_620.0,
    notes=("scheduled action nightly falls into the run and does not fire",),
    steps=(
        PlannedStep(at=19.0, action=SetCapacity(desired=4)),
        PlannedStep(at=240.0, action=Terminate(instance="i-0a", shrink=True)),
    ),
)  # fmt: skip
IDLE = Plan(group="idle", base=0, floor=0, ceiling=1, exist_at_most=2)
REFUSED = Plan(
    group="busy",
    base=2,
    floor=2,
    ceiling=3,
    exist_at_most=4,
    objections=("an instance refresh is active (InProgress)",),
)


def test_plans_in_words(golden: Callable[[str, list[str]], None]) -> None:
    golden("plans", fleet_lines([WEB, IDLE, REFUSED], AtOnce(most=2)))


def test_verbose_shows_each_act(golden: Callable[[str, list[str]], None]) -> None:
    golden("plan-verbose", fleet_lines([WEB], AtOnce(), verbose=True))


def test_as_data_the_commands_are_word_for_word() -> None:
    data = json.loads(json.dumps(plan_data(WEB)))
    assert data["hooks"] == dict(WEB.hooks)
    assert (data["work"], data["old"], data["maximum"]) == (True, ["i-0a", "i-0b"], 5)
    assert data["steps"][1] == {"at": 240.0, "action": "terminate i-0a"}


def test_whose_groups() -> None:
    whose = {"account": "123", "region": "eu-west-1", "expires_at": None}
    assert list(cloud_lines(whose, fleet_time([WEB], AtOnce()), 0.0)) == ["account 123, region eu-west-1"]
    unknown = whose | {"account": None}
    assert list(cloud_lines(unknown, fleet_time([WEB], AtOnce()), 0.0)) == ["account unknown, region eu-west-1"]


def test_credentials_that_end_before_the_rollout_does_are_named() -> None:
    ends = 1_767_600_000.0
    whose = {"account": "123", "region": "eu-west-1", "expires_at": ends}
    time = fleet_time([WEB], AtOnce())
    assert len(list(cloud_lines(whose, time, ends - WEB.worst_seconds))) == 1
    _, first, second = cloud_lines(whose, time, ends - 600.0)
    assert "the credentials end at 08:00:00 UTC, in 10m, before the rollout is expected to" in first
    assert "it pauses" in second
    assert "in 1h, before the rollout does at worst" in list(cloud_lines(whose, time, ends - 3_600.0))[1]


@pytest.mark.parametrize(
    ("max_groups", "expected"), [(None, 667.0), (9, 667.0), (3, 667.0), (2, 1_334.0), (1, 2_001.0)]
)
def test_groups_one_after_the_other_take_longer(max_groups: int | None, expected: float) -> None:
    assert fleet_time([WEB, IDLE, WEB, REFUSED, WEB], AtOnce(most=max_groups)).expected == expected
    assert fleet_time([IDLE, REFUSED], AtOnce(most=max_groups)).worst == 0.0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (("lt:2",), "lt:3", "lt:2 -> 3"),
        (("lt:1", "lt:2", "lt:1"), "lt:3", "lt:1 and lt:2 -> 3"),
        (("lt:2", "old-configuration"), "lt:3", "lt:2 and old-configuration -> lt:3"),
        (("lt:3",), "lt:3", "lt:3 (unchanged)"),
        ((), None, "unknown -> unknown"),
    ],
)
def test_from_what_to_what(old: tuple[str, ...], new: str | None, said: str) -> None:
    going = tuple(Going(id=f"i-{number}", zone="z", launched_from=one) for number, one in enumerate(old))
    lines = fleet_lines([replace(WEB, going=going, template=new or "")], AtOnce())
    assert any(line.split(maxsplit=2)[2:] == [said] for line in lines if line.startswith("  launched from"))


class Slow:
    """A cloud that has been asked a few times."""

    calls: ClassVar = {"DescribeTags": 2, "DescribeInstances": 3}


class Ear:
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, *lines: str) -> None:
        self.said += lines


async def _looked(ear: Ear, seconds: float) -> None:
    async with patiently(Slow(), ear):  # type: ignore[arg-type]
        await asyncio.sleep(seconds)


@pytest.mark.parametrize(("seconds", "times"), [(9.0, 0), (35.0, 3)])
def test_a_long_look_is_no_silence(seconds: float, times: int) -> None:
    ear = Ear()
    run_virtual(lambda: _looked(ear, seconds))
    assert ear.said == ["still looking, 5 calls so far"] * times


def test_an_error_inside_a_long_look_stays_what_it_is() -> None:
    async def fails() -> None:
        async with patiently(Slow(), Ear()):  # type: ignore[arg-type]
            raise UnknownGroupError("no such group: web")

    with pytest.raises(ExceptionGroup) as caught:
        run_virtual(fails)
    assert told(caught.value, "plan", ["web"], verbose=False)[0] == 3
