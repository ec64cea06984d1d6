"""Scaling policies at work on a simulated load: target tracking and step policies, as the group's own JSON has them.

Each minute the metric is taken: the load by those that serve, or by all that are in service and warmed up. High for
three minutes, or low for fifteen, a target tracking policy acts, and goes on each minute as long as that lasts; a step
policy acts after two minutes beyond its alarm's threshold. Those that are warming up count as capacity that is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil, inf
from typing import Any

from async_rollout.sandbox import calls
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.simulation import AWS, Simulation

PERIOD = 60.0
HIGH, LOW, STEP = 3, 15, 2
"""Minutes in a row."""
SLACK = 0.9
"""Of its target: below that the metric is low."""
WARMUP = 300.0
"""Where neither the group nor the policy says another one: the default cooldown."""


class Per(StrEnum):
    """By whom the load is divided: those that serve, as load balancers count; or all in service, as an average does."""

    TARGET = "target"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What calls a step policy. above: beyond the threshold is over it, else under it."""

    threshold: float
    above: bool = True


@dataclass(kw_only=True)
class Load:
    """What comes in, by seconds since it began; the metrics taken so far, newest last. alarms: by step policy."""

    units: Callable[[float], float]
    per: Per = Per.TARGET
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    began: float = 0.0
    metrics: list[float] = field(default_factory=list)


def drive(simulation: Simulation, name: str, load: Load) -> None:
    """From now on the load falls on the group, and its policies answer."""
    simulation.known(name)
    load.began = simulation.now
    simulation.after(PERIOD, lambda: _minute(simulation, name, load))


def _minute(simulation: Simulation, name: str, load: Load) -> None:
    group = simulation.state.groups.get(name)
    if group is None:
        return
    load.metrics.append(_metric(simulation, name, load))
    for policy, text in group.policies:
        wanted = _wanted(simulation, group, load, policy, json.loads(text))
        _set(simulation, simulation.known(name), policy, wanted)
    simulation.after(PERIOD, lambda: _minute(simulation, name, load))


def _metric(simulation: Simulation, name: str, load: Load) -> float:
    census = simulation.census(name)
    among = census.serving if load.per is Per.TARGET else census.serving + census.ailing + census.draining
    return load.units(simulation.now - load.began) / among if among else inf


def _set(simulation: Simulation, group: Group, policy: str, wanted: int | None) -> None:
    if wanted is None:
        return
    desired = min(max(wanted, group.minimum), group.maximum)
    if desired == group.desired:
        return
    if not group.runs("AlarmNotification"):
        simulation.happened(What.ALARM_IGNORED, AWS, group.name, detail=policy)
        return
    who = f"policy {policy}"
    simulation.happened(What.ALARM, who, group.name, detail=f"{desired - group.desired:+d}")
    calls.update_sizes(simulation, group.name, None, None, desired, who)


def _wanted(simulation: Simulation, group: Group, load: Load, policy: str, settings: Mapping[str, Any]) -> int | None:
    """The desired capacity that a policy comes to now; None: it says nothing."""
    warmup = float(settings.get("EstimatedInstanceWarmup", WARMUP))
    warmed = sum(_is_warm(simulation, warmup, one.in_service_at) for one in simulation.state.members(group.name))
    if settings["PolicyType"] == "TargetTrackingScaling":
        return _tracked(group, load, settings["TargetTrackingConfiguration"], warmed)
    if settings["PolicyType"] == "StepScaling" and policy in load.alarms:
        return _stepped(group, load, load.alarms[policy], settings, warmed)
    return None


def _is_warm(simulation: Simulation, warmup: float, since: float | None) -> bool:
    return since is not None and simulation.now - since >= warmup


def _tracked(group: Group, load: Load, settings: Mapping[str, Any], warmed: int) -> int | None:
    target, metric = float(settings["TargetValue"]), load.metrics[-1]
    if _all(load.metrics[-HIGH:], HIGH, lambda each: each > target):
        wanted = group.maximum if metric == inf else ceil(warmed * metric / target - 1e-9)
        return max(wanted, group.desired)
    low = _all(load.metrics[-LOW:], LOW, lambda each: each < SLACK * target)
    if low and not settings.get("DisableScaleIn") and warmed >= group.desired:
        return min(max(1, ceil(warmed * metric / target - 1e-9)), group.desired)
    return None


def _all(values: list[float], number: int, holds: Callable[[float], bool]) -> bool:
    return len(values) == number and all(map(holds, values))


def _stepped(group: Group, load: Load, alarm: Alarm, settings: Mapping[str, Any], warmed: int) -> int | None:
    beyond = [each - alarm.threshold for each in load.metrics[-STEP:]]
    if not _all(beyond, STEP, lambda each: each > 0 if alarm.above else each < 0):
        return None
    for step in _steps(settings["StepAdjustments"], beyond[-1]):
        wanted = _adjusted(warmed, settings["AdjustmentType"], step["ScalingAdjustment"])
        return max(wanted, group.desired) if alarm.above else min(wanted, group.desired)
    return None


def _steps(steps: list[Mapping[str, Any]], beyond: float) -> Iterator[Mapping[str, Any]]:
    for step in steps:
        low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
        if (low is None or beyond >= low) and (high is None or beyond < high):
            yield step


def _adjusted(capacity: int, kind: str, by: int) -> int:
    match kind:
        case "ExactCapacity":
            return by
        case "PercentChangeInCapacity":
            change = capacity * by / 100
            return capacity + (ceil(change) if by > 0 else -ceil(-change))
        case _:
            return capacity + by
