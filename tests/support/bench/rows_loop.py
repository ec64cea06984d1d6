"""What the loop does beside its waiting: a hundred commands at once, the live view's drawing, a whole fleet simulated.

The commands are real processes; the view's minute and the simulated fleet are measured in CPU, not in time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio

from async_rollout import HookCall, HookPoint, roll_out
from async_rollout.engine.hooks import ShellHooks
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.bench import bench_views
from support.bench.lag import Lag
from support.bench.table import Row

HOOKS, GROUPS, SIZE = 100, 100, 10
MARK = "a hundred at once"
CALL = HookCall(point=HookPoint.BEFORE_TERMINATE, group=MARK, instance="i-0123456789abcdef0")


def rows() -> Iterator[Row]:
    """Each of the three."""
    lag, threads = anyio.run(hooks_at_once)
    what = f"{HOOKS} commands at once: loop lag ms, threads more, survivors"
    measured, left = (1000 * lag, float(threads), float(survivors())), "83-150"
    yield Row(number="12", what=what, measured=measured, goal=(10, 5, 0), anchor=left, limit="1.3", form=".1f")
    drawn = bench_views.measure(GROUPS)
    share = 100 * drawn.live / bench_views.SECONDS
    what = f"live view at {GROUPS} groups, % of a core"
    yield Row(number="13", what=what, measured=(share,), goal=(3,), anchor="17-24", limit="0.1", form=".1f")
    what = f"simulator, port door: {GROUPS} x {SIZE} rollout, CPU s"
    yield Row(number="14", what=what, measured=(simulated(),), goal=(5,), anchor="1.8-3.0", form=".1f")


async def hooks_at_once() -> tuple[float, int]:
    """The longest turn of the loop while so many commands start, run and end; and how many threads they took."""
    lag, hooks, before, most = Lag(), ShellHooks(), threading.active_count(), 0

    async def one() -> None:
        if not (result := await hooks.run("sleep 0.5", CALL, 30.0, _unheard)).ok:
            raise SystemExit(f"a command ended with {result}")

    async with anyio.create_task_group() as watching:
        watching.start_soon(lag.watch)
        await anyio.sleep(0.2)
        lag.begin()
        async with anyio.create_task_group() as tasks:
            for _ in range(HOOKS):
                tasks.start_soon(one)
            for _ in range(40):
                await anyio.sleep(0.02)
                most = max(most, threading.active_count())
        watching.cancel_scope.cancel()
    return lag.most, most - before


def _unheard(_: str) -> None:
    """What a command says is not looked at."""


def survivors() -> int:
    """Processes that carry our mark and still live."""
    return sum(MARK.encode() in _environment(one) for one in Path("/proc").glob("[0-9]*"))


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


def simulated() -> float:
    """CPU seconds of a fleet on the virtual clock."""

    async def story() -> int:
        world = World(0, loop_clock())
        names = [f"service-{number:03}" for number in range(GROUPS)]
        for name in names:
            a_group(world, name=name, size=SIZE, outdated=SIZE)
        summary = await roll_out(PortCloud(world).groups(*names))
        return summary.code

    began = time.process_time()
    if run_virtual(story):
        raise SystemExit("the simulated fleet did not end well")
    return time.process_time() - began
