"""Many groups at once in one account, through the real aws layer on AWS's request buckets."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from async_rollout.aws.room import Room
from async_rollout.core.events import Enrolled, Event
from async_rollout.core.snapshot import Stop
from async_rollout.engine.fleet import roll_out
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import Summary
from async_rollout.sandbox.buckets import Buckets
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.bench.direct import cloud
from support.laws.breaking import Sabotage, swap, yes

SHARE = 0.05
"""Of AWS's buckets: a group or two at once use it up."""


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """How many groups at once ended. ended: by the loop's clock."""

    world: World
    told: list[Event]
    summary: Summary
    ended: float

    @property
    def waited(self) -> list[Enrolled]:
        """Who said what it waits for to begin."""
        return [one for one in self.told if isinstance(one, Enrolled) and one.why]


def crowd(groups: int, *, stopped: float | None = None, share: float = SHARE) -> Crowd:
    """So many groups of one on a share of AWS's buckets, of which others draw the rest. stopped: when, if at all."""

    async def main() -> Crowd:
        world, told, halt = World(0, loop_clock()), list[Event](), Halt()
        world.buckets = Buckets(others=1 - share)
        names = [f"web-{number}" for number in range(groups)]
        for name in names:
            a_group(world, name=name, size=1, outdated=1)
        one = cloud(world, api_share=share)
        async with anyio.create_task_group() as tasks:
            if stopped is not None:
                tasks.start_soon(_stop, halt, stopped)
            summary = await roll_out(one.groups(*names), tell=told.append, halt=halt)
            tasks.cancel_scope.cancel()
        await one.close()
        return Crowd(world=world, told=told, summary=summary, ended=anyio.current_time())

    return run_virtual(main)


async def _stop(halt: Halt, after: float) -> None:
    await anyio.sleep(after)
    halt.request(Stop.FINISH)


def all_at_once() -> list[str]:
    """Groups that did not end well, or calls that AWS throttled."""
    came = crowd(10)
    bad = [result for result in came.summary.results if result.verdict.code]
    throttled = came.world.buckets.throttled.total() if came.world.buckets else 0
    return [f"law 12: {one.group}: {one.verdict.why}" for one in bad] + ["throttled"] * throttled


CROWDED = (
    Sabotage(name="all groups begin at once", law="law 12:", story=all_at_once, spoil=swap(Room, "carries", yes)),
)
