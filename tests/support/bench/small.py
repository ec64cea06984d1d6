"""The commonest group there is: three instances in three zones, the demo's `web`, rolled with each way of launching.

Real core, engine and aws layer on a virtual clock; behind them the sandbox with a latency for each call (`direct`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from async_rollout import LaunchCall, RolloutSpec, roll_out
from async_rollout.sandbox.buckets import Buckets
from async_rollout.sandbox.history import What
from async_rollout.sandbox.scenarios import demo
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.bench.direct import cloud
from support.bench.rivals import original
from support.simulation import ASKED

GROUP = "web"


@dataclass(frozen=True, kw_only=True)
class Small:
    """One run, seconds. whole: from its beginning to its end; original: the original's loop for the same draws.

    changed: until more capacity was first asked for. launched: instances that came; calls: for each of them replaced.
    """

    whole: float
    original: float
    changed: float
    launched: int
    calls: Counter[str]

    @property
    def ratio(self) -> float:
        """whole / the original's."""
        return self.whole / self.original


def small(seed: int, launch: LaunchCall, canary_wait: float = 0.0) -> Small:
    """Roll it once. canary_wait: seconds that the first new one is watched."""

    async def main() -> tuple[World, int, float]:
        world = World(seed, loop_clock())
        world.buckets = Buckets()
        demo(world)
        size, began = len(world.members(GROUP)), world.now
        one = cloud(world, api_share=1.0)
        summary = await roll_out(one.groups(GROUP), RolloutSpec(launch=launch, canary_wait=canary_wait))
        await one.close()
        assert summary.code == 0, summary
        return world, size, began

    world, size, began = run_virtual(main)
    record = [one for one in world.record if one.group == GROUP]
    physics, delay = world.group(GROUP).physics, world.state.sources_of(GROUP)[0].delay
    launches = [one for one in record if one.what is What.LAUNCH]
    ends = {
        what: {one.instance: one.at for one in record if one.what is what} for what in (What.IN_SERVICE, What.HEALTHY)
    }
    rises, up = (
        [physics.react + ends[what][one.instance] - one.at for one in launches[:size]]
        for what in (What.HEALTHY, What.IN_SERVICE)
    )
    return Small(
        whole=world.now - began,
        original=original(rises, up, delay) + physics.terminate,
        changed=next(one.at for one in record if one.what in ASKED) - began,
        launched=len(launches),
        calls=Counter({name: calls / size for name, calls in world.calls.items()}),
    )
