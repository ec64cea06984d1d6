"""The guard on its own, as a process: its lifeline, its words, its status; also where the system gives it less."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

from async_rollout.engine import guard
from support.processes import LINUX, TREES, alive, pids

pytestmark = [LINUX, pytest.mark.usefixtures("nothing_is_left")]


class Guarded:
    """One guard and this end of its lifeline."""

    def __init__(self, file: Path, command: str, *, python: str, parent: int, lifeline: int | None) -> None:
        self.ours, theirs = socket.socketpair()
        self.ours.settimeout(20)
        end = theirs.fileno() if lifeline is None else lifeline
        with theirs:
            self.process = subprocess.Popen(
                [python, "-I", "-S", str(file), str(end), str(parent), command],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=(end,),
                start_new_session=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        self.output = self.process.stdout

    def word(self, text: str) -> None:
        self.ours.send(f"{text}\n".encode())

    def hang_up(self) -> None:
        self.ours.close()

    def ended(self) -> tuple[int, str, str]:
        """Its exit status, what it wrote to the lifeline, and the output."""
        heard = b"" if self.ours.fileno() < 0 else b"".join(iter(lambda: self.ours.recv(64), b""))
        said = "" if self.output.closed else self.output.read().decode()
        return self.process.wait(timeout=20), heard.decode(), said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ours.close()
        self.output.close()
        self.process.kill()
        self.process.wait()


Start = Callable[..., Guarded]


@pytest.fixture
def start(guard_file: Path) -> Iterator[Start]:
    """Start a guard; at the end of the test it is gone."""
    all_of_them: list[Guarded] = []

    def one(
        command: str, *, python: str = sys.executable, parent: int | None = None, lifeline: int | None = None
    ) -> Guarded:
        parent = os.getpid() if parent is None else parent
        all_of_them.append(Guarded(guard_file, command, python=python, parent=parent, lifeline=lifeline))
        return all_of_them[-1]

    yield one
    for each in all_of_them:
        each.__exit__()


WITH = """#!{python} -IS
import builtins, os, runpy, sys
def no(*_, **__):
    raise PermissionError(1, "no")
{trouble}
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""An interpreter on a system with some trouble."""

NOT_LINUX = "sys.platform = 'darwin'"
NO_CHILDREN_LISTED = """
real = builtins.open
builtins.open = lambda name, *a, **k: no() if str(name).endswith("/children") else real(name, *a, **k)
"""
NOBODY_SIGNALLED = "os.kill = os.killpg = no"
NO_GROUPS_TOLD = "os.getpgid = no"


def troubled(folder: Path, trouble: str) -> str:
    python = folder / "python"
    python.write_text(WITH.format(python=sys.executable, trouble=trouble))
    python.chmod(0o700)
    return str(python)


def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.01)


def nobody_lives(folder: Path) -> bool:
    return bool(pids(folder)) and not any(alive(pid) for pid in pids(folder))


# --- the end of the command


@pytest.mark.parametrize(("command", "status"), [("true", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill $$", 143)])
def test_it_ends_as_its_command_and_says_so_on_the_lifeline(start: Start, command: str, status: int) -> None:
    assert start(command).ended() == (status, str(status), "")


def test_what_is_left_in_the_background_is_ended_and_told(start: Start, tmp_path: Path) -> None:
    said = "async-rollout: what the command left running in the background is ended with it\n"
    assert start(f"sleep 60 & echo $! > {tmp_path}/1.pid; exit 3").ended() == (3, "3", said)
    assert nobody_lives(tmp_path)


def test_nobody_need_read_what_it_tells(start: Start, tmp_path: Path) -> None:
    one = start(f"sleep 0.2; sleep 60 & echo $! > {tmp_path}/1.pid; exit 3")
    one.output.close()
    assert one.ended() == (3, "3", "")
    assert nobody_lives(tmp_path)


def test_children_that_end_before_the_command_are_taken(start: Start) -> None:
    """The guard becomes their parent: it must neither take one for the command nor leave them as zombies."""
    one = start("for n in 1 2 3; do (setsid sh -c 'exit 9' &); done; sleep 0.3; ps -o stat= --ppid $PPID; exit 4")
    status, _, said = one.ended()
    assert status == 4
    assert "Z" not in said and said.strip()


# --- the end asked for


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_a_word_ends_the_whole_tree(start: Start, tmp_path: Path, tree: str) -> None:
    one = start(tree.format(d=tmp_path))
    until(lambda: bool(pids(tmp_path)))
    one.word("0.200")
    status, heard, _ = one.ended()
    assert (status, heard) in [(143, "143"), (137, "137")]
    assert nobody_lives(tmp_path)


def test_a_second_word_ends_the_grace(start: Start, tmp_path: Path) -> None:
    one = start(f"trap : TERM; echo $$ > {tmp_path}/1.pid; while :; do sleep 0.05; done")
    until(lambda: bool(pids(tmp_path)))
    one.word("60.000")
    time.sleep(0.3)
    assert alive(pids(tmp_path)[0])
    began = time.monotonic()
    one.word("60.000")
    assert one.ended()[0] == 137
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_like_a_word(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    one = start(f"echo $$ > {tmp_path}/1.pid; exec sleep 60")
    until(lambda: bool(pids(tmp_path)))
    one.process.send_signal(number)
    assert one.ended()[:2] == (143, "143")
    assert nobody_lives(tmp_path)


def test_a_lifeline_that_closes_ends_it(start: Start, tmp_path: Path) -> None:
    one = start(f"echo $$ > {tmp_path}/1.pid; exec sleep 60")
    until(lambda: bool(pids(tmp_path)))
    one.hang_up()
    assert one.ended()[0] == 143
    assert nobody_lives(tmp_path)


def test_a_lifeline_that_closes_without_a_word_leaves_two_seconds(start: Start, tmp_path: Path) -> None:
    one = start(f"trap '' TERM; echo $$ > {tmp_path}/1.pid; while :; do sleep 0.05; done")
    until(lambda: bool(pids(tmp_path)))
    began = time.monotonic()
    one.hang_up()
    assert one.ended()[0] == 137
    assert guard.SUDDEN <= time.monotonic() - began < guard.SUDDEN + 2


def test_a_lifeline_that_is_broken_counts_as_closed(start: Start, tmp_path: Path) -> None:
    """Reading from it is an error: here it can only be written."""
    read, write = os.pipe()
    one = start(f"echo $$ > {tmp_path}/1.pid; exec sleep 60", lifeline=write)
    os.close(write)
    until(lambda: bool(pids(tmp_path)))
    os.close(read)
    assert one.process.wait(timeout=5) == 143
    assert nobody_lives(tmp_path)


def test_a_guard_whose_tool_died_before_it_began_ends_at_once(start: Start) -> None:
    began = time.monotonic()
    assert start("exec sleep 60", parent=1).ended()[0] == 143
    assert time.monotonic() - began < 5


# --- systems that give it less


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_where_the_kernel_lists_no_children_the_tree_is_gone_too(start: Start, tmp_path: Path, tree: str) -> None:
    one = start(tree.format(d=tmp_path), python=troubled(tmp_path, NO_CHILDREN_LISTED))
    until(lambda: bool(pids(tmp_path)))
    one.word("0.200")
    assert one.ended()[0] in (143, 137)
    assert nobody_lives(tmp_path)


@pytest.mark.parametrize("trouble", [NO_GROUPS_TOLD, NOT_LINUX])
@pytest.mark.parametrize("tree", ["a child", "one that ignores SIGTERM", "a stopped one"])
def test_with_less_to_go_by_the_commands_own_group_is_gone(
    start: Start, tmp_path: Path, tree: str, trouble: str
) -> None:
    one = start(TREES[tree].format(d=tmp_path), python=troubled(tmp_path, trouble))
    until(lambda: bool(pids(tmp_path)))
    one.word("0.200")
    assert one.ended()[0] in (143, 137)
    assert nobody_lives(tmp_path)


@pytest.mark.parametrize("status", [0, 3])
def test_elsewhere_than_on_linux_a_command_ends_as_it_does_here(start: Start, tmp_path: Path, status: int) -> None:
    assert start(f"exit {status}", python=troubled(tmp_path, NOT_LINUX)).ended() == (status, str(status), "")


def test_who_cannot_be_ended_is_told_and_not_waited_for(start: Start, tmp_path: Path) -> None:
    """Another user's process, or one that is stuck in the kernel."""
    one = start(f"echo $$ > {tmp_path}/1.pid; exec sleep 60", python=troubled(tmp_path, NOBODY_SIGNALLED))
    until(lambda: bool(pids(tmp_path)))
    (pid,) = pids(tmp_path)
    began = time.monotonic()
    one.word("0.100")
    try:
        assert one.process.wait(timeout=10) == 137
        assert guard.LAST <= time.monotonic() - began < guard.LAST + 3
        assert alive(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
    said = "async-rollout: something that the command started could not be ended, it still runs\n"
    assert one.ended() == (137, "137", said)


def test_of_a_process_that_is_gone_there_is_no_parent(a_dead_pid: int) -> None:
    assert guard.parent_of(str(a_dead_pid)) is None
    assert guard.parent_of(str(os.getpid())) == os.getppid()
