"""A deployment service on FastAPI: POST /rollouts with {"groups": ["web"]}; every event comes back as a line of JSON.

A caller that hangs up does not stop the rollout. SIGTERM stops the rollouts first: the server would wait for its
callers, and they for their rollouts. Alarms and scheduled actions then run again, what only drains serves again, and
a record is left from which the next POST goes on. Give it half a minute to stop.

    pip install fastapi uvicorn
    uvicorn --app-dir examples fastapi_service:app --port 8080
    curl -N --json '{"groups": ["web"]}' http://127.0.0.1:8080/rollouts
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from types import FrameType

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

import async_rollout as ar

END = None


class Order(BaseModel):
    """What a caller may choose; commands are not among them."""

    groups: list[str]
    max_surge: int | str = 1
    max_unavailable: int | str = 0
    check_interval: float | None = None


@contextmanager
def stopped_by_signals(halt: ar.Halt) -> Iterator[None]:
    """A signal stops the rollouts, and then does what it did: uvicorn has its own handlers, and the last one wins."""
    loop = asyncio.get_running_loop()

    def heard(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(halt.request, ar.Stop.NOW, "the service stops")
        if callable(then := before[signal.Signals(number)]):
            then(number, frame)

    before = {number: signal.signal(number, heard) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One cloud for all requests, open as long as the service lives and its rollouts need it."""
    app.state.halt, app.state.running = ar.Halt(), set()
    async with ar.connect() as app.state.cloud:
        with stopped_by_signals(app.state.halt):
            yield
        await asyncio.gather(*app.state.running)


app = FastAPI(lifespan=lifespan)


@app.post("/rollouts")
async def post_rollout(order: Order, request: Request) -> StreamingResponse:
    """Start a rollout and stream it; the rollout belongs to the service, not to this request."""
    state = request.app.state
    if state.halt.stop is not None:
        raise HTTPException(503, "the service stops")
    try:
        spec = ar.RolloutSpec(**order.model_dump(exclude={"groups"}))
    except ar.UsageError as error:
        raise HTTPException(400, str(error)) from None
    events: asyncio.Queue[object] = asyncio.Queue()
    task = asyncio.create_task(roll(request.app, order.groups, spec, events))
    state.running.add(task)
    task.add_done_callback(state.running.discard)
    return StreamingResponse(lines(events), media_type="application/x-ndjson")


async def roll(app: FastAPI, groups: list[str], spec: ar.RolloutSpec, events: asyncio.Queue[object]) -> None:
    """One rollout; what goes wrong before the first change is told like any event."""
    try:
        await ar.roll_out(app.state.cloud.groups(*groups), spec, tell=events.put_nowait, halt=app.state.halt)
    except ar.RolloutError as error:
        events.put_nowait(error)
    finally:
        events.put_nowait(END)


async def lines(events: asyncio.Queue[object]) -> AsyncIterator[bytes]:
    """Each event as one line of JSON."""
    while (event := await events.get()) is not END:
        said = {"error": str(event), "code": event.code} if isinstance(event, ar.RolloutError) else asdict(event)  # type: ignore[call-overload]
        yield json.dumps({"type": type(event).__name__, **said}, default=str).encode() + b"\n"
