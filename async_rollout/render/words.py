"""Times and commands in words, the same in every view and every message."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from async_rollout.render.safe import safe

PROGRAM = "async-rollout"
WITH_COMMANDS = ("run", "restore")
"""Who goes on from a run must not lack the commands that it was given."""

_typed: ContextVar[Sequence[str]] = ContextVar("_typed", default=())


@contextmanager
def typed_with(options: Sequence[str]) -> Iterator[None]:
    """While the block lasts, advice to type `run` or `restore` repeats these words of the line that was typed."""
    token = _typed.set(options)
    try:
        yield
    finally:
        _typed.reset(token)


def lasting(seconds: float) -> str:
    """`45s`, `4m12s`, `10m`, `1h05m`: as people write it, and as the command line takes it."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    big, small, signs = (whole // 60, whole % 60, "ms") if whole < 3600 else (whole // 3600, whole % 3600 // 60, "hm")
    return f"{big}{signs[0]}" + (f"{small:02}{signs[1]}" if small else "")


def command(verb: str, *groups: str) -> str:
    """A command line to type, its names quoted for a shell."""
    named = (f"-a {shlex.quote(safe(group))}" for group in groups)
    typed = (shlex.quote(safe(word)) for word in _typed.get()) if verb in WITH_COMMANDS else ()
    return " ".join((PROGRAM, verb, *named, *typed))


def advice(next: str, *groups: str) -> str:
    """A verdict's `next` as commands to type: `run or restore` names two; anything else is a sentence already."""
    verbs = re.fullmatch(r"(run|restore|status|plan)(?: or (run|restore|status|plan))?", next)
    if verbs is None:
        return safe(next)
    return "   or   ".join(command(verb, *groups) for verb in verbs.groups() if verb)
