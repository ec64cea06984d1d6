"""Our own command as a real process over HTTP, also killed by SIGKILL in the middle and begun again."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

from async_rollout.cli.pace import variables
from async_rollout.sandbox.doors.http import environment
from async_rollout.sandbox.history import What
from support.terminal import ENTRY
from support.traffic.scene import RollerError, Scene

ROOT = Path(__file__).parents[3]
BLINK = 0.02
"""Seconds between two looks whether the moment has come."""
UNNOTICED = 10.0
"""Seconds of the world until somebody begins the killed one again."""


async def ours(scene: Scene) -> None:
    """`run` of all groups at once."""
    await _to_its_end(await _started(scene))


async def ours_killed(scene: Scene) -> None:
    """The same, killed when half of the old ones were asked to go and another one drains, and typed once more."""
    process = await _started(scene)
    while not _in_the_middle(scene):
        if process.returncode is not None:
            raise RollerError(f"it ended before it was killed: {await _said(process)}")
        await asyncio.sleep(BLINK)
    process.kill()
    await process.communicate()
    await scene.sleep(UNNOTICED)
    await _to_its_end(await _started(scene))


def _in_the_middle(scene: Scene) -> bool:
    gone = sum(one.what is What.TERMINATE for one in scene.world.record)
    half = sum(len(ids) for ids in scene.old.values()) / 2
    return gone >= half and any(scene.world.census(name).draining for name in scene.old)


async def _started(scene: Scene) -> Process:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ASYNC_ROLLOUT_"))}
    kept |= environment(scene.endpoint, scene.world.region) | variables(scene.endpoint, scene.speed)
    kept |= {"PYTHONPATH": str(ROOT), "ASYNC_ROLLOUT_YES": "1"}
    groups = [word for name in scene.old for word in ("-a", name)]
    words = (sys.executable, "-c", ENTRY.format(entry="main"), "run", *groups)
    return await asyncio.create_subprocess_exec(
        *words, env=kept, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, start_new_session=True
    )


async def _to_its_end(process: Process) -> None:
    said = await _said(process)
    if process.returncode:
        raise RollerError(f"it ended with {process.returncode}: {said}")


async def _said(process: Process) -> str:
    """Its last words, when it has ended; it ends with us."""
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    return said.decode(errors="replace")[-2000:]
