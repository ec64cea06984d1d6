"""The days on which EC2 ends instances: a spot reclaim, a failing host, a call, or the instance itself."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from math import inf

from async_rollout.sandbox.records import Instance
from async_rollout.sandbox.simulation import AWS, HUMAN
from support.storms.owners import GROUP
from support.storms.weather import Deed, Weather
from support.storms.witness import Witness

RECLAIMED = "Server.SpotInstanceTermination"
CALLED = "Client.UserInitiatedShutdown"
BY_ITSELF = "Client.InstanceInitiatedShutdown"
REASONS = (
    RECLAIMED, RECLAIMED, CALLED, CALLED, BY_ITSELF, BY_ITSELF, BY_ITSELF, "Server.InternalError",
    "Server.ScheduledStop", "Client.InternalError", "Client.VolumeLimitExceeded",
)  # fmt: skip
KINDS = ("end new", "end new", "end new", "end old", "end any")


def ending(weather: Weather) -> Weather:
    """The same storm, in which EC2 ends instances, new ones above all; it tells sooner or later that it does not run
    them, and the release may be at fault in few cases, or in many."""
    rng = random.Random(f"ending {weather.seed} {weather.calm_at is not None}")
    until = weather.calm_at or 1200.0
    some = [
        Deed(at=rng.uniform(30.0, until), kind=rng.choice(KINDS), luck=rng.random())
        for _ in range(rng.choice([1, 2, 3, 5, 8]))
    ]
    return replace(
        weather,
        spec=replace(weather.spec, max_failures=rng.choice([None, 1, 2, "50%"])),
        deeds=tuple(sorted((*weather.deeds, *some), key=lambda deed: deed.at)),
        told_after=rng.choice([10.0, 10.0, 45.0]),
    )


def ended_new(world: Witness, luck: float) -> None:
    """One that came with the rollout, booting or in service."""
    _end(world, [one for one in _running(world) if one.attached_at > _cutoff(world)], luck)


def ended_old(world: Witness, luck: float) -> None:
    """One that was there before."""
    _end(world, [one for one in _running(world) if one.attached_at <= _cutoff(world)], luck)


def ended_any(world: Witness, luck: float) -> None:
    """Whoever it is."""
    _end(world, list(_running(world)), luck)


def _cutoff(world: Witness) -> float:
    """Without one all are old."""
    record = world.record_of()
    return record.cutoff if record is not None and record.cutoff is not None else inf


def _running(world: Witness) -> Iterator[Instance]:
    return (one for one in world.members(GROUP) if one.counts and one.ec2 in ("pending", "running"))


def _end(world: Witness, several: list[Instance], luck: float) -> None:
    if several:
        reason = REASONS[int(luck * 1000) % len(REASONS)]
        world.kill(several[int(luck * len(several))].id, who=HUMAN if reason == CALLED else AWS, reason=reason)
