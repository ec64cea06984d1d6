"""What a release that fails costs: the very same ones, rolled in different ways.

New instances stop answering some time after they got healthy, all of them or a share. Whoever rolls them does so until
he ends, or until somebody has to end it. AWS's own healing goes on where the way leaves it on.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from async_rollout import RolloutSpec, roll_out
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.traffic.original import original
from support.traffic.refresh import launching_first
from support.traffic.scene import Roller, Scene

GROUP = "web"
PATIENCE = 3 * 3600.0
"""Seconds after which somebody ends what does not end by itself."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """One that fails. fails: seconds after a new instance answers; share: how many of them do."""

    seed: int
    size: int
    fails: float
    share: float


@dataclass(frozen=True, kw_only=True)
class Cost:
    """lost: old instances that are gone. least: the share of the group that served at the worst moment.

    ended: it came to its end by itself.
    """

    lost: int
    least: float
    ended: bool


def drawn(seed: int, most: int) -> Release:
    """Groups of up to so many; one in two fails within the first minute, the others within ten."""
    rng = random.Random(f"a bad release {seed}")
    return Release(
        seed=seed,
        size=rng.randint(1, most),
        fails=rng.uniform(0.0, rng.choice([60.0, 600.0])),
        share=rng.choice([1.0, 1.0, 0.5]),
    )


async def _ours(scene: Scene, spec: RolloutSpec) -> None:
    await roll_out(PortCloud(scene.world).groups(*scene.old), spec)


async def surged(scene: Scene) -> None:
    """One more than there were; whenever all of them are healthy an old one goes. It remembers nothing."""
    await scene.each(_surged)


async def _surged(scene: Scene, name: str) -> None:
    world, found = scene.world, scene.world.group(name)
    world.update_group(name, maximum=found.maximum + 1, desired=found.desired + 1)
    for number, id in enumerate(scene.old[name], 1):
        await scene.until(lambda: world.healthy(name) > found.desired, 5.0)
        world.terminate(id, decrement=number == len(scene.old[name]))
    world.update_group(name, maximum=found.maximum)


WAYS: Mapping[str, Roller] = MappingProxyType(
    {
        "async-rollout": partial(_ours, spec=RolloutSpec()),
        "async-rollout, --canary-wait 0": partial(_ours, spec=RolloutSpec(canary_wait=0.0)),
        "the original's loop": original,
        "one more, then one less": surged,
        "instance refresh 100/110 (model)": launching_first,
    }
)
"""By what people call it."""


def _checked(group: Group) -> Group:
    """AWS asks the load balancers too; a refresh's warm-up is as long as the grace period."""
    return replace(group, health_check_type="ELB", grace=60.0)


def cost(release: Release, roller: Roller) -> Cost:
    """Roll it once, on a virtual clock; same arguments, same cost."""

    async def main() -> Cost:
        world = World(release.seed, loop_clock())
        a_group(world, name=GROUP, size=release.size, maximum=2 * release.size, delay=20.0, edit=_checked)
        world.troubles[GROUP].relapse, world.troubles[GROUP].relapse_share = release.fails, release.share
        old = tuple(one.id for one in world.members(GROUP))
        scene, ended = Scene(world=world, speed=1.0, endpoint="", old={GROUP: old}), True
        try:
            async with asyncio.timeout(PATIENCE):
                await roller(scene)
        except TimeoutError:
            ended = False
        served = min((one.serving for one in world.history if one.group == GROUP), default=release.size)
        return Cost(lost=release.size - scene.left(), least=served / release.size, ended=ended)

    return run_virtual(main)
