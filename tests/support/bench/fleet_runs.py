"""Fleets rolled on a virtual clock, measured against what a perfect tool would take with the very same draws.

Real core, engine and aws layer; behind them the sandbox with AWS's request buckets and a latency for each call
(`direct`). Every group: all old, one Classic Load Balancer and two target groups, no hooks.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

import anyio

from async_rollout import RolloutSpec, roll_out
from async_rollout.core.amounts import amount
from async_rollout.sandbox.buckets import PUBLISHED, Buckets, bucket_of
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import Happening, What
from async_rollout.sandbox.records import Physics
from async_rollout.sandbox.simulation import EPOCH
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.bench.direct import LATENCY, cloud
from support.bench.oracle import ideal
from support.simulation import ASKED

PHYSICS = Physics(boot=87.0, warm=44.5, terminate=10.0)
"""InService some 90 s after it was asked for, healthy everywhere after some 150, both within 10 %."""
DRAIN = (54, 66)
"""Deregistration delay, whole seconds: a minute within 10 %, each group has its own."""
PROOF = 2.0
"""What the rules ask of a newcomer beyond being healthy: to be so in two looks, this far apart."""


@dataclass(frozen=True, kw_only=True)
class Rolled:
    """One group. rises: from asked for to healthy, of each newcomer; wall: first raise of desired to last old gone.

    drain: its deregistration delay. recorded, changed: when its record stood and its desired capacity was raised.
    """

    name: str
    drain: float
    rises: tuple[float, ...]
    up: tuple[float, ...]
    wall: float
    recorded: float
    changed: float

    @property
    def fall(self) -> float:
        """From deregistered to gone."""
        return self.drain + PHYSICS.terminate

    def ratio(self, surge: int, draining: int, proof: float = PROOF) -> float:
        """wall / the best legal schedule for these draws."""
        return self.wall / ideal([one + proof for one in self.rises], self.fall, surge=surge, draining=draining)


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """One run of many groups. calls: by "service:Operation"; throttled: refused by the buckets, share: ours of them.

    wall: from the beginning until the last group is over.
    """

    groups: tuple[Rolled, ...]
    size: int
    share: float
    wall: float
    calls: Counter[str]
    throttled: int

    @property
    def shortest(self) -> float:
        """What the buckets allow: in less time they would not have let its calls through, nor a group have its path."""
        drawn: Counter[str] = Counter()
        for name, calls in self.calls.items():
            drawn[bucket_of(*name.split(":"))] += calls
        rates = {name: PUBLISHED[name] for name in drawn if name in PUBLISHED}
        times = [(drawn[name] / self.share - burst) / refill for name, (burst, refill) in rates.items()]
        return max(*times, *(one.wall / one.ratio(1, 1) for one in self.groups))

    def each(self, *names: str) -> float:
        """Calls for each replaced instance, of operations that begin so."""
        return sum(n for name, n in self.calls.items() if name.startswith(names)) / self.size / len(self.groups)


class RolloutsFailedError(Exception):
    """Groups that did not end well: there is nothing to measure."""


def rolled(
    *,
    groups: int = 1,
    size: int = 10,
    seed: int = 0,
    spec: RolloutSpec | None = None,
    share: float = 1.0,
    others: float = 0.0,
    latency: tuple[float, float] = LATENCY,
) -> Fleet:
    """Roll so many groups at once. others: share of AWS's buckets that others in the account draw all the time."""

    async def main() -> tuple[World, dict[str, frozenset[str]], float, float]:
        world = World(seed, loop_clock())
        world.buckets = Buckets(others=others)
        names = [f"service-{number:03}" for number in range(groups)]
        for name in names:
            a_group(world, name=name, size=size, outdated=size, physics=PHYSICS, delay=drain(seed, name))
        old = {name: frozenset(one.id for one in world.members(name)) for name in names}
        began, one = world.now, cloud(world, api_share=share, latency=latency)
        summary = await roll_out(one.groups(*names), spec or RolloutSpec(canary_wait=0.0))
        await one.close()
        if summary.code:
            failed = [result for result in summary.results if result.verdict.code]
            raise RolloutsFailedError(f"{len(failed)} of {groups} groups failed: {failed[0].verdict.why}")
        return world, old, began, world.now - began

    world, old, began, wall = run_virtual(main)
    record: dict[str, list[Happening]] = {name: [] for name in old}
    for one in world.record:
        record.setdefault(one.group, []).append(one)
    told = tuple(_rolled(name, drain(seed, name), record[name], ids, began) for name, ids in old.items())
    return Fleet(
        groups=told, size=size, share=share, wall=wall, calls=world.calls, throttled=world.buckets.throttled.total()
    )


def drain(seed: int, name: str) -> float:
    """The deregistration delay of this group."""
    return float(random.Random(f"drain {seed} {name}").randint(*DRAIN))


def beginning(groups: int, *, share: float = 1.0) -> tuple[float, float]:
    """Seconds until the first record of so many groups stands, and until the first desired capacity is raised."""

    async def main() -> World:
        world = World(0, loop_clock())
        world.buckets = Buckets(others=1 - share)
        names = [f"service-{number:03}" for number in range(groups)]
        for name in names:
            a_group(world, name=name, size=10, outdated=10, physics=PHYSICS)
        one = cloud(world, api_share=share)
        with anyio.move_on_after(25.0):
            await roll_out(one.groups(*names))
        await one.close()
        return world

    record = run_virtual(main).record
    began = next(one.at for one in record if one.what is What.TAG and "head" in one.detail)
    changed = next(one.at for one in record if one.what in ASKED)
    return began - EPOCH, changed - EPOCH


def _rolled(name: str, drain: float, record: list[Happening], old: frozenset[str], began: float) -> Rolled:
    first = next(one.at for one in record if one.what in ASKED)
    last = max(one.at for one in record if one.what is What.GONE and one.instance in old)
    launches = [one for one in record if one.what is What.LAUNCH][: len(old)]
    ends = {
        what: {one.instance: one.at for one in record if one.what is what} for what in (What.IN_SERVICE, What.HEALTHY)
    }
    return Rolled(
        name=name,
        drain=drain,
        rises=tuple(PHYSICS.react + ends[What.HEALTHY][one.instance] - one.at for one in launches),
        up=tuple(PHYSICS.react + ends[What.IN_SERVICE][one.instance] - one.at for one in launches),
        wall=last - first,
        recorded=next(one.at for one in record if one.what is What.TAG and "head" in one.detail) - began,
        changed=first - began,
    )


def amounts(spec: RolloutSpec, size: int) -> tuple[int, int]:
    """Surge and draining of this spec, as numbers."""
    surge = amount(spec.max_surge).up(size)
    return surge, surge if spec.max_draining is None else amount(spec.max_draining).up(size)


def interval(seconds: float) -> RolloutSpec:
    """Every look so far apart, one good one is enough: what the formula for a plain poll speaks of."""
    return RolloutSpec(check_interval=seconds, healthy_threshold=1, canary_wait=0.0)
