"""K3: two runs in two process-id namespaces of one host, with one name and boot id: the live lease is left alone."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys

import pytest

from async_rollout.core.journal import Goal
from async_rollout.core.memory import Me
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.engine.identity import identify
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.scenarios import build
from async_rollout.sandbox.virtual import run_virtual
from simulation import InstantHooks

HERE = identify(Goal.REPLACE).holder
ELSEWHERE = "/".join((*HERE.split("/")[:2], "1", "7", "99"))
"""Process 7 of another namespace of this very host and boot: here there may be none of that number."""


async def met(holder: str) -> tuple[GroupResult, float]:
    """What a second run comes to, and when, that begins while the first one is at work."""
    loop = asyncio.get_running_loop()
    world = build("at-max", clock=loop.time)

    def of(run: str, who: str) -> Rollout:
        me = Me(run=run, holder=who)
        return Rollout(
            PortCloud(world), "web", RolloutSpec(), me, hooks=InstantHooks(), tell=lambda event: None, halt=Halt()
        )

    first = asyncio.create_task(of("first", holder).run())
    await asyncio.sleep(60)
    began = loop.time()
    result = await of("second", HERE).run()
    took = loop.time() - began
    assert (await first).verdict.code == 0
    return result, took


def test_k3_a_live_run_in_another_namespace_keeps_the_group() -> None:
    result, _ = run_virtual(lambda: met(ELSEWHERE))
    assert result.verdict.code == 5, result.verdict


def test_k10_a_live_run_of_this_process_is_named_at_once() -> None:
    """Of this place it is known that it lives: three looks, in case the record is an old one, and no lease's length."""
    result, took = run_virtual(lambda: met(HERE))
    assert result.verdict.code == 5 and "first" in result.verdict.why, result.verdict
    assert took < 15


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("unshare"), reason="namespaces are Linux's")
def test_k3_another_namespace_is_told_from_this_one() -> None:
    ask = "from async_rollout.engine.identity import *; import sys; print(is_dead(sys.argv[1]), is_alive(sys.argv[1]))"
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", ask, HERE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "Operation not permitted" in done.stderr:
        pytest.skip("this machine does not let us make namespaces")
    assert done.stdout.split() == ["False", "False"], done.stderr
