"""A deployment service: POST /rollouts with {"groups": ["web", "api"]}; the answer streams every event as a line of JSON.

A caller that hangs up does not stop the rollout; a second POST for a group that is being rolled is told so (the
group's lease says 5). When the service stops, its rollouts stop safely: each leaves a record, and the next POST for
that group, here or elsewhere, goes on from it.

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

CLOUD = web.AppKey("CLOUD", object)
RUNNING = web.AppKey("RUNNING", set)
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
    order = await request.json()
    try:
        spec = ar.RolloutSpec(max_surge=order.get("max_surge", 1), check_interval=order.get("check_interval", 5.0))
    except ar.UsageError as error:
        raise web.HTTPBadRequest(text=str(error)) from None
    events: asyncio.Queue[object] = asyncio.Queue()
    task = asyncio.create_task(roll(request.app, order["groups"], spec, events))
    request.app[RUNNING].add(task)
    task.add_done_callback(request.app[RUNNING].discard)
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    while (event := await events.get()) is not END:
        await response.write(line(event))
    return response


async def roll(app: web.Application, groups: list[str], spec: ar.RolloutSpec, events: asyncio.Queue[object]) -> None:
    """One rollout; what goes wrong before the first change is told like any event."""
    try:
        await ar.roll_out(app[CLOUD].groups(*groups), spec, tell=events.put_nowait)  # type: ignore[attr-defined]
    except ar.RolloutError as error:
        events.put_nowait(Refusal(error=str(error), code=error.code))
    finally:
        events.put_nowait(END)


def service(**options: object) -> web.Application:
    """The application. options: those of `async_rollout.connect`."""
    app = web.Application()
    app[RUNNING] = set()
    app.router.add_post("/rollouts", post_rollout)

    async def connected(app: web.Application) -> AsyncIterator[None]:
        async with ar.connect(**options) as cloud:  # type: ignore[arg-type]
            app[CLOUD] = cloud
            yield
            for task in list(app[RUNNING]):
                task.cancel()
            await asyncio.gather(*app[RUNNING], return_exceptions=True)

    app.cleanup_ctx.append(connected)
    return app


if __name__ == "__main__":
    web.run_app(service(), host="127.0.0.1", port=int(sys.argv[1]))
