"""Many groups under way over HTTP, told to stop by SIGTERM: what is left as it should not be when the process is gone.

A real process of the command line against a served sandbox with AWS's request buckets, in real time. Everything is
quick there but the draining, so that each group comes to have an instance that drains.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import anyio

from async_rollout.core.journal import QUICK
from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.doors.http import environment
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Physics
from async_rollout.sandbox.world import World

ROOT = Path(__file__).parents[3]
ENTRY = "from async_rollout.cli import main; main()"
PHYSICS = Physics(react=1.0, boot=6.0, warm=2.0, terminate=4.0)
DRAIN = 900.0
"""Longer than it takes until the last group has come so far."""


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """groups: under way at the signal, each with one draining. off: with alarms or schedules suspended still.

    draining: instances that a source still drains. seconds: from the signal until the process was gone.
    """

    groups: int
    off: int
    draining: int
    seconds: float
    code: int


def told_to_stop(groups: int, grace: float) -> Stopped:
    """Roll so many groups until each has one that drains, then SIGTERM."""
    return anyio.run(_told_to_stop, groups, grace)


async def _told_to_stop(groups: int, grace: float) -> Stopped:
    box = Sandbox("size-0")
    names = [f"service-{number:03}" for number in range(groups)]
    for name in names:
        a_group(
            box.world, name=name, size=2, classic=0, target_groups=1, zones=1, delay=DRAIN, interval=4.0,
            physics=PHYSICS,
        )  # fmt: skip
    async with box.serve() as endpoint:
        words = [word for name in names for word in ("-a", name)]
        command = [sys.executable, "-c", ENTRY, "run", *words, "-y", "--stop-grace", str(grace), "--output", "plain"]
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "ASYNC_ROLLOUT_"))}
        env = kept | environment(endpoint) | {"PYTHONPATH": str(ROOT)}
        process = await anyio.open_process(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            with anyio.fail_after(DRAIN / 2):
                while _draining(box.world, names) < groups:
                    await anyio.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            code = await process.wait()
            seconds = time.monotonic() - began
        finally:
            if process.returncode is None:
                process.kill()
        return Stopped(
            groups=groups, off=_off(box.world, names), draining=_draining(box.world, names), seconds=seconds, code=code
        )


def _off(world: World, names: list[str]) -> int:
    world.advance()
    suspended = ({name for name, _ in world.state.groups[group].suspended} for group in names)
    return sum(bool(each & set(QUICK)) for each in suspended)


def _draining(world: World, names: list[str]) -> int:
    world.advance()
    state = world.state
    held = (
        one
        for group in names
        for source in state.groups[group].source_ids
        for member in state.members(group)
        for one in state.registered(source, member.id)
    )
    return sum(one.state == "draining" for one in held)
