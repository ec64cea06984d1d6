"""Groups whose members lie evenly in their zones, rolled with launches that AWS answers: how even they stay."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from async_rollout.core.budget import bounds
from async_rollout.core.spec import LaunchCall, RolloutSpec
from async_rollout.core.zones import spread
from async_rollout.sandbox.history import What
from support.laws.kill_worlds import small
from support.laws.truth import broken
from support.simulation import Run, simulate

AUTO = RolloutSpec(check_interval=15.0, launch=LaunchCall.AUTO, canary_wait=0.0)
SURGES: tuple[int | str, ...] = (1, 1, 2, 3, "25%")


@dataclass(frozen=True, kw_only=True)
class Even:
    """One world and order: so many in so many zones, as even as can be."""

    size: int
    zones: int
    spec: RolloutSpec

    @property
    def most(self) -> int:
        """By how many two zones may differ at any moment, where nothing fails.

        A group that the zones divide stays within one of even with a surge of one. Else a zone may hold the one that
        it has more, and its share of the surge.
        """
        surge = bounds(self.spec, self.size).ceiling - self.size
        if self.zones == 1:
            return 0
        return 1 if surge == 1 and self.size % self.zones == 0 else 1 + -(-surge // self.zones)


def drawn(seed: int, largest: int = 12) -> Even:
    """The world of that seed, of so many instances at the most."""
    rng = random.Random(f"even zones {seed}")
    surge = rng.choice(SURGES)
    draining = rng.choice([None, None, 0, 1, 2])
    spec = replace(AUTO, max_surge=surge, max_draining=draining)
    return Even(size=rng.randint(1, largest), zones=rng.randint(1, 4), spec=spec)


def rolled(world: Even) -> list[str]:
    """What is wrong after all, in words."""
    build = partial(small, size=world.size, zones=world.zones, maximum=world.size, delay=10.0)
    run = simulate(build, world.spec)
    limits = bounds(world.spec, world.size)
    lines = [*broken(run, limits), *stays_even(run, world.most), *without_more(run)]
    return lines + ([f"law 16: {run.result.verdict}"] if run.result.verdict.code else [])


def ready(run: Run) -> Iterator[tuple[float, Counter[str]]]:
    """How many served in each zone, after each change. The group has one source, which tells it."""
    zone, serving = {one.id: one.zone for one in run.world.state.instances.values()}, set(run.found_ids)
    for one in run.world.record:
        if one.what is What.HEALTHY:
            serving.add(one.instance)
        elif one.what in (What.DEREGISTER, What.UNHEALTHY, What.TERMINATE, What.DIED):
            serving.discard(one.instance)
        counts = Counter(dict.fromkeys(run.found.zones, 0))
        counts.update(zone[id] for id in serving)
        yield one.at, counts


def stays_even(run: Run, most: int, *, end: int = 1) -> Iterator[str]:
    """Even zones: those that serve never differ by more than they must, and at the end by one at most."""
    counts: Counter[str] = Counter()
    for at, counts in ready(run):
        if spread(counts) > most:
            yield f"even zones: {dict(counts)} served at {at:.1f}, {most} is the most that they may differ by"
            return
    if spread(counts) > end:
        yield f"even zones: {dict(counts)} at the end"


def without_more(run: Run) -> Iterator[str]:
    """Even zones: one launch for each that was there, and none beside to even out anything."""
    launched = sum(one.what is What.LAUNCH for one in run.world.record)
    if launched != len(run.found_ids):
        yield f"even zones: {launched} launches to replace {len(run.found_ids)}"
