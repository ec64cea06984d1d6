"""Shell hooks that start process trees, and how to tell which of their processes still live."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from async_rollout.core.spec import HookCall, HookPoint
from async_rollout.engine.hooks import ShellHooks
from async_rollout.engine.ports import HookResult

CALL = HookCall(point=HookPoint.BEFORE_TERMINATE, group="web", instance="i-0123456789abcdef0", private_ip="10.0.0.7")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets the guard adopt orphans")


def silent(_: str) -> None:
    pass


async def run(command: str, call: HookCall = CALL, limit: float = 10.0, grace: float = 0.3) -> HookResult:
    return await ShellHooks(grace=grace).run(command, call, limit, silent)


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def pids(folder: Path) -> list[int]:
    """The process ids that a hook wrote, one file each."""
    return [int(file.read_text()) for file in folder.glob("*.pid") if file.read_text().strip()]


async def until(true: Callable[[], bool]) -> None:
    with anyio.fail_after(5):
        while not true():
            await anyio.sleep(0.01)


TREES = {
    "a child": "sleep 60 & echo $! > {d}/1.pid; wait",
    "one that ignores SIGTERM": "trap '' TERM; echo $$ > {d}/2.pid; while :; do sleep 1; done",
    "one in a session of its own": "setsid sh -c 'echo $$ > {d}/3.pid; sleep 60; :'",
    "a daemon": (
        '(setsid sh -c \'setsid sh -c "trap \\"\\" TERM; echo \\$\\$ > {d}/4.pid; sleep 60; :" &\' &); sleep 60'
    ),
    "a stopped one": "sh -c 'echo $$ > {d}/5.pid; kill -STOP $$; :'",
}
"""Each writes the process id of its most stubborn member to {d}/N.pid."""

TOOL = """
import anyio, os, sys, time
from async_rollout.core.spec import HookCall, HookPoint
from async_rollout.engine.hooks import ShellHooks
call = HookCall(point=HookPoint.UP_CHECK, group="web", instance="i-0123456789abcdef0")
def fork(line):
    if line == "fork" and not os.fork():
        time.sleep(60)
anyio.run(ShellHooks().run, sys.argv[1], call, 60.0, fork)
"""


@contextmanager
def a_tool_that_runs(command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own, as the command line is."""
    paths = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen([sys.executable, "-c", TOOL, command], env={**os.environ, "PYTHONPATH": paths}) as tool:
        yield tool
