"""An instance as a machine: a port of its own, and behind it a web server that is a real process."""

from __future__ import annotations

import asyncio
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path

SERVER = Path(__file__).with_name("server.py")


class Machine:
    """serving: connections are taken. dead: killed, for ever.

    port: on 127.0.0.1, its own to the end, so that one that is dead refuses connections and nobody takes its place.
    """

    def __init__(self, id: str) -> None:
        self.id = id
        self.serving = False
        self.dead = False
        self._process: Process | None = None
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    async def boot(self) -> None:
        """Start the process; it refuses connections still."""
        if self.dead or self._process is not None:
            return
        fd = self._socket.fileno()
        words = (sys.executable, "-I", "-S", str(SERVER), str(fd), self.id)
        self._process = await asyncio.create_subprocess_exec(
            *words, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, pass_fds=[fd]
        )
        if self.dead:
            self._process.kill()

    async def serve(self) -> None:
        """Have the application answer; returns when it does, or is dead."""
        await self.boot()
        if self.dead or self.serving or self._process is None:
            return
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(b"\n")
        self.serving = bool(await self._process.stdout.readline())

    def kill(self) -> None:
        """At once: connections are cut, new ones refused."""
        self.dead, self.serving = True, False
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        with suppress(OSError):  # it never listened
            self._socket.shutdown(socket.SHUT_RDWR)  # closing leaves it open: the process had a copy

    async def close(self) -> None:
        """Kill it and give its port back."""
        self.kill()
        self._socket.close()
        if self._process is not None:
            await self._process.communicate()
