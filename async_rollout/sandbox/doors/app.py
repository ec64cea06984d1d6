"""The one application behind the wire and the http door: a request in, what AWS would say out, faults included."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate

import anyio

from async_rollout.sandbox.doors import codec
from async_rollout.sandbox.doors.answers import TABLES
from async_rollout.sandbox.doors.answers.asked import Asked
from async_rollout.sandbox.doors.answers.autoscaling_templates import wanted
from async_rollout.sandbox.doors.codec import Call, Encoded
from async_rollout.sandbox.faults import HTML, Fault, FaultKind, Faults, denied, expired, refused
from async_rollout.sandbox.simulation import OWNER
from async_rollout.sandbox.state import State
from async_rollout.sandbox.templates import PERMITS
from async_rollout.sandbox.words import NOT_SIMULATED, AwsError, not_authorized, not_simulated
from async_rollout.sandbox.world import World

LOG = logging.getLogger(__name__)

THROTTLED = Fault(kind=FaultKind.THROTTLE)
"""What an empty bucket does to a call."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits so many of the world's seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. query: of its URL; headers: names in small letters."""

    body: bytes
    query: str = ""
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP response, its Date by the world's clock."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class CutError(Exception):
    """The connection has to be cut without an answer; what was asked may have been done."""


async def answer(world: World, faults: Faults, request: Request, sleep: Sleep = anyio.sleep) -> Response:
    """Answer one request as AWS would. Raises CutError.

    Time passes in here while AWS works on a launch, else only by a fault: one that delays, before the call is done; one
    that cuts, after it.
    """
    world.advance()
    id = _request_id(world)
    try:
        call = codec.decode(request.query, request.body, request.headers)
    except codec.UndecodableError as wrong:
        return _refused(world, id, wrong.protocol, wrong)
    if call.operation not in TABLES[call.service]:
        return _refuse(world, call, id, not_simulated(f"{call.service}:{call.operation}"))
    name = f"{call.service}:{call.operation}"
    world.calls[name] += 1
    fault = faults.verdict(name)
    if fault is None and not world.buckets.admit(call.service, call.operation, world.now):
        fault = THROTTLED
    if fault is None and (template := wanted(call.params)) and faults.withholds(PERMITS):
        return _refuse(world, call, id, not_authorized(template))
    if fault is not None and fault.kind is FaultKind.DELAY:
        await sleep(fault.seconds)
    try:
        told = _befall(world, faults, call, fault, id)
    except CutError:
        await sleep(fault.silent if fault else 0.0)
        raise
    if works := _works(world, call, told):
        await sleep(works)
    return told


def _works(world: World, call: Call, told: Response) -> float:
    """For how many seconds AWS works on a call that it has taken, before it answers: launches alone take their time."""
    if told.status != 200 or call.operation != "LaunchInstances":
        return 0.0
    return max(0.0, world.tokens.answered_at(call.params["ClientToken"]) - world.now)


def _befall(world: World, faults: Faults, call: Call, fault: Fault | None, id: str) -> Response:
    """Do the call, unless its fault comes before."""
    match fault.kind if fault else None:
        case FaultKind.RESET:
            raise CutError
        case FaultKind.THROTTLE:
            return _refuse(world, call, id, _throttled(call))
        case FaultKind.ERROR_500:
            return _refuse(world, call, id, _failed(call))
        case FaultKind.HTML_503:
            return Response(status=503, headers={"date": _date(world), "content-type": "text/html"}, body=HTML)
        case FaultKind.LOST_ANSWER:
            _done(world, call, world.look(), id)
            raise CutError
        case FaultKind.GARBLED:
            whole = _done(world, call, world.look(), id)
            return replace(whole, body=faults.garbled(whole.body)) if whole.status == 200 else whole
        case FaultKind.EXPIRED:
            return _refuse(world, call, id, _as_json(call, expired()))
        case FaultKind.DENIED:
            return _refuse(world, call, id, _as_json(call, denied(f"{call.service}:{call.operation}")))
        case FaultKind.REFUSED | FaultKind.CONTENDED if fault is not None:
            return _refuse(world, call, id, refused(fault))
        case FaultKind.STALE if fault is not None:
            return _done(world, call, world.look(fault.seconds), id)
        case FaultKind.GAP | FaultKind.EMPTY as kind:
            return _done(world, call, faults.partial(world.look(), kind), id)
    return _done(world, call, world.look(), id)


def _done(world: World, call: Call, state: State, id: str) -> Response:
    asked = Asked(world=world, state=state, params=call.params, who=OWNER)
    try:
        told = TABLES[call.service][call.operation](asked)
        asked.for_real()
        written = codec.encode(call, told, id)
    except AwsError as no:
        return _refuse(world, call, id, no)
    return _response(world, id, written)


def _refuse(world: World, call: Call, id: str, error: AwsError) -> Response:
    return _refused(world, id, codec.protocol(call.service), error)


def _refused(world: World, id: str, protocol: str, error: AwsError) -> Response:
    """What the sandbox cannot do is told where it runs too: the client may hide it."""
    if error.code == NOT_SIMULATED:
        LOG.warning("%s", error.message)
    return _response(world, id, codec.encode_error(protocol, error, id))


def _response(world: World, id: str, written: Encoded) -> Response:
    headers = {"date": _date(world), "x-amzn-requestid": id, "content-type": written.content_type}
    return Response(status=written.status, headers=headers, body=written.body)


def _throttled(call: Call) -> AwsError:
    match codec.protocol(call.service):
        case "ec2":
            return AwsError("RequestLimitExceeded", "Request limit exceeded.", 503)
        case "json":
            return AwsError("ThrottlingException", "Rate exceeded")
        case _:
            return AwsError("Throttling", "Rate exceeded")


def _failed(call: Call) -> AwsError:
    if codec.protocol(call.service) == "json":
        return AwsError("ServerException", "Service Unavailable. Please try again later.", 500)
    return internal_failure()


def _as_json(call: Call, error: AwsError) -> AwsError:
    """Services that speak JSON end the code with "Exception", and know two statuses only."""
    if codec.protocol(call.service) != "json":
        return error
    return AwsError(f"{error.code}Exception", error.message, 400)


def internal_failure(why: str = "") -> AwsError:
    return AwsError("InternalFailure", why or "An internal error occurred. Please try again later.", 500)


def _date(world: World) -> str:
    return formatdate(world.now, usegmt=True)


def _request_id(world: World) -> str:
    """Another one each time, the same in the same world."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{world.seed} {world.calls.total()}"))
