"""The web server of one instance, a program of its own: `server.py FD ID` listens when a line comes on stdin.

`GET /250` is answered after 250 milliseconds, with the instance's id. Connections are kept for ever. It ends when stdin
does; else by SIGKILL, as an instance ends whose time is up: nothing is finished, nobody is told.
"""

from __future__ import annotations

import asyncio
import socket
import sys


class Conversation(asyncio.Protocol):
    """One connection: requests one after the other."""

    def __init__(self, body: bytes) -> None:
        self._answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, self._heard = self._heard.partition(b"\r\n\r\n")
            milliseconds = int(head.split(b" ", 2)[1][1:])
            asyncio.get_running_loop().call_later(milliseconds / 1000, self._transport.write, self._answer)


async def main(fd: int, body: bytes) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    if await reader.readline():
        await loop.create_server(lambda: Conversation(body), sock=socket.socket(fileno=fd), backlog=512)
        print("serving", flush=True)  # noqa: T201 - whoever started it waits for this
        await reader.read()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2].encode()))
