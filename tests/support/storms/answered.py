"""The days of launches that AWS answers: what it leaves open read in any way, answers that are late, lost or a no."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from async_rollout.core.spec import LaunchCall
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.readings import Readings
from support.storms.weather import Weather

CALL = "LaunchInstances"
NOES = (
    (FaultKind.CONTENDED, "ResourceContention", "You already have a pending update to this AutoScalingGroup."),
    (FaultKind.CONTENDED, "IdempotentCallInProgress", "Another request with this client token is being processed."),
    (FaultKind.REFUSED, "UnsupportedOperation", "LaunchInstances is not supported for this group."),
    (FaultKind.REFUSED, "ValidationError", "Something that nobody has seen yet."),
    (FaultKind.REFUSED, "ValidationError", "You must use a valid fully-formed launch template."),
    (FaultKind.THROTTLE, "", ""),
    (FaultKind.DENIED, "", ""),
)


def answered(weather: Weather) -> Weather:
    """The same storm, of a run whose launches are answered where that may be."""
    rng = random.Random(f"answered {weather.seed} {weather.calm_at is not None}")
    end = weather.calm_at if weather.calm_at is not None else 1e9
    calls = [LaunchCall.AUTO, LaunchCall.AUTO, LaunchCall.AUTO, LaunchCall.ANSWERED]
    return replace(
        weather,
        spec=replace(weather.spec, launch=rng.choice(calls)),
        readings=Readings(
            raises_desired=rng.random() < 0.6,
            bounded_by_maximum=rng.random() < 0.6,
            needs_launch=rng.random() < 0.6,
        ),
        answering=rng.choice([0.0, 0.0, 0.0, 4.0, 25.0, 90.0]),
        faults=(*_faults(rng, end), *weather.faults),
    )


def _faults(rng: random.Random, end: float) -> Iterator[Fault]:
    if rng.random() < 0.25:
        kind, code, words = rng.choice(NOES)
        began = rng.choice([0.0, 0.0, rng.uniform(0.0, 600.0)])
        window = began, min(end, began + rng.choice([5.0, 60.0, 600.0, 1e9]))
        yield Fault(kind=kind, action=CALL, code=code, words=words, window=window)
    if rng.random() < 0.25:
        kind, often = rng.choice([FaultKind.LOST_ANSWER, FaultKind.RESET]), rng.choice([0.1, 0.3, 1.0])
        window = (0.0, min(end, rng.choice([60.0, 600.0])))
        yield Fault(kind=kind, action=CALL, probability=often, window=window)
