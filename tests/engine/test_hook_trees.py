"""Law 14, with real processes: a hook that times out, or whose tool is cancelled or killed, leaves nobody behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from async_rollout.engine.guard import children, parent_of
from async_rollout.engine.hooks import ShellHooks
from support.processes import CALL, LINUX, TREES, a_tool_that_runs, alive, pids, run, silent, until

pytestmark = pytest.mark.usefixtures("nothing_is_left")


@LINUX
@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
async def test_past_its_limit_the_whole_tree_is_gone(tmp_path: Path, tree: str) -> None:
    result = await run(tree.format(d=tmp_path), limit=2.0, grace=0.2)
    assert (result.ok, result.code, result.timed_out) == (False, None, True)
    assert result.seconds < 4
    assert pids(tmp_path)
    assert not any(alive(pid) for pid in pids(tmp_path))


async def test_the_grace_lets_it_tidy_up() -> None:
    result = await run("trap 'echo tidied; exit' TERM; sleep 60 & wait", limit=0.3, grace=5)
    assert (result.timed_out, result.said) == (True, "tidied")
    assert result.seconds < 2


@LINUX
@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
async def test_cancelled_the_whole_tree_is_gone(tmp_path: Path, tree: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("async_rollout.engine.hooks.HURRIED", 0.2)
    task = asyncio.create_task(run(tree.format(d=tmp_path)))
    await until(lambda: bool(pids(tmp_path)))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(alive(pid) for pid in pids(tmp_path))


@LINUX
async def test_cancelled_in_its_grace_it_is_killed_at_once(tmp_path: Path) -> None:
    command = f"trap 'echo now > {tmp_path}/told' TERM; echo $$ > {tmp_path}/1.pid; while :; do sleep 0.05; done"
    task = asyncio.create_task(run(command, limit=0.3, grace=60))
    await until((tmp_path / "told").exists)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 1
    assert not any(alive(pid) for pid in pids(tmp_path))


@LINUX
async def test_what_is_left_in_the_background_ends_with_it(tmp_path: Path) -> None:
    lines: list[str] = []
    result = await ShellHooks().run(f"sleep 60 & echo $! > {tmp_path}/1.pid", CALL, 10, lines.append)
    assert (result.ok, lines) == (
        True,
        ["async-rollout: what the command left running in the background is ended with it"],
    )
    assert not any(alive(pid) for pid in pids(tmp_path))


async def test_the_last_end_of_a_pipe_may_finish() -> None:
    assert (await run("(sleep 0.1; echo late) & exit 4")).said == "late"


@LINUX
async def test_a_killed_tool_leaves_nobody(tmp_path: Path) -> None:
    trees = " & ".join(f"( {tree.format(d=tmp_path)} )" for tree in TREES.values())
    with a_tool_that_runs(f"echo $PPID > {tmp_path}/guard.pid; {trees} & wait") as tool:
        await until(lambda: len(pids(tmp_path)) == 1 + len(TREES))
        assert all(alive(pid) for pid in pids(tmp_path))
        tool.send_signal(signal.SIGKILL)
    await until(lambda: not any(alive(pid) for pid in pids(tmp_path)))


@LINUX
async def test_a_forked_copy_of_a_killed_tool_keeps_nobody_alive(tmp_path: Path) -> None:
    """The copy holds the lifeline's other end open."""
    with a_tool_that_runs(f"echo fork; sleep 0.2; echo $$ > {tmp_path}/1.pid; sleep 60; :") as tool:
        await until(lambda: len(pids(tmp_path)) == 1)
        (copy,) = set(children(tool.pid)) - {parent_of(str(pids(tmp_path)[0]))}
        tool.send_signal(signal.SIGKILL)
    try:
        await until(lambda: not alive(pids(tmp_path)[0]))
        assert alive(copy)
    finally:
        os.kill(copy, signal.SIGKILL)


NOT_LINUX = """#!{python} -IS
import runpy, sys
sys.platform = "darwin"
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("tree", ["a child", "one that ignores SIGTERM", "a stopped one"])
@LINUX
async def test_where_orphans_cannot_be_adopted_the_group_is_gone(tmp_path: Path, tree: str) -> None:
    python = tmp_path / "python"
    python.write_text(NOT_LINUX.format(python=sys.executable))
    python.chmod(0o700)
    hooks = ShellHooks(python=str(python), grace=0.2)
    result = await hooks.run(TREES[tree].format(d=tmp_path), CALL, 0.5, silent)
    assert result.timed_out
    assert pids(tmp_path)
    assert not any(alive(pid) for pid in pids(tmp_path))
    assert (await hooks.run("exit 3", CALL, 5, silent)).code == 3


@LINUX
async def test_a_listener_that_raises_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("async_rollout.engine.hooks.HURRIED", 0.2)

    def deaf(_: str) -> None:
        raise LookupError("deaf")

    command = f"trap '' PIPE TERM; echo $$ > {tmp_path}/1.pid; while :; do echo; sleep 0.01; done"
    with pytest.RaisesGroup(LookupError):
        await ShellHooks().run(command, CALL, 10, deaf)
    assert not any(alive(pid) for pid in pids(tmp_path))


@LINUX
async def test_a_guard_that_dies_without_reading_our_last_word_is_no_fault() -> None:
    """The word lies unread in its socket: our next read is a reset, not an end."""
    result = await run("kill -STOP $PPID; sleep 0.6; kill -KILL $PPID", limit=0.3, grace=5)
    assert (result.ok, result.timed_out) == (False, True)
    assert 0.5 < result.seconds < 3
