"""A real HAProxy on loopback: a front and a back for each load balancer, its servers told by its runtime socket.

It does what AWS's load balancers do and no more: no health checks of its own (health is the sandbox's), no second try
at another server, requests shared out one after the other however long a client's connection lives.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or shutil.which("haproxy")
CONFIGURATION = """
global
    stats socket {socket} mode 600 level admin
defaults
    mode http
    balance roundrobin
    retries 0
    timeout connect 2s
    timeout client 5m
    timeout server 5m
    timeout http-keep-alive 5m
"""
LISTEN = """
listen {name}
    bind fd@{fd}
"""


class HAProxyError(Exception):
    """HAProxy would not do as it was told."""


class HAProxy:
    """One that runs. ports: where requests go in, by the load balancer's name."""

    def __init__(self, door: Path, ports: dict[str, int]) -> None:
        self.ports = ports
        self._door = door

    async def add(self, balancer: str, server: str, port: int) -> None:
        """A server more; it gets nothing until it is ready."""
        said = await self.say(f"add server {balancer}/{server} 127.0.0.1:{port}")
        if "registered" not in said:
            raise HAProxyError(said)

    async def put(self, balancer: str, server: str, state: str) -> None:
        """state: "ready"; "drain", nothing new, what is under way goes on; "maint", nothing new for another reason."""
        await self._do(f"set server {balancer}/{server} state {state}")

    async def cut(self, balancer: str, server: str) -> None:
        """End what is still under way."""
        await self._do(f"shutdown sessions server {balancer}/{server}")

    async def requests(self) -> int:
        """How many have come in."""
        lines = (await self.say("show stat -1 1 -1")).removeprefix("# ").splitlines()
        column = lines[0].split(",").index("req_tot")
        return sum(int(line.split(",")[column]) for line in lines[1:] if line)

    async def say(self, words: str) -> str:
        """One command of its runtime interface."""
        reader, writer = await asyncio.open_unix_connection(str(self._door))
        try:
            writer.write(f"{words}\n".encode())
            return (await reader.read()).decode().strip()
        finally:
            writer.close()

    async def _do(self, words: str) -> None:
        if said := await self.say(words):
            raise HAProxyError(f"{words}: {said}")


@asynccontextmanager
async def haproxy(balancers: Iterable[str]) -> AsyncIterator[HAProxy]:
    """It runs as long as the block lasts, a master and its worker."""
    if HAPROXY is None:
        raise HAProxyError("haproxy is not installed")
    with tempfile.TemporaryDirectory(prefix="h") as home:
        fronts = {name: socket.create_server(("127.0.0.1", 0), backlog=1024) for name in balancers}
        door, configuration = Path(home, "s"), Path(home, "c")
        listens = [LISTEN.format(name=name, fd=front.fileno()) for name, front in fronts.items()]
        configuration.write_text(CONFIGURATION.format(socket=door) + "".join(listens), encoding="ascii")
        fds = [front.fileno() for front in fronts.values()]
        with Path(home, "said").open("w+b") as said:
            process = await asyncio.create_subprocess_exec(
                HAPROXY, "-W", "-db", "-f", str(configuration), pass_fds=fds, stdout=said, stderr=said
            )
            try:
                runs = HAProxy(door, {name: front.getsockname()[1] for name, front in fronts.items()})
                await _up(runs, process, Path(home, "said"))
                for front in fronts.values():
                    front.close()
                yield runs
            finally:
                if process.returncode is None:
                    process.terminate()
                await process.wait()


async def _up(runs: HAProxy, process: asyncio.subprocess.Process, said: Path) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await runs.say("show info")
            except OSError:
                if process.returncode is not None:
                    raise HAProxyError(said.read_text(encoding="utf-8")) from None
                await asyncio.sleep(0.02)
            else:
                return
