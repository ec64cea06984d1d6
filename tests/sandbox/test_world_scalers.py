"""Scaling policies in the simulated AWS act on a simulated load: target tracking and steps, each by its own metric."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.scalers import Alarm, Load, Per
from async_rollout.sandbox.world import World

TRACK = {
    "PolicyType": "TargetTrackingScaling", "EstimatedInstanceWarmup": 60,
    "TargetTrackingConfiguration": {"TargetValue": 100.0},
}  # fmt: skip
UP = {
    "PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity", "EstimatedInstanceWarmup": 60,
    "StepAdjustments": [
        {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 50, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 50, "ScalingAdjustment": 4},
    ],
}  # fmt: skip


def loaded(world: World, clock: ManualClock, policies: Mapping[str, object], load: Load, minutes: int = 10) -> int:
    """The desired capacity of a group of four after so many minutes."""
    a_group(world, size=4, minimum=1, maximum=12)
    world.keep_policies("web", {name: json.dumps(policy) for name, policy in policies.items()})
    world.load("web", load)
    for _ in range(minutes * 6):
        clock.move(10.0)
        world.advance()
    return world.group("web").desired


@pytest.mark.parametrize(("units", "wanted"), [(400.0, 4), (401.0, 5), (640.0, 7), (9000.0, 12), (365.0, 4)])
def test_target_tracking_comes_to_what_the_load_needs(
    world: World, clock: ManualClock, units: float, wanted: int
) -> None:
    assert loaded(world, clock, {"track": TRACK}, Load(units=lambda _: units)) == wanted


def test_it_scales_in_after_a_quarter_of_an_hour_and_not_where_that_is_disabled(
    world: World, clock: ManualClock
) -> None:
    load = Load(units=lambda _: 180.0)
    assert loaded(world, clock, {"track": TRACK}, load, minutes=14) == 4
    clock.move(180.0)
    assert world.group("web").desired == 2
    kept = dict(TRACK) | {"TargetTrackingConfiguration": {"TargetValue": 100.0, "DisableScaleIn": True}}
    other = World(1, clock)
    assert loaded(other, clock, {"track": kept}, load, minutes=20) == 4


@pytest.mark.parametrize(("units", "wanted"), [(400.0, 4), (520.0, 5), (620.0, 8)])
def test_steps_go_by_how_far_the_metric_is_beyond_its_alarm(
    world: World, clock: ManualClock, units: float, wanted: int
) -> None:
    load = Load(units=lambda _: units, alarms={"up": Alarm(threshold=100.0)})
    assert loaded(world, clock, {"up": UP}, load, minutes=3) == wanted
    other = World(1, clock)
    assert loaded(other, clock, {"up": UP}, Load(units=lambda _: units)) == 4, "no alarm calls it"


@pytest.mark.parametrize(
    ("kind", "by", "wanted"), [("ExactCapacity", 9, 9), ("PercentChangeInCapacity", 60, 7), ("ChangeInCapacity", 2, 6)]
)
def test_each_kind_of_adjustment(world: World, clock: ManualClock, kind: str, by: int, wanted: int) -> None:
    policy = UP | {"AdjustmentType": kind, "StepAdjustments": [{"ScalingAdjustment": by}]}
    load = Load(units=lambda _: 500.0, alarms={"up": Alarm(threshold=100.0)})
    assert loaded(world, clock, {"up": policy}, load, minutes=3) == wanted


def test_suspended_it_is_ignored_and_goes_on_when_it_is_resumed(world: World, clock: ManualClock) -> None:
    a_group(world, size=4, maximum=12)
    world.suspend("web", ["AlarmNotification"])
    world.keep_policies("web", {"track": json.dumps(TRACK)})
    world.load("web", Load(units=lambda _: 800.0))
    clock.move(600.0)
    assert world.group("web").desired == 4
    assert any(one.what is What.ALARM_IGNORED for one in world.record)
    world.resume("web", ["AlarmNotification"])
    clock.move(70.0)
    assert world.group("web").desired == 8


def test_who_drains_counts_in_an_average_and_not_per_target(world: World, clock: ManualClock) -> None:
    """One of four is out: three carry the load, and an average over the group does not see that."""
    found = {}
    for per in Per:
        each = World(2, clock)
        a_group(each, size=4, maximum=12, delay=3000.0)
        one = each.members("web")[0].id
        for source in each.group("web").source_ids:
            each.deregister(source, one)
        each.keep_policies("web", {"track": json.dumps(TRACK)})
        each.load("web", Load(units=lambda _: 390.0, per=per))
        clock.move(300.0)
        found[per] = each.group("web").desired
    assert found[Per.GROUP] == 4 < found[Per.TARGET]
