"""Who this conductor is, as the lease names it, and whether another one is dead.

A holder is host, boot, process-id namespace, process id and start time. Host and boot alone do not make a number one
process: containers share both and count their processes anew, and a number is given again to a later one.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from async_rollout.core.belief import Me
from async_rollout.core.journal import Goal, Journal

_PROC = Path("/proc")
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NONE = "none"
"""What stands for a part that this system does not tell."""
_STARTED = 19
"""Where the start time stands in a process's `stat`, counted from behind its name (proc(5): field 22)."""


def identify(intent: Goal, *, rollback: bool = False) -> Me:
    """A new identity: every rollout of a group has a run id of its own."""
    pid, run = os.getpid(), secrets.token_hex(4)
    return Me(run=run, holder=f"{_place()}/{pid}/{_started(pid) or _NONE}", intent=intent, rollback=rollback)


def is_dead(holder: str) -> bool:
    """It was a process of this host, boot and namespace, and is no more. Anything else: cannot be told.

    The holders of 0.1.0 name no namespace, so of them nothing can be told: their lease decides.
    """
    if (one := _here(holder)) is None:
        return False
    started = _started(one[0])
    return _is_nobody(one[0]) if started is None else started != one[1]


def _here(holder: str) -> tuple[int, str] | None:
    """Process id and start time of a holder of this place; None of any other, and where the place has no full name."""
    place, _, process = holder.rpartition("/")[0].rpartition("/")
    started = holder.rpartition("/")[2]
    told = re.fullmatch("[0-9]{1,9}", process, re.ASCII) and re.fullmatch("[0-9]{1,20}", started, re.ASCII)
    known = place == _place() and _NONE not in place.split("/")[1:]
    return (int(process), started) if told and known else None


def of_another(record: object, me: Me) -> Journal | None:
    """The record if another run wrote it."""
    return record if isinstance(record, Journal) and record.run != me.run else None


_UNDER_WAY: set[str] = set()
"""Runs of this very process: that it lives does not say that each of its runs does."""


@contextmanager
def under_way(me: Me) -> Iterator[None]:
    """This run is at work as long as the block lasts."""
    _UNDER_WAY.add(me.run)
    try:
        yield
    finally:
        _UNDER_WAY.discard(me.run)


def is_here(record: Journal | None) -> bool:
    """A run of this very process that is under way holds it."""
    return record is not None and record.run in _UNDER_WAY and _is_this_process(record.holder)


def is_over(record: Journal | None) -> bool:
    """Its process is dead, or is this one, and that run of it has ended. Anything else: cannot be told."""
    if record is None:
        return False
    ended = record.run not in _UNDER_WAY and _is_this_process(record.holder)
    return ended or is_dead(record.holder)


def _is_this_process(holder: str) -> bool:
    return _here(holder) == (os.getpid(), _started(os.getpid()))


def _is_nobody(pid: int) -> bool:
    """Processes of other users may be hidden from us: one that we may not signal lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return _started(pid) is None and (_PROC / str(pid)).exists()  # it has ended, and nobody has asked how


def _started(pid: int) -> str | None:
    """When a process started, in the kernel's ticks since boot; None: it is not shown, or has ended."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[_STARTED]


def _place() -> str:
    host = re.sub(r"[^A-Za-z0-9.-]", ".", socket.gethostname())[:63]
    return f"{host or 'host'}/{_boot()}/{_namespace()}"


def _namespace() -> str:
    """The number of the process-id namespace, as the kernel shows it."""
    try:
        found = re.search("[0-9]+", (_PROC / "self" / "ns" / "pid").readlink().name)
    except OSError:
        return _NONE
    return found[0] if found else _NONE


def _boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()[:8] or _NONE
    except OSError:
        return _NONE
