"""Releases that fail after they got healthy, worlds that are ill as a whole; and law 17 by the world's own record."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import anyio

from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.world import World
from support.simulation import Others, Run

DETECTED = 90.0
"""So long after an application failed its load balancers, and three looks after them, have told."""


PROVEN = 10.0
"""Seconds that a newcomer is healthy before it is surely proven: two looks, and what the first may be late."""


def release(world: World, *, size: int, fails: float, share: float = 1.0, sources: int = 1) -> None:
    """A group whose new instances, or a share of them, stop answering so many seconds after they began to."""
    a_group(world, size=size, maximum=2 * size, classic=sources, target_groups=sources, delay=20.0)
    world.troubles["web"].relapse, world.troubles["web"].relapse_share = fails, share


def ill(at: float, seconds: float) -> Others:
    """What all of them need is gone for so long: nobody is to blame for it, old or new."""

    async def struck(world: World) -> None:
        await anyio.sleep(at)
        world.strike("web", seconds)

    return struck


def failures(run: Run) -> list[float]:
    """When the applications of newcomers failed that had been well for long enough to be proven.

    Where no load balancer told that, all of them: who never gets healthy fails by its limit alone.
    """
    well = {one.instance: one.at for one in run.world.record if one.what is What.HEALTHY}
    died = (one for one in run.world.record if one.what is What.DIED and one.instance not in run.found_ids)
    told = [one for one in died if not run.found.source_ids or one.at - well.get(one.instance, inf) >= PROVEN]
    return sorted(one.at for one in told)


def taken_out(run: Run) -> list[float]:
    """When each old one was taken out of its load balancers, or terminated, for the first time by us."""
    first: dict[str, float] = {}
    for one in run.world.record:
        if one.what in (What.DEREGISTER, What.TERMINATE) and one.who == "owner" and one.instance in run.found_ids:
            first.setdefault(one.instance, one.at)
    return sorted(first.values())


def turned_back(run: Run) -> float:
    """When the record said that all is to be put back."""
    tags = (one for one in run.world.record if one.what is What.TAG and "async-rollout:cause" in one.detail)
    return next((one.at for one in tags), inf)


def law_17(run: Run, most: int) -> Iterator[str]:
    """No old one is newly taken out once so many newcomers have failed, and that could be seen."""
    told = [at + DETECTED for at in failures(run)][most - 1 : most]
    for since in (*told, turned_back(run)):
        late = [at for at in taken_out(run) if at > since]
        if late:
            yield f"law 17: {len(late)} old ones were taken out after {most} newcomers had failed"
