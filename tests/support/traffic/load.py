"""Steady requests over connections that are kept, a program of its own: `load.py` reads its order from stdin as JSON.

Requests begin on their own times, whatever became of those before (an open loop: who waits for a slow answer would
spare the servers just then). None is tried again. When stdin ends no more begin; on stdout, what became of them.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = ("refused", "reset", "5xx", "time-out", "wrong")
"""How a request fails. reset: cut at any moment before the whole answer was there."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """ports: asked in turn. rate: requests a second. quick, slow: least and most milliseconds that one shall take.

    share: of slow ones. limit: seconds after which a request counts as not answered.
    """

    ports: Sequence[int]
    rate: float
    quick: tuple[int, int] = (2, 20)
    slow: tuple[int, int] = (2000, 5000)
    share: float = 0.05
    limit: float = 15.0


@dataclass(kw_only=True)
class Tally:
    """requests: all that began. failures: by kind. p99: milliseconds beyond what the request asked for, of all.

    slow: how many took long. connections: how many were opened. first: of each kind, what the first one met.
    """

    requests: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    slow: int = 0
    connections: int = 0
    p99: float = 0.0
    first: dict[str, str] = field(default_factory=dict)


class FailedError(Exception):
    """kind: one of KINDS. met: what it met."""

    def __init__(self, kind: str, met: str = "") -> None:
        super().__init__(kind, met)
        self.kind, self.met = kind, met


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Load:
    """One order under way."""

    def __init__(self, order: Order, seed: int = 0) -> None:
        self.tally = Tally()
        self._order = order
        self._random = random.Random(seed)
        self._idle: dict[int, list[Connection]] = {port: [] for port in order.ports}
        self._over: list[float] = []

    async def go(self, until: asyncio.Event) -> None:
        """Until that is set; then waits for what is under way."""
        begun, order = time.monotonic(), self._order
        async with asyncio.TaskGroup() as group:
            while not until.is_set():
                due = begun + self.tally.requests / order.rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                port = order.ports[self.tally.requests % len(order.ports)]
                self.tally.requests += 1
                group.create_task(self._one(port, due))
        self.tally.p99 = round(1000 * percentile(self._over, 0.99), 1)
        for idle in self._idle.values():
            for _, writer in idle:
                writer.close()

    async def _one(self, port: int, due: float) -> None:
        slow = self._random.random() < self._order.share
        takes = self._random.randint(*(self._order.slow if slow else self._order.quick))
        self.tally.slow += slow
        try:
            async with asyncio.timeout(self._order.limit):
                await self._ask(port, takes)
        except (FailedError, OSError, TimeoutError) as failed:
            kind, met = _kind(failed)
            self.tally.failures[kind] = self.tally.failures.get(kind, 0) + 1
            self.tally.first.setdefault(kind, met)
        self._over.append(time.monotonic() - due - takes / 1000)

    async def _ask(self, port: int, takes: int) -> None:
        reader, writer = await self._connection(port)
        kept = False
        try:
            writer.write(b"GET /%d HTTP/1.1\r\nHost: here\r\n\r\n" % takes)
            kept = await _answered(reader)
        finally:
            if kept:
                self._idle[port].append((reader, writer))
            else:
                writer.close()

    async def _connection(self, port: int) -> Connection:
        """One that waits for work, else a new one."""
        while self._idle[port]:
            reader, writer = self._idle[port].pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        self.tally.connections += 1
        return await asyncio.open_connection("127.0.0.1", port)


async def _answered(reader: asyncio.StreamReader) -> bool:
    """Read one answer; True if the connection may be used again. Raises FailedError, OSError."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await reader.readexactly(int(lines["content-length"]))
    except asyncio.IncompleteReadError as cut:
        raise FailedError("reset", f"closed after {len(cut.partial)} bytes") from cut
    except (asyncio.LimitOverrunError, IndexError, KeyError, ValueError) as strange:
        raise FailedError("wrong", repr(strange)) from strange
    if status >= 500:
        raise FailedError("5xx", f"{status} {' '.join(body.decode('latin-1').split())}")
    if status != 200:
        raise FailedError("wrong", str(status))
    return lines.get("connection") != "close"


def _kind(failed: Exception) -> tuple[str, str]:
    match failed:
        case FailedError(kind=kind, met=met):
            return kind, met
        case ConnectionRefusedError():
            return "refused", str(failed)
        case TimeoutError():
            return "time-out", ""
    return "reset", str(failed)


def percentile(values: Sequence[float], share: float) -> float:
    """What that share of them does not exceed; 0 of none."""
    known = sorted(values)
    return known[max(0, round(share * len(known)) - 1)] if known else 0.0


async def main() -> None:
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    load, over = Load(Order(**order)), asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, over.set)
    await load.go(over)
    print(json.dumps(asdict(load.tally)), flush=True)  # noqa: T201 - whoever started it reads this


if __name__ == "__main__":
    asyncio.run(main())
