"""HAProxy as AWS's load balancers are: a target that drains gets nothing new and ends what it has, then it is cut."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from support.traffic.haproxy import HAPROXY, HAProxy, HAProxyError, haproxy
from support.traffic.machine import Machine

pytestmark = [
    pytest.mark.skipif(HAPROXY is None, reason="no HAProxy here"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a port refuse after its process was killed"),
]


class Client:
    """One connection that is kept."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session, self._port = session, port

    async def ask(self, milliseconds: int = 0) -> str:
        """Who answered; "cut", or a status that is not 200."""
        try:
            async with self._session.get(f"http://127.0.0.1:{self._port}/{milliseconds}") as reply:
                return await reply.text() if reply.status == 200 else str(reply.status)
        except aiohttp.ClientError:
            return "cut"


@asynccontextmanager
async def two() -> AsyncIterator[tuple[HAProxy, Client, list[Machine]]]:
    """Two instances, both ready, and a client."""
    machines = [Machine("i-1"), Machine("i-2")]
    async with (
        haproxy(["web"]) as balancer,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2)) as session,
    ):
        try:
            for machine in machines:
                await machine.serve()
                await balancer.add("web", machine.id, machine.port)
                await balancer.put("web", machine.id, "ready")
            yield balancer, Client(session, balancer.ports["web"]), machines
        finally:
            for machine in machines:
                await machine.close()


async def test_requests_go_to_all_that_are_ready_over_one_connection() -> None:
    async with two() as (balancer, client, _):
        assert {await client.ask() for _ in range(6)} == {"i-1", "i-2"}
        await balancer.put("web", "i-1", "maint")
        assert {await client.ask() for _ in range(6)} == {"i-2"}
        await balancer.put("web", "i-2", "maint")
        assert await client.ask() == "503"
        assert await balancer.requests() == 13


async def test_who_drains_ends_what_it_has_and_gets_nothing_new() -> None:
    async with two() as (balancer, client, _):
        under_way = [asyncio.create_task(client.ask(400)) for _ in range(2)]
        await asyncio.sleep(0.2)
        await balancer.put("web", "i-1", "drain")
        assert {await one for one in under_way} == {"i-1", "i-2"}
        assert {await client.ask() for _ in range(6)} == {"i-2"}


async def test_who_has_left_is_cut() -> None:
    async with two() as (balancer, client, _):
        under_way = [asyncio.create_task(client.ask(400)) for _ in range(2)]
        await asyncio.sleep(0.2)
        await balancer.put("web", "i-1", "maint")
        await balancer.cut("web", "i-1")
        answers = {await one for one in under_way}
        assert "i-2" in answers and answers & {"cut", "502", "503"}


async def test_a_machine_that_is_killed_cuts_and_refuses_and_nobody_else_is_tried() -> None:
    async with two() as (balancer, client, machines):
        await balancer.put("web", "i-2", "maint")
        under_way = asyncio.create_task(client.ask(400))
        await asyncio.sleep(0.2)
        machines[0].kill()
        assert await under_way == "502"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", machines[0].port)
        await balancer.put("web", "i-2", "ready")
        assert {await client.ask() for _ in range(6)} == {"i-2", "503"}


async def test_what_it_will_not_do_is_told() -> None:
    async with haproxy(["web"]) as balancer:
        with pytest.raises(HAProxyError, match="No such server"):
            await balancer.put("web", "i-1", "ready")
        await balancer.add("web", "i-1", 1)
        with pytest.raises(HAProxyError):
            await balancer.add("web", "i-1", 1)
