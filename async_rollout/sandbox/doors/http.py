"""The http door: a world on a loopback port, for the command line, the demo and any other AWS client.

async with serve(world) as endpoint:
    run_something(env=os.environ | environment(endpoint))
"""

from __future__ import annotations

import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
from aiohttp import web

from async_rollout.sandbox.doors import codec, control
from async_rollout.sandbox.doors.app import CutError, Request, answer, internal_failure
from async_rollout.sandbox.faults import Faults
from async_rollout.sandbox.words import AwsError
from async_rollout.sandbox.world import World

HOST = "127.0.0.1"
LOG = logging.getLogger(__name__)
CLOSING = 0.5
"""Seconds that open requests get at the end."""

AWS_LATENCY = (0.08, 0.25)
"""Seconds of a call to AWS in its region."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serve(
    world: World,
    faults: Faults | None = None,
    *,
    port: int = 0,
    speed: float = 1.0,
    latency: tuple[float, float] = (0.0, 0.0),
) -> AsyncIterator[str]:
    """Serve `world` until the block ends; gives the endpoint's URL. OSError if the port is taken.

    port 0: any free one. speed: the world's seconds in one of the event loop's, for what delays; the world goes by its
    own clock. latency: least and most of the world's seconds that a call takes, half of them before it is executed.
    """
    faults = faults or Faults(world)
    app = web.Application()
    app.add_routes(control.routes(world, faults))
    app.router.add_route("*", "/{any:.*}", _aws(world, faults, speed, latency))
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=CLOSING, auto_decompress=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        with anyio.move_on_after(2 * CLOSING, shield=True):
            await runner.cleanup()


def environment(endpoint: str, region: str = "eu-west-1") -> dict[str, str]:
    """The environment variables that send any AWS client to the sandbox. AWS_PROFILE must not be set beside them."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def _aws(world: World, faults: Faults, speed: float, latency: tuple[float, float]) -> Handler:
    rng = random.Random(f"latency {world.seed}")

    async def sleep(seconds: float) -> None:
        await anyio.sleep(seconds / speed)

    async def handle(request: web.Request) -> web.Response:
        try:
            asked, half = await _request(request), rng.uniform(*latency) / 2
        except (web.HTTPException, web.RequestPayloadError, ValueError) as wrong:  # too large, cut, not as it says
            return _unreadable(wrong)
        try:
            await sleep(half)
            got = await answer(world, faults, asked, sleep)
            await sleep(half)
        except CutError:
            return _cut(request)
        except Exception as ours:  # a client must see AWS's own kind of error, never a page of HTML
            LOG.exception("the sandbox failed")
            return _error(internal_failure(f"the sandbox failed: {ours!r}"))
        return web.Response(status=got.status, headers=got.headers, body=got.body)

    return handle


def _unreadable(wrong: Exception) -> web.Response:
    return _error(AwsError("MalformedInput", f"the body cannot be read: {wrong}"))


def _error(error: AwsError) -> web.Response:
    """Of a request that nothing is known of."""
    refused = codec.encode_error("query", error, "0")
    return web.Response(status=refused.status, body=refused.body, content_type=refused.content_type)


async def _request(request: web.Request) -> Request:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Request(body=await request.read(), query=request.query_string, headers=headers)


def _cut(request: web.Request) -> web.Response:
    """Reset the connection; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
