"""Simulated AWS accounts as a process of their own, each on a port: `python served.py CLOUDS GROUPS SIZE` prints them.

Real time: healthy 150 s after a launch was asked for, drained in a minute, one load balancer, two target groups.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import anyio  # noqa: E402 - the path comes first

from async_rollout.sandbox import Sandbox  # noqa: E402
from async_rollout.sandbox.groups import a_group  # noqa: E402
from support.bench.fleet_runs import PHYSICS, drain  # noqa: E402


@contextmanager
def served(clouds: int, groups: int, size: int) -> Iterator[dict[str, list[str]]]:
    """The names of the groups, by endpoint."""
    words = [sys.executable, str(Path(__file__)), str(clouds), str(groups), str(size)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


async def serve(clouds: int, groups: int, size: int) -> None:
    """Serve until killed."""
    names = [f"service-{number:03}" for number in range(groups)]
    async with AsyncExitStack() as stack:
        found = {}
        for seed in range(clouds):
            box = Sandbox("size-0", seed=seed)
            for name in names:
                a_group(box.world, name=name, size=size, outdated=size, physics=PHYSICS, delay=drain(seed, name))
            found[await stack.enter_async_context(box.serve())] = names
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(serve, int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
