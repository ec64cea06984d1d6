"""One real process that rolls a fleet over HTTP and measures itself: `python watched.py WARM SECONDS`, orders on stdin.

With the live view (drawn into nothing, 200 x 50) and an up-check; the garbage thresholds of the command line. What it
says, one JSON object, is of the `SECONDS` after the first `WARM` ones: cpu: seconds of all but the view's thread;
view: seconds of that thread; memory: the most that it ever held, bytes. Then once more as long: p99, most: loop lag,
seconds (looking at the clock so often costs CPU itself).
"""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import anyio  # noqa: E402 - the path comes first

from async_rollout import Hooks, RolloutSpec, connect, roll_out  # noqa: E402
from async_rollout.cli import GARBAGE  # noqa: E402
from async_rollout.engine.ports import GroupRef  # noqa: E402
from async_rollout.render.live import Live, Painter  # noqa: E402
from support.bench.lag import Lag  # noqa: E402

ELSEWHERE = {
    "AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox", "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}  # fmt: skip
"""Nothing of this machine's AWS. The sandbox's own words for it would bring the sandbox into the process."""
SPEC = RolloutSpec(hooks=Hooks(up_check="true"), canary_wait=0.0)


def watched(fleet: dict[str, list[str]], warm: float, seconds: float) -> dict[str, float]:
    """What that process says of itself. fleet: names of groups, by endpoint."""
    words = [sys.executable, str(Path(__file__)), str(warm), str(seconds)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ASYNC_ROLLOUT_"))}
    clean |= ELSEWHERE
    done = subprocess.run(
        words, input=json.dumps(fleet), env=clean, stdout=subprocess.PIPE, text=True, check=True, timeout=warm + 10 * 60
    )
    said: dict[str, float] = json.loads(done.stdout)
    return said


async def measure(fleet: dict[str, list[str]], warm: float, seconds: float) -> dict[str, float]:
    """Roll, and stop after the time to be measured."""
    view, lag = live(), Lag()
    async with AsyncExitStack() as stack, anyio.create_task_group() as tasks:
        refs: list[GroupRef] = []
        for endpoint, names in fleet.items():
            cloud = await stack.enter_async_context(connect(endpoint=endpoint, tell=view.tell, api_share=1.0))
            refs += cloud.groups(*names)
        tasks.start_soon(_rolled, refs, view)
        await anyio.sleep(warm)
        before = spent(view)
        await anyio.sleep(seconds)
        cpu, drawn = (now - then for now, then in zip(spent(view), before, strict=True))
        tasks.start_soon(lag.watch)
        await anyio.sleep(seconds)
        tasks.cancel_scope.cancel()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"cpu": cpu - drawn, "view": drawn, "p99": lag.p99, "most": lag.most, "memory": most}


async def _rolled(refs: list[GroupRef], view: Live) -> None:
    summary = await roll_out(refs, SPEC, tell=view.tell)
    raise SystemExit(f"it was over before it was measured: {summary.code}")


def live() -> Live:
    """The live view, as a terminal of 200 columns and 50 lines would have it."""
    from rich.console import Console

    void = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as long as the process lives
    console = Console(file=void, force_terminal=True, color_system="truecolor", width=200)
    return Live(Painter(lambda text: None, console, lambda: (200, 50)), behind=lambda: False)


def spent(view: Live) -> tuple[float, float]:
    """CPU seconds of this process, and of the view's thread."""
    thread: Any = view._thread
    return time.process_time(), time.clock_gettime(time.pthread_getcpuclockid(thread.ident))


if __name__ == "__main__":
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    sys.stdout.write(json.dumps(anyio.run(measure, json.load(sys.stdin), float(sys.argv[1]), float(sys.argv[2]))))
    sys.stdout.flush()
    os._exit(0)  # the drawing thread is nobody's to wait for
