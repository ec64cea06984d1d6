"""A deployment service: POST /rollouts with {"groups": ["web", "api"]}; every event comes back as a line of JSON.

A caller that hangs up does not stop the rollout; a second POST for a group that is being rolled is told so (the
group's lease says 5). When the service is told to stop (SIGTERM), its rollouts stop first, with callers attached or
not: alarms and scheduled actions run again, what only drains serves again, a record is left, callers get the last
events; the next POST for those groups, here or elsewhere, goes on from there. Give it half a minute to stop.

    python examples/web_service.py 8080
    curl -N -d '{"groups": ["web"]}' http://127.0.0.1:8080/rollouts
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

from aiohttp import web

import async_rollout as ar

CLOUD = web.AppKey("CLOUD", ar.AwsCloud)
HALT = web.AppKey("HALT", ar.Halt)
RUNNING = web.AppKey("RUNNING", set)
FIELDS = ("max_surge", "max_unavailable", "max_draining", "check_interval")
"""What a caller may choose; commands are not among them."""
END = None


@dataclass(frozen=True)
class Refusal:
    """Nothing was begun."""

    error: str
    code: int


def line(event: object) -> bytes:
    """One event as one line of JSON."""
    return json.dumps({"type": type(event).__name__, **asdict(event)}, default=str).encode() + b"\n"  # type: ignore[call-overload]


async def post_rollout(request: web.Request) -> web.StreamResponse:
    """Start a rollout and stream it; the rollout belongs to the service, not to this request."""
    if request.app[HALT].stop is not None:
        raise web.HTTPServiceUnavailable(text="the service stops\n")
    groups, spec = ordered(await request.text())
    events: asyncio.Queue[object] = asyncio.Queue()
    task = asyncio.create_task(roll(request.app, groups, spec, events))
    request.app[RUNNING].add(task)
    task.add_done_callback(request.app[RUNNING].discard)
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    while (event := await events.get()) is not END:
        await response.write(line(event))
    return response


def ordered(body: str) -> tuple[list[str], ar.RolloutSpec]:
    """What was asked for; what makes no sense is answered with 400."""
    try:
        order = json.loads(body)
        return list(order["groups"]), ar.RolloutSpec(**{name: order[name] for name in FIELDS if name in order})
    except (ValueError, TypeError, LookupError, ar.UsageError) as error:
        raise web.HTTPBadRequest(text=f'expected {{"groups": ["web"], "max_surge": 1}}: {error}\n') from None


async def roll(app: web.Application, groups: list[str], spec: ar.RolloutSpec, events: asyncio.Queue[object]) -> None:
    """One rollout; what goes wrong before the first change is told like any event."""
    try:
        await ar.roll_out(app[CLOUD].groups(*groups), spec, tell=events.put_nowait, halt=app[HALT])
    except ar.RolloutError as error:
        events.put_nowait(Refusal(error=str(error), code=error.code))
    finally:
        events.put_nowait(END)


async def stop(app: web.Application) -> None:
    """Before the server waits for its callers: they hang on as long as their rollouts do."""
    app[HALT].request(ar.Stop.NOW, "the service stops")
    running: set[asyncio.Task[None]] = app[RUNNING]
    await asyncio.gather(*running)


def service(**options: object) -> web.Application:
    """The application. options: those of `async_rollout.connect`."""
    app = web.Application()
    running: set[asyncio.Task[None]] = set()
    app[RUNNING] = running
    app[HALT] = ar.Halt()
    app.router.add_post("/rollouts", post_rollout)

    async def connected(app: web.Application) -> AsyncIterator[None]:
        async with ar.connect(**options) as cloud:  # type: ignore[arg-type]
            app[CLOUD] = cloud
            yield

    app.cleanup_ctx.append(connected)
    app.on_shutdown.append(stop)
    return app


if __name__ == "__main__":
    web.run_app(service(), host="127.0.0.1", port=int(sys.argv[1]))
