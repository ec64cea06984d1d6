"""Whoever sits at a terminal is asked there, wherever the output goes; where nobody can be asked, nothing begins."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.quick import QUICK, Desk, as_found, desks
from support.seats import seated

ASKING = {"ASYNC_ROLLOUT_YES": ""}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desks(2, tmp_path) as (_, one):
        yield one


def typed(desk: Desk, *more: str, entry: str = "main") -> str:
    """A command line as a shell takes it."""
    verb = ("run",) if entry == "main" else ()
    return shlex.join(desk.command(*verb, "-a", desk.group, *QUICK, *more, entry=entry))


def shell(desk: Desk, line: str) -> Desk:
    """The desk whose next command is this line of a shell's, whatever it is given."""
    return Shell(
        served=desk.served, environment=desk.environment, client=desk.client, group=desk.group, home=desk.home / "sh",
        line=line,
    )  # fmt: skip


class Shell(Desk):
    def __init__(self, *, line: str, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.line = line

    def command(self, *words: str, entry: str = "main") -> list[str]:
        return ["/bin/sh", "-c", self.line]


@pytest.mark.parametrize("into", ["2>&1 | tee {log}", "2>{log}", ">{log} 2>&1"])
def test_u2_asks_at_the_terminal_though_output_goes_elsewhere(desk: Desk, tmp_path: Path, into: str) -> None:
    log = tmp_path / "log"
    line = f"{typed(desk)} {into.format(log=log)}"
    with seated(shell(desk, line), (80, 24), **ASKING) as seat:
        seat.until(lambda: "then Enter:" in seat.text())
        assert f"Replace 1 instance of {desk.group}?" in seat.text()
        assert "launched from" in log.read_text(), "the plan stands where output goes"
        os.write(seat.terminal, b"no\n")
        seat.code()
    assert "not begun, as answered; nothing was changed" in log.read_text()
    assert desk.acts() == 0


def test_u2_an_answer_that_is_piped_in_is_none(desk: Desk) -> None:
    with seated(shell(desk, f"echo yes | {typed(desk)}"), (80, 24), **ASKING) as seat:
        seat.until(lambda: "then Enter:" in seat.text())
        assert desk.acts() == 0
        os.write(seat.terminal, b"y\n")
        assert seat.code() == 0
        assert "all replaced" in seat.text()
    assert as_found(desk) == []


def test_u2_in_the_background_nobody_is_asked(desk: Desk) -> None:
    line = f"set -m; {typed(desk)} & wait $!"
    with seated(shell(desk, line), (80, 24), **ASKING) as seat:
        assert seat.code() == 2
        assert "there is no terminal to ask at" in " ".join(seat.text().split())
    assert desk.acts() == 0


def unseated(desk: Desk, *words: str, entry: str = "main", **environment: str) -> subprocess.CompletedProcess[str]:
    """A command line without any terminal."""
    return subprocess.run(
        desk.command(*words, entry=entry), env=desk.environment | ASKING | environment, start_new_session=True,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_u2_without_a_terminal_it_begins_only_as_told(desk: Desk) -> None:
    words = ("-a", desk.group, *QUICK)
    refused = unseated(desk, "run", *words)
    assert refused.returncode == 2
    assert "not begun: there is no terminal to ask at" in refused.stderr and "-y" in refused.stderr
    assert desk.acts() == 0
    for done in (unseated(desk, "run", *words, "-y"), unseated(desk, "run", *words, CI="true")):
        assert done.returncode == 0, done.stderr
    assert as_found(desk) == []


def test_u2_command_lines_of_the_original_are_never_asked(desk: Desk) -> None:
    assert unseated(desk, "-a", desk.group, *QUICK, entry="original").returncode == 0


def test_u2_restore_needs_nobody(desk: Desk) -> None:
    assert unseated(desk, "restore", "-a", desk.group).returncode == 0


def test_u13_restore_takes_the_line_of_run(desk: Desk) -> None:
    for yes in ("-y", "--yes"):
        done = unseated(desk, "restore", "-a", desk.group, *QUICK, yes)
        assert done.returncode == 0
        assert "nothing to restore" in done.stderr
