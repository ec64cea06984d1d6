"""The days of groups that scale while they are rolled: policies on a load that moves, and scheduled actions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from math import ceil

from async_rollout.core.choices import MissedSchedules, Scaling
from async_rollout.sandbox.records import ScheduledAction
from async_rollout.sandbox.scalers import Per
from support.load_days import stepping, tracking
from support.storms.scalers import Scalers
from support.storms.weather import Weather

LAST = 1800.0
"""Where no calm comes, the load turns, and actions fall due, for so many seconds."""
MORE = 3
"""So many more than were found are scheduled at the most."""


def scaling(weather: Weather) -> Weather:
    """The same storm, of a group with room to scale, and with what moves it: policies, scheduled actions, or both."""
    rng = random.Random(f"scaling {weather.seed} {weather.calm_at is not None}")
    end = weather.calm_at if weather.calm_at is not None else LAST
    policies, scheduled = rng.choice([(True, False), (True, False), (False, True), (False, True), (True, True)])
    order = replace(
        weather.spec,
        scaling=rng.choice([Scaling.HOLD, Scaling.FOLLOW, Scaling.FOLLOW] if policies else [*Scaling]),
        missed_schedules=rng.choice([MissedSchedules.APPLY, MissedSchedules.APPLY, MissedSchedules.REPORT]),
    )
    return replace(
        weather,
        spec=order,
        minimum=min(weather.minimum, rng.choice([0, 1, weather.size])),
        maximum=weather.maximum + rng.choice([0, 2, 4]),
        scalers=Scalers(
            policies=(tracking() if rng.random() < 0.7 else stepping()) if policies else {},
            full=max(1, weather.size),
            turns=tuple(_turns(rng, end)),
            per=rng.choice([*Per]),
            actions={one.name: one for one in _actions(rng, weather.size, end)} if scheduled else {},
        ),
    )


def _turns(rng: random.Random, end: float) -> Iterator[tuple[float, float]]:
    share, at = rng.uniform(0.75, 0.98), 0.0
    while at < end:
        yield at, share
        at += rng.uniform(60.0, 900.0)
        share = min(2.0, max(0.3, share * rng.choice([0.5, 0.7, 1.2, 1.5, 2.0])))


def _actions(rng: random.Random, size: int, end: float) -> Iterator[ScheduledAction]:
    """Of every form: once or again and again, some sizes or all of them; now and then such as AWS refuses then."""
    for number in range(rng.randrange(1, 5)):
        low, high = rng.randrange(0, size + 1), size + rng.randrange(0, MORE + 1)
        values = {"minimum": low, "desired": rng.randrange(low, high + 1), "maximum": high}
        given = {name: values[name] for name in rng.sample(sorted(values), rng.randrange(1, 4))}
        again, at = rng.random() < 0.3, rng.uniform(20.0, end)
        every, zone = rng.choice([4, 7, 15]), rng.choice([None, "Asia/Kolkata", "America/New_York"])
        yield ScheduledAction(
            name=f"action-{number}",
            at=60.0 * ceil(at / 60.0) if again else at,  # cron knows minutes
            recurrence=f"*/{every} * * * *" if again else None,
            zone=zone if again else None,
            until=end if again else None,
            **given,
        )
