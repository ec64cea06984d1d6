"""One way to roll, tried under load: what became of the requests, and what the world says of the rollout."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Physics
from async_rollout.sandbox.world import World
from support.traffic.follow import balancers, following
from support.traffic.haproxy import haproxy
from support.traffic.load import Order, Tally
from support.traffic.scene import Roller, Scene

LOAD = Path(__file__).with_name("load.py")
QUIET = 1.0
"""Seconds of load before the rollout and after it."""
GOING = 60.0
"""Seconds of the world within which the last old one is gone, beside its drain."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Groups and their load; times are the world's seconds where nothing else is said.

    speed: the world's seconds in one of the wall clock. delay: deregistration delay. grace: of the groups' health
    checks, and a refresh's warm-up. rate: requests a second of the wall clock, in all; share: how many of them are
    slow: least and most milliseconds of the wall clock.
    """

    groups: Sequence[str] = ("shop", "search", "mail")
    size: int = 6
    speed: float = 1.0
    delay: float = 30.0
    interval: float = 10.0
    grace: float = 60.0
    physics: Physics = field(default_factory=Physics)
    rate: float = 300.0
    slow: tuple[int, int] = (2000, 5000)
    share: float = 0.05


@dataclass(frozen=True, kw_only=True)
class Told:
    """seconds: of the wall clock, from the beginning until the last old one is gone. size: of a group.

    fewest: that served at any moment in one group. lag: seconds until HAProxy was as the world said, median and most.
    death: by how many seconds the latest death came late. counted: requests by HAProxy's own count.
    """

    tally: Tally
    seconds: float
    size: int
    fewest: int
    lag: tuple[float, float]
    death: float
    counted: int

    @property
    def failed(self) -> int:
        return sum(self.tally.failures.values())


async def trial(setting: Setting, roller: Roller) -> Told:
    """Everything is real but AWS: servers, HAProxy, connections, clocks, our own process.

    Raises RollerError; TimeoutError if an old one stays.
    """
    box = Sandbox("size-0", speed=setting.speed)
    world, old = box.world, _groups(box.world, setting)
    order = Order(ports=(), rate=setting.rate, slow=setting.slow, share=setting.share)
    async with (
        haproxy(balancers(world, setting.groups)) as balancer,
        following(world, setting.speed, balancer) as follower,
        box.serve() as endpoint,
        loading(replace(order, ports=tuple(balancer.ports.values()))) as load,
    ):
        await asyncio.sleep(QUIET)
        began = time.monotonic()
        scene = Scene(world=world, speed=setting.speed, endpoint=endpoint, old=old)
        await roller(scene)
        async with asyncio.timeout((setting.delay + GOING) / setting.speed):
            await scene.until(lambda: not scene.left(), 1.0)
        seconds = time.monotonic() - began
        await asyncio.sleep(QUIET)
        tally = await over(load)
        await follower.settled()
        counted = await balancer.requests()
    shown = [lag for what, lags in follower.lags.items() if what != "dead" for lag in lags]
    return Told(
        tally=tally,
        seconds=seconds,
        size=setting.size,
        fewest=min(one.serving for one in world.history if one.group in setting.groups),
        lag=(statistics.median(shown), max(shown)),
        death=max(follower.lags["dead"], default=0.0),
        counted=counted,
    )


def _groups(world: World, setting: Setting) -> dict[str, tuple[str, ...]]:
    """All old; the first is behind a Classic Load Balancer too. Gives who is there."""
    for number, name in enumerate(setting.groups):
        a_group(
            world, name=name, size=setting.size, outdated=setting.size, classic=int(number == 0), target_groups=1,
            delay=setting.delay, interval=setting.interval, physics=setting.physics,
            edit=lambda one: replace(one, grace=setting.grace),
        )  # fmt: skip
    return {name: tuple(one.id for one in world.members(name)) for name in setting.groups}


@asynccontextmanager
async def loading(order: Order) -> AsyncIterator[Process]:
    """A load under way, in a process of its own."""
    words = (sys.executable, "-I", "-S", str(LOAD))
    process = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def over(load: Process) -> Tally:
    """End a load; what became of it."""
    assert load.stdin is not None
    load.stdin.close()
    said, _ = await load.communicate()
    return Tally(**json.loads(said.splitlines()[-1]))
