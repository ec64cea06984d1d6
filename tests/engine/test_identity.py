"""Who this conductor is, and whether another one still lives."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from async_rollout.core.journal import Goal
from async_rollout.engine import identity
from async_rollout.engine.identity import identify, is_dead


def place() -> str:
    """Host, boot and namespace."""
    return identify(Goal.REPLACE).holder.rsplit("/", 2)[0]


def own_start() -> str:
    return identify(Goal.REPLACE).holder.rpartition("/")[2]


def test_a_holder_is_host_boot_namespace_process_and_its_start() -> None:
    me = identify(Goal.RESTORE)
    host, boot, namespace, pid, started = me.holder.split("/")
    assert re.fullmatch(r"[A-Za-z0-9.-]{1,63}", host)
    assert re.fullmatch(r"[0-9a-f]{8}|none", boot)
    assert re.fullmatch(r"[0-9]+|none", namespace) and re.fullmatch(r"[0-9]+|none", started)
    assert pid == str(os.getpid())
    assert me.intent is Goal.RESTORE


def test_every_rollout_is_a_run_of_its_own() -> None:
    runs = {identify(Goal.REPLACE).run for _ in range(100)}
    assert len(runs) == 100
    assert all(re.fullmatch(r"[0-9a-f]{8}", run) for run in runs)


@pytest.mark.parametrize(
    ("host", "written"),
    [
        ("build-7.example.org", "build-7.example.org"),
        ("it's; a $(trap)\n/1", "it.s..a...trap...1"),
        ("h" * 300, "h" * 63),
        ("", "host"),
    ],
)
def test_any_hosts_name_becomes_a_word_of_the_tags(monkeypatch: pytest.MonkeyPatch, host: str, written: str) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: host)
    assert place().partition("/")[0] == written


def test_where_the_boot_has_no_name_it_is_called_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(identity, "_BOOT", tmp_path / "none")
    assert place().split("/")[1] == "none"
    assert not is_dead(f"{place()}/{os.getpid()}/1"), "boots that have no name may be two"


def test_a_boot_is_told_from_the_next(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, a_dead_pid: int) -> None:
    boot = tmp_path / "boot_id"
    monkeypatch.setattr(identity, "_BOOT", boot)
    boot.write_text("0123abcd-0000-0000-0000-000000000000\n")
    holder = f"{place()}/{a_dead_pid}/77"
    assert "/0123abcd/" in holder
    assert is_dead(holder)
    boot.write_text("9876abcd-0000-0000-0000-000000000000\n")
    assert not is_dead(holder)


def test_a_process_that_lives_is_not_dead() -> None:
    assert not is_dead(identify(Goal.REPLACE).holder)


def test_a_later_process_of_the_same_number_is_another_one() -> None:
    holder = f"{place()}/{os.getpid()}/{int(own_start()) - 1}"
    assert is_dead(holder)


def test_a_process_of_this_machine_and_boot_that_is_no_more_is_dead(a_dead_pid: int) -> None:
    assert is_dead(f"{place()}/{a_dead_pid}/77")


def test_of_another_machines_process_nothing_can_be_told(a_dead_pid: int) -> None:
    host, boot, namespace = place().split("/")
    for holder in (
        f"other/{boot}/{namespace}/{a_dead_pid}/77",
        f"{host}/00000000/{namespace}/{a_dead_pid}/77",
        f"{host}/{boot}/1/{a_dead_pid}/77",
        f"{host}/{boot}/{a_dead_pid}",
        str(a_dead_pid),
        "",
        f"{host}/{boot}",
    ):
        assert not is_dead(holder), holder


@pytest.mark.parametrize("pid", ["", "x", "-1", "1 ", "\u00b2", "\u0663", "0x10", "9" * 30])
def test_what_is_no_process_id_is_not_dead_and_no_fault(pid: str) -> None:
    """The tag may hold anything."""
    assert not is_dead(f"{place()}/{pid}/77")
    assert not is_dead(f"{place()}/{os.getpid()}/{pid}")


def test_another_users_process_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_yours(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr("os.kill", not_yours)
    monkeypatch.setattr(identity, "_started", lambda pid: None)
    assert not is_dead(f"{place()}/{os.getpid()}/77")


def test_one_that_has_ended_and_was_not_asked_for_is_dead() -> None:
    child = os.fork()
    if not child:
        os._exit(0)
    try:
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        assert is_dead(f"{place()}/{child}/77")
    finally:
        os.waitpid(child, 0)


def test_where_namespaces_are_not_told_nobody_is_called_dead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, a_dead_pid: int
) -> None:
    monkeypatch.setattr(identity, "_PROC", tmp_path)
    assert place().split("/")[2] == "none"
    assert not is_dead(f"{place()}/{a_dead_pid}/77")
