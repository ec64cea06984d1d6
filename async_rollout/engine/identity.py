"""Who this conductor is: host, boot and process, as the lease names them; and whether another one still lives."""

from __future__ import annotations

import os
import re
import secrets
import socket
from pathlib import Path

from async_rollout.core.journal import Goal
from async_rollout.core.memory import Me

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def identify(intent: Goal) -> Me:
    """A new identity: every rollout of a group has a run id of its own."""
    return Me(run=secrets.token_hex(4), holder=f"{_place()}/{os.getpid()}", intent=intent)


def is_dead(holder: str) -> bool:
    """The holder is a process of this machine and this boot, and it is no more. Anything else: cannot be told."""
    place, _, pid = holder.rpartition("/")
    if place != _place() or not re.fullmatch("[0-9]+", pid):  # a tag may hold any digit
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def _place() -> str:
    host = re.sub(r"[^A-Za-z0-9.-]", ".", socket.gethostname())[:63]
    return f"{host or 'host'}/{_boot()}"


def _boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()[:8]
    except OSError:
        return "noboot"
