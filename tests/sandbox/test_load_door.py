"""A person moves the load of a group over HTTP: its scaling policies answer, each by its metric."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.doors.http import serve
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.world import World
from support.clients import clients

TRACK: dict[str, Any] = {
    "PolicyName": "track", "PolicyType": "TargetTrackingScaling", "EstimatedInstanceWarmup": 60,
    "TargetTrackingConfiguration": {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 100.0,
    },
}  # fmt: skip
DOWN: dict[str, Any] = {
    "PolicyName": "down", "PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity",
    "EstimatedInstanceWarmup": 60, "StepAdjustments": [{"MetricIntervalUpperBound": 0, "ScalingAdjustment": -2}],
}  # fmt: skip


class Person:
    """Whoever has `async-rollout sandbox` before him."""

    def __init__(self, http: aiohttp.ClientSession, world: World, clock: ManualClock) -> None:
        self._http, self._world, self._clock = http, world, clock

    async def loads(self, **body: object) -> int:
        async with self._http.post("/_sandbox/load", json=body) as reply:
            return reply.status

    async def sees(self) -> Any:
        async with self._http.get("/_sandbox/load") as reply:
            return await reply.json()

    def waits(self, minutes: float) -> int:
        """The desired capacity then."""
        for _ in range(int(minutes * 6)):
            self._clock.move(10.0)
            self._world.advance()
        return self._world.group("web").desired


@asynccontextmanager
async def before(world: World, clock: ManualClock, policy: dict[str, Any]) -> AsyncIterator[Person]:
    """A person before a group of four with this policy."""
    a_group(world, size=4, minimum=1, maximum=12)
    async with serve(world) as endpoint, aiohttp.ClientSession(endpoint) as http:
        async with clients(world) as aws:
            await aws.autoscaling.put_scaling_policy(AutoScalingGroupName="web", **policy)
        yield Person(http, world, clock)


async def test_the_load_of_a_scaler_is_moved_up_and_down(world: World, clock: ManualClock) -> None:
    async with before(world, clock, TRACK) as person:
        assert await person.sees() == {}
        assert await person.loads(group="web", units=400) == 200
        assert await person.sees() == {"web": {"units": 400.0, "per": "target", "metric": None}}
        assert person.waits(6) == 4 and (await person.sees())["web"]["metric"] == 100.0
        assert await person.loads(group="web", units=790) == 200
        assert person.waits(2) == 4 and person.waits(8) == 8
        assert (await person.sees())["web"] == {"units": 790.0, "per": "target", "metric": 98.75}
        assert await person.loads(group="web", units=150, per="group") == 200
        assert person.waits(14) == 8 and person.waits(4) == 2
        assert (await person.sees())["web"]["per"] == "group"


async def test_a_second_load_takes_the_place_of_the_first(world: World, clock: ManualClock) -> None:
    """The metric is taken once a minute, not once by each."""
    async with before(world, clock, TRACK) as person:
        for units in (100, 200, 640):
            assert await person.loads(group="web", units=units) == 200
        assert person.waits(2) == 4, "high for two minutes is not for three"
        assert person.waits(8) == 7


@pytest.mark.parametrize(("alarm", "wanted"), [({"threshold": 50, "above": False}, 2), ({"threshold": 30}, 4)])
async def test_a_step_policy_has_its_alarm_beside(
    world: World, clock: ManualClock, alarm: dict[str, object], wanted: int
) -> None:
    async with before(world, clock, DOWN) as person:
        assert await person.loads(group="web", units=160, alarms={"down": alarm}) == 200
        assert person.waits(3) == wanted
