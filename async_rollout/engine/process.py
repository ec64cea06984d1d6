"""The tool's end of a guarded command: start it, read its output, hear its exit status, end it.

Not asyncio's own subprocesses: their waiters need the loop's child watcher, hang on a pipe that a grandchild holds
open, and leak when cancelled while starting. Here the guard's end is the closing of a socket.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import anyio

GUARD = Path(__file__).with_name("guard.py")
MARGIN = 5.0
"""Seconds that the guard gets beyond the grace; a guard which is not gone then is killed itself."""
CHUNK = 16 * 1024
"""Bytes read in one turn of the loop, so that a flood from one hook does not stop the others."""
REMAINS = 1024 * 1024
"""Bytes read once the guard is gone: a pipe holds less, unless somebody who got away writes on."""

Feed = Callable[[bytes], None]
"""Takes a piece of output. When it raises, so does who reads."""


class Process:
    """One command, running. Raises OSError or ValueError when it cannot be started."""

    def __init__(self, python: str, command: str, environment: Mapping[str, str]) -> None:
        self._heard = b""
        self._lifeline, theirs = socket.socketpair()
        try:
            with theirs:
                self._guard = subprocess.Popen(  # noqa: S603 - the operator's command is meant to run
                    [python, "-I", "-S", str(GUARD), str(theirs.fileno()), str(os.getpid()), command],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
                    pass_fds=(theirs.fileno(),), start_new_session=True, env=environment,
                )  # fmt: skip
        except BaseException:
            self._lifeline.close()
            raise
        assert self._guard.stdout is not None
        self._pipe = self._guard.stdout
        self._output = self._pipe.fileno()
        os.set_blocking(self._output, False)
        self._lifeline.setblocking(False)

    async def ended(self, feed: Feed) -> int | None:
        """Feed the output until the command and all that it started are gone. Its exit status; None: the guard died."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._read_output, feed)
            await self._read_lifeline()
            tasks.cancel_scope.cancel()
        self._read_remains(feed)
        return int(self._heard) if self._heard else None

    async def end(self, grace: float, feed: Feed) -> None:
        """SIGTERM to the whole tree, `grace` seconds, SIGKILL: at most grace + MARGIN. Again: SIGKILL at once."""
        with suppress(OSError):  # it may have ended this moment
            self._lifeline.send(f"{grace:.3f}\n".encode())
        until = time.monotonic() + grace + MARGIN  # the guard's clock, whatever the loop's
        while (rest := until - time.monotonic()) > 0:
            with anyio.move_on_after(rest):
                await self.ended(feed)
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Take the guard's end and close what was open."""
        self._lifeline.close()
        self._pipe.close()
        self._guard.kill()
        self._guard.wait()

    async def _read_output(self, feed: Feed) -> None:
        while True:
            await anyio.wait_readable(self._output)
            if not (data := os.read(self._output, CHUNK)):
                return
            feed(data)

    async def _read_lifeline(self) -> None:
        while True:
            await anyio.wait_readable(self._lifeline)
            try:
                heard = self._lifeline.recv(64)
            except ConnectionResetError:  # it went without reading our last word
                return
            if not heard:
                return
            self._heard += heard

    def _read_remains(self, feed: Feed) -> None:
        with suppress(BlockingIOError):
            for _ in range(REMAINS // CHUNK):
                feed(os.read(self._output, CHUNK))
