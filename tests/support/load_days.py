"""Days of load on a group whose scaling policies answer to it; and the same day without us, to compare."""

from __future__ import annotations

import json
import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import anyio

from async_rollout.core.budget import bounds
from async_rollout.core.choices import Scaling
from async_rollout.core.spec import RolloutSpec
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import Census, Happening, What
from async_rollout.sandbox.records import Physics
from async_rollout.sandbox.scalers import Alarm, Load, Per
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.simulation import Run

TARGET = 100.0
"""What one instance takes, in units of load."""
CALM = 3600.0
"""So long after a run its scalers have come to what they want."""


def tracking(warmup: float = 60.0) -> dict[str, str]:
    configuration = {"TargetValue": TARGET}
    policy = {
        "PolicyType": "TargetTrackingScaling", "EstimatedInstanceWarmup": warmup,
        "TargetTrackingConfiguration": configuration,
    }  # fmt: skip
    return {"track": json.dumps(policy)}


def stepping(warmup: float = 60.0) -> dict[str, str]:
    """Above the target by steps, one less far below it."""
    up = [
        {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 30, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 30, "ScalingAdjustment": 3},
    ]
    down = [{"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1}]
    kinds = {"PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity", "EstimatedInstanceWarmup": warmup}
    return {"up": json.dumps(kinds | {"StepAdjustments": up}), "down": json.dumps(kinds | {"StepAdjustments": down})}


def turned(turns: Sequence[tuple[float, float]], full: int, seconds: float) -> float:
    """The load at a moment. turns: (seconds, load as a share of what so many instances take)."""
    return turns[bisect_right([at for at, _ in turns], seconds) - 1][1] * full * TARGET


ALARMS: Mapping[str, Alarm] = {"up": Alarm(threshold=TARGET), "down": Alarm(threshold=0.5 * TARGET, above=False)}


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of load. turns: (seconds, load as a share of what the group takes as found)."""

    size: int
    boot: float = 40.0
    turns: tuple[tuple[float, float], ...]
    per: Per
    policies: Mapping[str, str]
    spec: RolloutSpec

    def units(self, seconds: float) -> float:
        return turned(self.turns, self.size, seconds)

    def build(self, world: World) -> None:
        physics = Physics(boot=self.boot)
        a_group(world, size=self.size, minimum=1, maximum=4 * self.size, delay=20.0, physics=physics)
        world.keep_policies("web", self.policies)
        world.load("web", Load(units=self.units, per=self.per, alarms=ALARMS))


def drawn(seed: int, per: Per = Per.TARGET, *, scaling: Scaling = Scaling.FOLLOW) -> Day:
    """Rising, falling, both; target tracking or steps; what is asked of the rollout."""
    rng = random.Random(f"load {seed}")
    share, at = rng.uniform(0.75, 0.98), 0.0
    turns = [(0.0, share)]
    for _ in range(rng.randrange(1, 6)):
        at += rng.uniform(30.0, 600.0)
        share = min(2.5, max(0.4, share * rng.choice([0.5, 0.7, 1.2, 1.5, 2.0])))
        turns.append((at, share))
    surges: tuple[int | str, ...] = (0, 1, 1, 2, "25%")
    surge = rng.choice(surges)
    gap = 1 if surge == 0 else rng.choice([0, 0, 1])
    return Day(
        size=rng.choice([2, 3, 6, 10]),
        boot=rng.choice([40.0, 120.0, 240.0]),
        turns=tuple(turns),
        per=per,
        policies=tracking() if rng.random() < 0.7 else stepping(),
        spec=RolloutSpec(max_surge=surge, max_unavailable=gap, scaling=scaling),
    )


def alone(day: Day, seconds: float, seed: int = 0) -> World:
    """The same day without us."""

    async def story() -> World:
        world = World(seed, loop_clock())
        day.build(world)
        await anyio.sleep(seconds)
        world.advance()
        return world

    return run_virtual(story)


def short(history: list[Census], day: Day, seconds: float, gap: int = 0) -> float:
    """Instance-seconds that were missing for the load. gap: so many may be missing through us."""
    began, ends = history[0].at, history[0].at + seconds
    rows = [(one.at, one.serving) for one in history if one.at < ends] + [(ends, 0)]
    found = 0.0
    for (at, serves), (then, _) in pairwise(rows):
        for number in range(int(at - began), int(then - began)):
            found += max(0.0, ceil(day.units(number) / TARGET - 1e-9) - serves - gap)
    return found


def lag(run: Run, without: World, day: Day, seconds: float) -> float:
    """Seconds by which each instance that the load needed came later than without us, one with the other."""
    gap = day.size - bounds(day.spec, day.size).floor
    rises = [int(one.detail) for one in without.record if one.what is What.ALARM and one.detail.startswith("+")]
    more = short(run.history, day, seconds, gap) - short(without.history, day, seconds)
    return max(0.0, more) / max(1, sum(rises))


def raised_by_us(world: World) -> list[float]:
    kinds = (What.SET_DESIRED, What.LAUNCH_INSTANCES)
    return [one.at for one in world.record if one.who == "owner" and one.what in kinds and "again" not in one.detail]


def cuts(world: World) -> list[Happening]:
    """When a policy lowered desired."""
    return [one for one in world.record if one.what is What.ALARM and one.detail.startswith("-")]


def fought_over(world: World, rest: float = 300.0, seen: float = 0.0) -> list[str]:
    """A launch of ours soon after a policy had lowered desired: the two would fight over it."""
    found = []
    for cut in cuts(world):
        soon = [at for at in raised_by_us(world) if cut.at + seen < at < cut.at + rest]
        found += [f"launched at {at:.0f}, {at - cut.at:.0f} s after a policy had lowered desired" for at in soon]
    return found


def last_word(world: World, found: int) -> int:
    """The desired capacity that a policy set last; as found, if none did."""
    kinds = (one for one in world.record if one.what is What.SET_SIZES and one.who.startswith("policy "))
    return [found, *(int(one.detail.split(" -> ")[1].split("/")[1]) for one in kinds)][-1]
