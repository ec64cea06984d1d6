"""The wire door: an aioboto3 session whose clients talk to a world without a socket, in any event loop, virtual too.

botocore's `before-send` event takes the request off the client, signed and serialised, and puts the world's answer in
place of the network's; the client cannot tell. Broken connections surface as botocore's own exceptions.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aioboto3  # type: ignore[import-untyped]
import anyio
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.session import AioSession
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from async_rollout.sandbox.doors import codec
from async_rollout.sandbox.doors.app import CutError, Request, Response, answer
from async_rollout.sandbox.faults import Faults
from async_rollout.sandbox.world import World

Latency = tuple[float, float]

READ_TIMEOUT = 60.0
"""botocore's own default for `read_timeout`, seconds."""


def session(
    world: World,
    faults: Faults | None = None,
    *,
    latency: Latency = (0.05, 0.2),
    read_timeout: float = READ_TIMEOUT,
) -> aioboto3.Session:
    """An aioboto3 session on `world`; it has credentials and a region, and reads no environment and no file.

    latency: least and most seconds of a call, slept by the running loop, half of it before the world is asked.
    read_timeout: an answer that takes longer is botocore's ReadTimeoutError, whatever a client's own limit.
    """
    inner = _isolated()
    door = _Door(world, faults or Faults(world), latency, read_timeout)
    inner.get_component("event_emitter").register_first("before-send", door.send)
    return aioboto3.Session(
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
        region_name=world.region,
        botocore_session=inner,
    )


OUTSIDE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, "/dev/null", None),
    "credentials_file": (None, None, "/dev/null", None),
}
"""botocore's variables that name files or parts of them: (key in the file, in the environment, default, conversion)."""


def _isolated() -> AioSession:
    """No file of the machine is read. All sessions share the model files; botocore's own way with times is slow."""
    inner = AioSession(session_vars=OUTSIDE)
    inner.register_component("data_loader", codec.loader())
    inner.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
    return inner


def _moment(told: str | float) -> datetime:
    """XML has times as texts, JSON as seconds of the epoch."""
    return datetime.fromisoformat(told) if isinstance(told, str) else datetime.fromtimestamp(told, UTC)


class _Door:
    """Takes the requests of one session."""

    def __init__(self, world: World, faults: Faults, latency: Latency, read_timeout: float) -> None:
        self._world = world
        self._faults = faults
        self._latency = latency
        self._read_timeout = read_timeout
        self._rng = random.Random(f"latency {world.seed}")

    async def send(self, request: AWSPreparedRequest, **_: Any) -> AioAWSResponse:
        """In place of the network."""
        half = self._rng.uniform(*self._latency) / 2
        try:
            with anyio.fail_after(self._read_timeout):
                await anyio.sleep(half)
                got = await answer(self._world, self._faults, _request(request))
                await anyio.sleep(half)
        except TimeoutError as late:
            raise ReadTimeoutError(endpoint_url=request.url, error=late) from late
        except CutError as cut:
            raise ConnectionClosedError(endpoint_url=request.url, request=request, error=cut) from cut
        return _response(request.url, got)


def _request(request: AWSPreparedRequest) -> Request:
    body: Any = request.body or b""
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    return Request(body=_bytes(body), query=urlsplit(request.url).query, headers=headers)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


class _Raw:
    """What AioAWSResponse reads its body from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self) -> bytes:
        return self._body


def _response(url: str, got: Response) -> AioAWSResponse:
    return AioAWSResponse(url, got.status, HTTPHeaders.from_dict(got.headers), _Raw(got.body))
