"""K3: two runs in two process-id namespaces of one host, with one name and boot id: the live lease is left alone."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys

import pytest

from async_rollout.core.belief import Me
from async_rollout.core.journal import Goal
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.engine.identity import identify
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.scenarios import build
from async_rollout.sandbox.virtual import run_virtual
from support.simulation import InstantHooks

HERE = identify(Goal.REPLACE).holder
ELSEWHERE = "/".join((*HERE.split("/")[:2], "1", "7", "99"))
"""Process 7 of another namespace of this very host and boot: here there may be none of that number."""


async def met(holder: str) -> GroupResult:
    """What a second run comes to that begins while the first one is at work."""
    world = build("at-max", clock=asyncio.get_running_loop().time)

    def of(run: str, who: str) -> Rollout:
        me = Me(run=run, holder=who)
        return Rollout(
            PortCloud(world), "web", RolloutSpec(), me, hooks=InstantHooks(), tell=lambda event: None, halt=Halt()
        )

    first = asyncio.create_task(of("first", holder).run())
    await asyncio.sleep(60)
    result = await of("second", HERE).run()
    assert (await first).verdict.code == 0
    return result


def test_k3_a_live_run_in_another_namespace_keeps_the_group() -> None:
    result = run_virtual(lambda: met(ELSEWHERE))
    assert result.verdict.code == 5, result.verdict


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("unshare"), reason="namespaces are Linux's")
def test_k3_another_namespace_is_told_from_this_one() -> None:
    ask = "from async_rollout.engine.identity import *; import sys; print(is_dead(sys.argv[1]))"
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", ask, HERE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "Operation not permitted" in done.stderr:
        pytest.skip("this machine does not let us make namespaces")
    assert done.stdout.split() == ["False"], done.stderr
