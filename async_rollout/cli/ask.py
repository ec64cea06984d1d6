"""Asking the person at the terminal before the first change."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import anyio

from async_rollout.cli.desk import Desk
from async_rollout.errors import UsageError

PATIENCE = 300.0
"""So many seconds an answer is waited for."""


def can_ask(environment: Mapping[str, str] = os.environ) -> bool:
    """A person sits there: stdin and stderr are terminals, and this is no CI."""
    return not environment.get("CI") and all(os.isatty(descriptor) for descriptor in (0, 2))


async def agree(desk: Desk, question: str, *, patience: float = PATIENCE) -> None:
    """Returns if the answer is yes. Raises UsageError if it is anything else, or none comes."""
    desk.say(f"{question} Type yes (or y), then Enter:")
    with anyio.move_on_after(patience):
        await anyio.wait_readable(sys.stdin)
        answer = os.read(0, 1024).decode(errors="replace").strip().casefold()
        if answer in ("yes", "y"):
            return
        raise UsageError("not begun, as answered; nothing was changed")
    raise UsageError(f"not begun: no answer for {patience / 60:.0f} min; nothing was changed (-y does not ask)")
