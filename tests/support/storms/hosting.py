"""The days of groups that host ECS tasks: services of every kind, agents that come and go, people at work on them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from async_rollout.sandbox.faults import Fault, FaultKind
from support.storms.clusters import Hosting, Serves
from support.storms.weather import Deed, Weather

SIZES = (2, 2, 3, 3, 4, 5, 6, 8)
PERCENTS = ((100, 200), (100, 200), (100, 150), (50, 200), (50, 100))
"""Pairs with which two tasks and more can move, and one task with the first of them."""
KINDS = (
    "agent",
    "agent",
    "agent for good",
    "deploy",
    "rescale",
    "drain",
    "activate",
    "run task",
    "exit",
    "register again",
)
"""What people, and agents, do meanwhile."""
READS = "^ecs:(Describe|List)"
ACTS = "^ecs:Update"


def hosting(weather: Weather) -> Weather:
    """The same storm, of a group whose instances are hosts of a cluster."""
    rng = random.Random(f"hosting {weather.seed} {weather.calm_at is not None}")
    end = weather.calm_at if weather.calm_at is not None else 1e9
    size = rng.choice(SIZES)
    broken = rng.random() < 0.12
    behind = rng.random() < 0.25
    return replace(
        weather,
        size=size,
        minimum=rng.choice([0, 1, size]),
        maximum=size + rng.choice([0, 1, size]),
        outdated=size if broken else rng.choice([0, size // 2, size]),
        classic=0,
        target_groups=weather.target_groups if behind else 0,
        faults=(*_faults(rng, end, wire=weather.wire), *weather.faults),
        deeds=tuple(sorted((*weather.deeds, *_deeds(rng, weather)), key=lambda deed: deed.at)),
        hosting=Hosting(
            services=tuple(_services(rng, size)),
            lost=rng.choice([0] * 8 + [1, 2]),
            silent=rng.choice([0] * 8 + [1, 2]),
            refused=rng.choice([0] * 9 + [1]),
            broken=frozenset({"2"}) if broken else frozenset(),
            flapping=tuple(_flapping(rng, size)),
        ),
    )


def _services(rng: random.Random, size: int) -> Iterator[Serves]:
    """All that can drain, and that a host less has room for."""
    for number in range(rng.randrange(1, 5)):
        desired = rng.randrange(1, size + 2)
        minimum, maximum = rng.choice(PERCENTS) if desired > 1 else PERCENTS[0]
        served = rng.random() < 0.5
        yield Serves(
            name=f"service-{number}",
            desired=desired,
            minimum=minimum,
            maximum=maximum,
            served=served,
            network=rng.choice(["bridge", "bridge", "awsvpc"]) if served else "bridge",
            quits=rng.choice([1.0, 5.0, 25.0]),
        )
    if rng.random() < 0.5:
        yield Serves(name="daemon", daemon=True)


def _flapping(rng: random.Random, size: int) -> Iterator[tuple[int, float, float]]:
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        yield rng.randrange(size), rng.uniform(200.0, 900.0), rng.choice([5.0, 30.0, 90.0, 250.0])


def _deeds(rng: random.Random, weather: Weather) -> Iterator[Deed]:
    if rng.random() < 0.5:
        until = weather.calm_at or 1200.0
        for kind in rng.choices(KINDS, k=rng.choice([1, 1, 2, 3])):
            yield Deed(at=rng.uniform(1.0, until), kind=kind, luck=rng.random())


def _faults(rng: random.Random, end: float, *, wire: bool) -> Iterator[Fault]:
    """Of ECS's own calls, beside those that befall any call."""
    if rng.random() < 0.25:
        old, often = rng.choice([2.0, 10.0, 30.0, 60.0]), rng.choice([0.05, 0.3])
        yield Fault(kind=FaultKind.STALE, action=READS, probability=often, seconds=old, window=(0.0, end))
    if rng.random() < 0.2:
        yield Fault(kind=FaultKind.GAP, action=READS, probability=rng.choice([0.02, 0.1]), window=(0.0, end))
    if rng.random() < 0.15:
        yield Fault(kind=FaultKind.EMPTY, action=READS, probability=rng.choice([0.01, 0.05]), window=(0.0, end))
    if rng.random() < 0.15 and wire:
        yield Fault(kind=FaultKind.GARBLED, action=READS, probability=rng.choice([0.01, 0.05]), window=(0.0, end))
    if rng.random() < 0.1:
        began = rng.uniform(0.0, 600.0)
        window = began, min(end, began + rng.choice([30.0, 600.0, 1e9]))
        yield Fault(kind=FaultKind.DENIED, action=rng.choice([ACTS, READS, "ecs:ListTasks"]), window=window)
    if rng.random() < 0.1:
        began = rng.uniform(0.0, 600.0)
        words = "The container instance cannot be changed now."
        window = began, min(end, began + rng.choice([30.0, 600.0]))
        yield Fault(kind=FaultKind.REFUSED, action=ACTS, code="ClientException", words=words, window=window)
