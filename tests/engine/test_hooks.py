"""The operator's own steps, with real processes: how they end and what they are told."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from async_rollout.engine.hooks import APART, ShellHooks
from async_rollout.engine.ports import HookResult
from async_rollout.sandbox.virtual import run_virtual
from support.processes import CALL, LINUX, run, silent

pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.mark.parametrize(
    ("command", "code"), [("true", 0), ("exit 7", 7), ("no-such-command", 127), ("kill -9 $$", 137)]
)
async def test_exit_status(command: str, code: int) -> None:
    result = await run(command)
    assert (result.ok, result.code, result.timed_out) == (code == 0, code, False)


async def test_both_outputs_are_said_line_by_line() -> None:
    lines: list[str] = []
    result = await ShellHooks().run(
        "echo one; echo two >&2; printf '\\033[31mred\\377'; exit 3", CALL, 10, lines.append
    )
    assert lines == ["one", "two", "red\ufffd"]
    assert result.said == "one | two | red\ufffd"


async def test_lines_are_said_while_it_runs() -> None:
    said = anyio.Event()
    async with anyio.create_task_group() as tasks:
        hook = ShellHooks()
        tasks.start_soon(hook.run, "echo now; exec sleep 60", CALL, 50, lambda _: said.set())
        with anyio.fail_after(5):
            await said.wait()
        tasks.cancel_scope.cancel()


async def test_input_is_empty() -> None:
    assert (await run("cat; test ! -t 0", limit=5)).code == 0


async def test_no_terminal_can_be_asked() -> None:
    assert (await run("true < /dev/tty")).code != 0


async def test_a_flood_is_read_to_its_end() -> None:
    lines: list[str] = []
    result = await ShellHooks().run("head -c 20000000 /dev/zero | tr '\\0' '\\n'; echo end", CALL, 20, lines.append)
    assert (result.code, result.said) == (0, "end")
    assert len(lines) == 10_001


async def test_the_environment_is_ours_and_what_the_tokens_add(tmp_path: Path) -> None:
    out = tmp_path / "environment"
    result = await run(f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))' > {out}")
    assert result.ok
    seen = json.loads(out.read_text())
    added = {name for name in seen if name not in os.environ} - {"PWD", "OLDPWD", "SHLVL", "_"}
    assert added == {
        "OLD_INSTANCE_ID", "OLD_INSTANCE_PRIVATE_IP_ADDRESS", "OLD_INSTANCE_PUBLIC_IP_ADDRESS",
        "ASYNC_ROLLOUT_GROUP", "ASYNC_ROLLOUT_POINT", "ASYNC_ROLLOUT_INSTANCE_ID", "ASYNC_ROLLOUT_ATTEMPT",
        "ASYNC_ROLLOUT_PRIVATE_IP_ADDRESS", "ASYNC_ROLLOUT_PUBLIC_IP_ADDRESS", "ASYNC_ROLLOUT_RESUMED",
    }  # fmt: skip
    assert all(seen[name] == value for name, value in os.environ.items() if name not in {"PWD", "OLDPWD", "SHLVL", "_"})


@LINUX
async def test_it_leads_a_group_in_a_session_that_is_not_ours() -> None:
    group, session, guard = (await run("cut -d' ' -f5,6 /proc/$$/stat | tr ' ' '\\n'; echo $PPID; : $$")).said.split(
        " | "
    )
    assert session == guard
    assert group not in {session, str(os.getpgrp())}


@LINUX
async def test_no_signal_is_ignored_or_blocked(tmp_path: Path) -> None:
    """A command that ignores SIGPIPE writes for ever into a closed pipe, with SIGCHLD ignored it loses its children."""
    seen = tmp_path / "status"
    command = f"cp /proc/self/status {seen}"
    old = signal.signal(signal.SIGCHLD, signal.SIG_IGN), signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        result = await run(f"{command}; exit 5")
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        signal.signal(signal.SIGCHLD, old[0])
        signal.signal(signal.SIGQUIT, old[1])
    assert result.code == 5
    masks = [line for line in seen.read_text().splitlines() if line.startswith(("SigBlk", "SigIgn"))]
    assert [int(mask.split()[1], 16) & 0x7FFFFFFF for mask in masks] == [0, 0]  # the C library keeps two above 31


@LINUX
async def test_no_open_file_of_ours_reaches_it() -> None:
    with Path(os.devnull).open(encoding="ascii") as ours:
        os.set_inheritable(ours.fileno(), True)
        there = "for n in $(seq 0 99); do if [ -e /proc/$$/fd/$n ]; then printf '%s ' $n; fi; done"
        assert (await run(f"{there}; [ -e /proc/$$/fd/{ours.fileno()} ] || printf none")).said == "0 1 2 none"


@pytest.mark.parametrize("group", ["$(touch HACKED)", "`touch HACKED`", "'; touch HACKED; '", '"; touch HACKED; "'])
async def test_a_groups_name_is_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str) -> None:
    monkeypatch.chdir(tmp_path)
    result = await run('printf %s "$ASYNC_ROLLOUT_GROUP"', replace(CALL, group=group))
    assert result.said == group
    assert not list(tmp_path.iterdir())


async def test_tokens_and_variables_say_the_same() -> None:
    text = 'echo "OLD_INSTANCE_ID=$OLD_INSTANCE_ID [OLD_INSTANCE_PUBLIC_IP_ADDRESS] [$OLD_INSTANCE_PUBLIC_IP_ADDRESS]"'
    assert (await run(text)).said == "i-0123456789abcdef0=i-0123456789abcdef0 [] []"


async def test_a_value_of_the_wrong_type_runs_nothing(tmp_path: Path) -> None:
    result = await run(f"touch {tmp_path}/ran", replace(CALL, private_ip="$(id)"))
    assert (result.ok, result.code) == (False, None)
    assert result.said == "'$(id)' is not an IP address: the command was not run"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["echo \0", "echo \ud800", "x" * 4_000_000])
async def test_what_cannot_be_started_is_a_result(command: str) -> None:
    result = await run(command)
    assert (result.ok, result.code) == (False, None)
    assert result.said.startswith("the command could not be started: ")


async def test_without_an_interpreter_is_a_result_too() -> None:
    result = await ShellHooks(python="/nowhere/python").run("true", CALL, 5, silent)
    assert "/nowhere/python" in result.said


async def test_a_killed_guard_is_a_result() -> None:
    result = await run("kill -9 $PPID")
    assert (result.ok, result.code, result.said) == (False, None, "the command's guard was killed")


async def test_a_guard_that_is_told_to_end_takes_the_command_with_it() -> None:
    result = await run("kill -TERM $PPID; sleep 60")
    assert (result.ok, result.code) == (False, 143)


async def test_many_at_once() -> None:
    results: list[HookResult] = []

    async def one(number: int) -> None:
        results.append(await run(f"echo {number}; exit {number}"))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(one, number)
    assert sorted((result.code, result.said) for result in results) == [(n, str(n)) for n in range(20)]


def test_many_at_once_are_started_one_after_the_other_and_a_single_one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    spawned: list[float] = []

    def spawn(*_: object) -> None:
        spawned.append(anyio.current_time())
        raise OSError("enough was seen")

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(hooks.run, "true", CALL, 5.0, silent)

    monkeypatch.setattr("async_rollout.engine.hooks.Process", spawn)
    hooks = ShellHooks()
    run_virtual(main)
    assert spawned == pytest.approx([number * APART for number in range(100)])
    run_virtual(lambda: hooks.run("true", CALL, 5.0, silent))  # on another clock, which knows nothing of that one
    assert spawned[100] <= APART
