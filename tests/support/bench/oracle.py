"""The best legal rollout of a group, worked out without the core and the engine: what a perfect tool would take.

`ideal` plays the best schedule that the rules of capacity allow, event by event, with durations that are given.
`rises_of` and `fall_of` read those durations off a world in which a rollout was played: the very draws it met.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from async_rollout.sandbox.history import Happening, What
from async_rollout.sandbox.world import World


def ideal(rises: Sequence[float], fall: float, *, surge: int, draining: int) -> float:
    """Seconds from the first launch asked for until the last old instance is gone, one old for each of `rises`.

    rises: of each newcomer in the order of launch, from asked for to proven; fall: from deregistered to gone.
    With N old ones, and counting what was asked for so far, what is proven, out and gone:

    - the floor is N, and one asked to go counts as gone at once: out <= proven;
    - booting and serving never above N + surge: asked <= surge + out;
    - all that exists never above N + surge + draining: asked <= surge + draining + gone;
    - on the way out at once never more than draining; without any, they use the surge's own place: out <= gone + those.

    Each rule only ever waits for a count to rise, so doing everything as soon as it is legal is best.
    """
    old, asked, proven, out, gone, now = len(rises), 0, 0, 0, 0, 0.0
    due: list[tuple[float, str]] = []
    while gone < old:
        while out < proven and out < gone + (draining or surge):
            heapq.heappush(due, (now + fall, "gone"))
            out += 1
        while asked < old and asked < surge + min(out, draining + gone):
            heapq.heappush(due, (now + rises[asked], "proven"))
            asked += 1
        now, what = heapq.heappop(due)
        proven, gone = proven + (what == "proven"), gone + (what == "gone")
    return now


def rises_of(world: World, group: str, *, old: int, proof: float) -> tuple[float, ...]:
    """From asked for to proven, of the first `old` newcomers that were launched.

    AWS's reaction, boot, registration and health checks as the world drew them; `proof` is what the rules add: the
    pause between the first look that finds it healthy and the last that has to.
    """
    mine = [one for one in world.record if one.group == group]
    launches = [one for one in mine if one.what is What.LAUNCH][:old]
    react = world.group(group).physics.react
    return tuple(react + _healthy_at(mine, one.instance) - one.at + proof for one in launches)


def _healthy_at(record: Sequence[Happening], id: str) -> float:
    """When the last of its sources called it healthy; without sources: when it was in service."""
    return max(one.at for one in record if one.instance == id and one.what in (What.IN_SERVICE, What.HEALTHY))


def fall_of(world: World, group: str) -> float:
    """From deregistered to gone: the longest drain of its sources, which run side by side, then EC2's shutting down."""
    delays = (world.state.sources[id].delay for id in world.group(group).source_ids)
    return max(delays, default=0.0) + world.group(group).physics.terminate
