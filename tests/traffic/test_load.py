"""The load sees what a client would see: each kind of failure by its name, none where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from support.traffic.load import KINDS, Order, Tally, percentile
from support.traffic.trial import loading, over

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(answer: Answer) -> AsyncIterator[int]:
    """A server that does so once for each request; gives its port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                await reader.readuntil(b"\r\n\r\n")
                await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1")
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def told(text: str) -> Answer:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text.encode())

    return answer


async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal")
    await writer.drain()
    writer.close()


async def never(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def loaded(port: int, seconds: float = 0.6, **order: float) -> Tally:
    async with loading(Order(ports=(port,), rate=50.0, share=0.0, **order)) as load:
        await asyncio.sleep(seconds)
        return await over(load)


FINE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_steady_requests_over_few_connections_that_are_kept() -> None:
    async with served(told(FINE)) as port:
        tally = await loaded(port, 1.5)
    assert tally.failures == {}
    assert 40 <= tally.requests <= 80
    assert 1 <= tally.connections <= 5


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("reset", half),
        ("5xx", told("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno")),
        ("time-out", never),
        ("wrong", told("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")),
        ("wrong", told("what?\r\n\r\n")),
    ],
)
async def test_each_failure_has_its_kind(kind: str, answer: Answer) -> None:
    async with served(answer) as port:
        tally = await loaded(port, limit=0.2)
    assert tally.failures == {kind: tally.requests}
    assert tally.requests > 0 and kind in KINDS
    assert list(tally.first) == [kind]


async def test_nobody_there_is_refused() -> None:
    async with served(told(FINE)) as port:
        pass
    tally = await loaded(port)
    assert tally.failures == {"refused": tally.requests}


def test_percentiles() -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], 0.99) == 99.0
    assert (percentile([7.0], 0.99), percentile([], 0.99)) == (7.0, 0.0)
