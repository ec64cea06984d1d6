"""Log lines as people read them: the package's own always, with `-v` each call to AWS too."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

from async_rollout.render.safe import safe


class Speaker(Protocol):
    """Where lines for people go."""

    verbose: bool

    def say(self, *lines: str) -> None: ...


@contextmanager
def logged(speaker: Speaker) -> Iterator[None]:
    """Have the log said as long as the block lasts."""
    with ExitStack() as stack:
        level = logging.DEBUG if speaker.verbose else logging.WARNING
        stack.enter_context(_listening("async_rollout", _Own(speaker), level))
        if speaker.verbose:
            stack.enter_context(_listening("botocore.endpoint", _Calls(speaker), logging.DEBUG))
        yield


@contextmanager
def _listening(name: str, listener: logging.Handler, level: int) -> Iterator[None]:
    log = logging.getLogger(name)
    before = log.level, log.propagate
    log.addHandler(listener)
    log.setLevel(level)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(listener)
        log.setLevel(before[0])
        log.propagate = before[1]


class _Own(logging.Handler):
    def __init__(self, speaker: Speaker) -> None:
        super().__init__()
        self._speaker = speaker

    def emit(self, record: logging.LogRecord) -> None:
        self._speaker.say(f"{record.levelname.lower()}: {safe(record.getMessage())}")


class _Calls(_Own):
    """botocore logs each request with its model first; only the name is shown: the rest may hold secrets."""

    def emit(self, record: logging.LogRecord) -> None:
        model = record.args[0] if isinstance(record.args, tuple) and record.args else None
        if record.levelno == logging.DEBUG and (name := getattr(model, "name", None)):
            self._speaker.say(f"call: {safe(name)}")
