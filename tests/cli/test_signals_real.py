"""Signals to a real run, beside what test_rolling.py shows: at bad moments, with hooks at work, with readers gone."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from async_rollout.core.journal import Goal, Journal
from support.processes import alive, pids
from support.quick import QUICK, Desk, as_found, desks
from support.terminal import a_person

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows which processes are left, in /proc")
STUBBORN = "setsid sh -c 'trap \"\" TERM; echo $$ > {home}/1.pid; sleep 60; :' & wait"
"""A command whose child has a session of its own and does not heed SIGTERM."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A group behind a target group."""
    with desks(2, tmp_path) as (_, one):
        yield one


def changed(desk: Desk, process: subprocess.Popen[str]) -> None:
    """Until the run has asked for a new instance."""
    desk.until(lambda: "launch instances" in desk.served.kinds(desk.group) or process.poll() is not None)
    assert process.poll() is None


def at_the_hook(desk: Desk, process: subprocess.Popen[str]) -> int:
    """Until the stubborn child of its hook lives; gives its id."""
    desk.until(lambda: bool(pids(desk.home)) or process.poll() is not None)
    assert process.poll() is None
    return pids(desk.home)[0]


def ended_by(process: subprocess.Popen[str], *signals: signal.Signals, within: float) -> tuple[int, str]:
    """Its exit code and what it said, after signals a moment apart."""
    for number in signals:
        began = time.monotonic()
        process.send_signal(number)
        time.sleep(0.3)
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - began < within
    return process.returncode, said


def test_sigterm_leaves_a_record_that_run_goes_on_from(desk: Desk) -> None:
    with desk.started("run", "-a", desk.group, *QUICK) as process:
        changed(desk, process)
        code, said = ended_by(process, signal.SIGTERM, within=5.5)
    assert code == 143, said
    now = desk.look()
    assert isinstance(now.record, Journal) and now.record.goal is Goal.RESTORE
    assert not {"AlarmNotification", "ScheduledActions"} & now.suspended
    assert desk.ended("run", "-a", desk.group, *QUICK).returncode == 0
    assert as_found(desk) == []
    assert not desk.found.members & desk.look().members


def test_sigterm_is_answered_in_time_though_aws_is_silent(desk: Desk) -> None:
    with desk.started("run", "-a", desk.group, *QUICK) as process:
        changed(desk, process)
        desk.served.process.send_signal(signal.SIGSTOP)
        try:
            code, said = ended_by(process, signal.SIGTERM, signal.SIGTERM, within=5.5)
        finally:
            desk.served.process.send_signal(signal.SIGCONT)
    assert code == 143, said
    assert f"async-rollout restore -a {desk.group}" in said
    assert desk.ended("restore", "-a", desk.group, *QUICK).returncode == 0
    assert as_found(desk) == []


def test_sigterm_before_any_change_leaves_nothing(desk: Desk) -> None:
    with desk.started("run", "-a", desk.group, "--check-interval", "5") as process:
        desk.until(lambda: "tag" in desk.served.kinds(desk.group) or process.poll() is not None)
        code, said = ended_by(process, signal.SIGTERM, within=5.5)
    assert code == 143, said
    assert as_found(desk) == []
    assert desk.look().members == desk.found.members


@pytest.mark.parametrize(
    ("signals", "code"),
    [((signal.SIGTERM,), 143), ((signal.SIGINT, signal.SIGINT), 130)],
    ids=["SIGTERM", "SIGINT twice"],
)
def test_stopped_during_a_hook_its_whole_tree_is_gone(
    desk: Desk, signals: tuple[signal.Signals, ...], code: int
) -> None:
    stubborn = STUBBORN.format(home=desk.home)
    with a_person() as person, desk.started("run", "-a", desk.group, *QUICK, "-b", stubborn, before=person) as process:
        child = at_the_hook(desk, process)
        ended, said = ended_by(process, *signals, within=5.5)
    assert ended == code, said
    desk.until(lambda: not alive(child) and not desk.processes(), 3.0)
    assert isinstance(desk.look().record, Journal)
    assert desk.ended("restore", "-a", desk.group, *QUICK, "-b", "true").returncode == 0
    assert as_found(desk) == []


def test_the_first_interrupt_lets_a_running_hook_end(desk: Desk) -> None:
    command = f"echo $$ > {desk.home}/1.pid; sleep 2; touch {desk.home}/done"
    with a_person() as person, desk.started("run", "-a", desk.group, *QUICK, "-b", command, before=person) as process:
        at_the_hook(desk, process)
        code, said = ended_by(process, signal.SIGINT, within=60.0)
    assert code == 130, said
    assert (desk.home / "done").exists()
    assert as_found(desk) == []
    assert f"async-rollout run -a {desk.group} -b '{command}'" in said, "what is to be typed repeats the command"


def test_an_interrupt_where_no_person_sits_is_a_schedulers(desk: Desk) -> None:
    """GitHub's cancel sends SIGINT and kills some seconds later."""
    with desk.started("run", "-a", desk.group, *QUICK) as process:
        changed(desk, process)
        code, said = ended_by(process, signal.SIGINT, within=5.5)
    assert code == 130, said
    assert "SIGINT: putting back what can be within 5s" in said
    assert not {"AlarmNotification", "ScheduledActions"} & desk.look().suspended
    assert desk.ended("run", "-a", desk.group, *QUICK).returncode == 0


def test_a_longer_grace_is_used_where_it_is_given(desk: Desk) -> None:
    with desk.started("run", "-a", desk.group, *QUICK, "--stop-grace", "9s") as process:
        changed(desk, process)
        desk.served.process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        time.sleep(6.0)
        desk.served.process.send_signal(signal.SIGCONT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 143, said
    assert 6.0 < time.monotonic() - began < 9.5
    assert not {"AlarmNotification", "ScheduledActions"} & desk.look().suspended
    assert desk.ended("restore", "-a", desk.group, *QUICK).returncode == 0


def test_sigkill_during_a_hook_ends_its_whole_tree(desk: Desk) -> None:
    with desk.started("run", "-a", desk.group, *QUICK, "-b", STUBBORN.format(home=desk.home)) as process:
        child = at_the_hook(desk, process)
        process.kill()
        process.communicate()
    desk.until(lambda: not alive(child) and not desk.processes(), 3.0)


def test_a_hang_up_ends_the_views_and_the_run_goes_on(desk: Desk) -> None:
    events, command = (
        desk.home / "events.jsonl",
        f"echo $$ > {desk.home}/1.pid; until test -e {desk.home}/go; do sleep 0.1; done",
    )
    with desk.started("run", "-a", desk.group, *QUICK, "--events", str(events), "-b", command) as process:
        at_the_hook(desk, process)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        (desk.home / "go").touch()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "all replaced" not in said
    assert json.loads(events.read_text().splitlines()[-1])["exit_code"] == 0
    assert as_found(desk) == []


def test_a_hang_up_and_then_sigterm_still_stops_it(desk: Desk) -> None:
    with desk.started("run", "-a", desk.group, *QUICK) as process:
        changed(desk, process)
        code, _ = ended_by(process, signal.SIGHUP, signal.SIGTERM, within=5.5)
    assert code == 143
    assert isinstance(desk.look().record, Journal)


@pytest.mark.parametrize("gone", ["stdout", "stderr"])
def test_a_reader_that_is_gone_changes_nothing(desk: Desk, gone: str) -> None:
    ours, its = os.pipe()
    os.close(ours)
    with desk.started("run", "-a", desk.group, *QUICK, "--output", "json", "-v", **{gone: its}) as process:
        os.close(its)
        printed, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    if gone == "stderr":
        assert json.loads(printed.splitlines()[-1])["exit_code"] == 0
    assert as_found(desk) == []


def test_started_with_closed_streams_it_does_its_work(desk: Desk) -> None:
    words = shlex.join(desk.command("run", "-a", desk.group, *QUICK))
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {words} <&- >&- 2>&-"], env=desk.environment, timeout=60, check=False
    )
    assert done.returncode == 0
    assert as_found(desk) == []
