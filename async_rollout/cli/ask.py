"""Asking the person at the terminal before the first change, also where output goes into a pipe or a file."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import anyio

from async_rollout.cli.console import Console
from async_rollout.errors import UsageError

PATIENCE = 300.0
"""So many seconds an answer is waited for."""
PACE = 0.1
"""Seconds between two looks whether an answer came: /dev/tty is no file that every system's poll takes."""
TERMINAL = "/dev/tty"


@contextmanager
def seat(environment: Mapping[str, str] = os.environ) -> Iterator[int | None]:
    """The terminal whose person started this, wherever the streams go; None where nobody can be asked, or in CI."""
    terminal = None if environment.get("CI") else _opened()
    try:
        yield terminal
    finally:
        if terminal is not None:
            os.close(terminal)


def _opened() -> int | None:
    """That at which all is typed and told, else the controlling one. One in the background is no one's to ask at."""
    with suppress(OSError):
        told = all(os.isatty(descriptor) for descriptor in (0, 2))
        terminal = os.dup(0) if told else os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        if _in_front(terminal):
            return terminal
        os.close(terminal)
    return None


def _in_front(terminal: int) -> bool:
    """Whoever reads in the background is stopped where he stands; at a terminal that is not his own, nobody is."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return True


def may_begin(terminal: int | None, *, yes: bool, environment: Mapping[str, str] = os.environ) -> None:
    """Raises UsageError where nobody can be asked and nobody has said yes beforehand."""
    if terminal is None and not yes and not environment.get("CI"):
        raise UsageError(
            "not begun: there is no terminal to ask at whether to begin; -y begins without asking, and so does CI=true"
        )


async def agree(console: Console, terminal: int, question: str, *, patience: float = PATIENCE) -> None:
    """Returns if the answer is yes. Raises UsageError if it is anything else, or none comes."""
    asked = f"{question} Type yes (or y), then Enter:"
    if os.isatty(2):
        console.say(asked)
    else:  # what is said to people goes elsewhere, and perhaps nowhere
        os.write(terminal, f"{asked}\n".encode())
    with anyio.move_on_after(patience):
        if await _answer(terminal) in ("yes", "y"):
            return
        raise UsageError("not begun, as answered; nothing was changed")
    raise UsageError(f"not begun: no answer for {patience / 60:.0f} min; nothing was changed (-y does not ask)")


async def _answer(terminal: int) -> str:
    while not select.select([terminal], [], [], 0)[0]:  # noqa: ASYNC110 - nobody sets an event when a key is pressed
        await anyio.sleep(PACE)
    return os.read(terminal, 1024).decode(errors="replace").strip().casefold()
