"""The wire formats of AWS: bytes to a call, an answer or an error back to bytes. Knows no world.

moto's model-driven codec does it with botocore's own service models; no moto backend is imported. It is private
machinery of moto, so its version is pinned exactly. Services that speak JSON go by `json_wire`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape, quoteattr

import moto
from botocore.loaders import Loader
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import SerializationContext, get_serializer_class

from async_rollout.newer import MODELS
from async_rollout.sandbox.doors import json_wire
from async_rollout.sandbox.doors.checked import check
from async_rollout.sandbox.words import AwsError, not_simulated

MOTO = "5.2.5"
if moto.__version__ != MOTO:
    raise ImportError(f"the sandbox's codec needs moto {MOTO} exactly, found {moto.__version__}")

SERVICES = {
    "2011-01-01": "autoscaling",
    "2012-06-01": "elb",
    "2015-12-01": "elbv2",
    "2016-11-15": "ec2",
    "2011-06-15": "sts",
}
"""By API version: it is in each request, and alone tells classic load balancers from their second version."""

XML_ERROR = "text/xml"
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry, not even escaped; AWS replaces it too."""

SIGNATURE = ("X-Amz-", "AWSAccessKeyId", "Signature", "Timestamp", "SecurityToken", "Expires")
"""How the names of those begin that sign a request in its query."""

Params = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, understood. params are in the shape that botocore's model gives them."""

    service: str
    operation: str
    params: Params


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An answer as it goes over the wire."""

    status: int
    content_type: str
    body: bytes


TODAY = str(Path(__file__).parents[1] / "models")
"""What AWS knows today and the clients here do not: their parser drops it, and they cannot send it."""


@cache
def loader() -> Loader:
    """What a client here reads with: the model files never change, and the large ones take 50 ms and more."""
    return Loader(extra_search_paths=[MODELS])


@cache
def service_model(service: str) -> ServiceModel:
    """As AWS has it today."""
    today = Loader(extra_search_paths=[MODELS, TODAY])
    today.extras_types.append("today")
    return ServiceModel(today.load_service_model(service, "service-2"), service)


def decode(query: str, body: bytes, headers: Mapping[str, str]) -> Call:
    """Understand a request of the query, ec2 or JSON protocol.

    Raises UndecodableError with what can be told of the call, when it is none of ours or is not well formed.
    """
    if (called := json_wire.called(headers)) is not None:
        return _json_call(*called, body)
    values = dict(parse_qsl(query, keep_blank_values=True))
    values |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    action, version = values.pop("Action", ""), values.pop("Version", "")
    service = SERVICES.get(version)
    if service is None:
        raise _foreign(headers, action, version)
    if action not in service_model(service).operation_names:
        raise unknown_action(service, action)
    return Call(service=service, operation=action, params=_params(service, operation_model(service, action), values))


def _json_call(service: str, action: str, body: bytes) -> Call:
    if action not in service_model(service).operation_names:
        raise unknown_action(service, action)
    try:
        params = json_wire.read(body, operation_model(service, action))
    except AwsError as refused:
        raise UndecodableError("json", refused.message, refused.code, refused.status) from refused
    return Call(service=service, operation=action, params=params)


def _params(service: str, operation: OperationModel, values: Mapping[str, str]) -> Params:
    written = protocol(service)
    parser: Any = PROTOCOL_PARSERS[written](operation)
    try:
        params: Params = parser.parse({"values": values})
    except Exception as wrong:  # moto's parser takes well-formed requests only, and fails in many ways
        raise UndecodableError(written, f"the request cannot be read: {wrong}", code="MalformedInput") from wrong
    try:
        _known_only(values, operation, parser)
        if operation.input_shape is not None:
            check(params, operation.input_shape, written)
    except AwsError as refused:
        raise UndecodableError(written, refused.message, refused.code, refused.status) from refused
    return params


def _known_only(values: Mapping[str, str], operation: OperationModel, parser: Any) -> None:
    """A parameter that is newer than the model would be lost without a word."""
    members = operation.input_shape.members if operation.input_shape else {}
    known = {parser._get_serialized_name(shape, name).partition(".")[0] for name, shape in members.items()}
    lost = {name.partition(".")[0] for name in values} - known
    if lost := {name for name in lost if not name.startswith(SIGNATURE)}:
        raise not_simulated(f"{', '.join(sorted(lost))} of {operation.service_model.service_name}:{operation.name}")


class UndecodableError(AwsError):
    """A request that is none of ours or makes no sense; protocol: how its error has to be written."""

    def __init__(self, protocol: str, message: str, code: str, status: int = 400) -> None:
        super().__init__(code, message, status)
        self.protocol = protocol


def _foreign(headers: Mapping[str, str], action: str, version: str) -> UndecodableError:
    """Of a service that is none of the sandbox's, named as far as the request names it."""
    called = headers.get("x-amz-target") or f"{action or 'a call'} of API version {version or 'unknown'}"
    refused = not_simulated(called)
    return UndecodableError(_guess(headers), refused.message, refused.code, refused.status)


def unknown_action(service: str, action: str) -> UndecodableError:
    """A name that the pinned model lacks may be one of today's: what cannot be told apart is called no mistake."""
    if not action:
        return UndecodableError(protocol(service), "The request must contain the parameter Action", "MissingAction")
    refused = not_simulated(f"{service}:{action}")
    return UndecodableError(protocol(service), refused.message, refused.code, refused.status)


def operation_model(service: str, operation: str) -> OperationModel:
    model: OperationModel = service_model(service).operation_model(operation)
    return model


def protocol(service: str) -> str:
    """How the service's requests and answers are written: "query", "ec2" or "json"."""
    return str(service_model(service).protocol)


def _guess(headers: Mapping[str, str]) -> str:
    return "json" if "json" in headers.get("content-type", "") else "query"


def encode(call: Call, answer: Params, request: str) -> Encoded:
    """Write an answer in the operation's output shape; request: the request's id."""
    if protocol(call.service) == "json":
        text = json_wire.write(answer, operation_model(call.service, call.operation))
        return Encoded(status=200, content_type=json_wire.CONTENT_TYPE, body=text.encode())
    serializer: Any = get_serializer_class(call.service, protocol(call.service))
    writer = serializer(
        operation_model(call.service, call.operation), SerializationContext(request), value_picker=_pick
    )
    writer._serialize_body = _document  # moto's own way to text takes three times as long
    written = writer.serialize(answer)
    return Encoded(status=200, content_type=written["headers"]["Content-Type"], body=written["body"].encode())


def _document(tree: Mapping[str, Any]) -> str:
    """moto's tree as XML: a key is an element, a key with @ an attribute, a list is one element repeated."""
    parts: list[str] = []
    for tag, value in tree.items():
        _element(parts, tag, value)
    return NOT_XML.sub("\ufffd", "".join(parts))


def _element(parts: list[str], tag: str, value: Any) -> None:
    if isinstance(value, list):
        for one in value:
            _element(parts, tag, one)
    elif isinstance(value, dict):
        attributes = "".join(f" {key[1:]}={quoteattr(text)}" for key, text in value.items() if key[0] == "@")
        parts.append(f"<{tag}{attributes}>")
        for key, inner in value.items():
            if key[0] != "@":
                _element(parts, key, inner)
        parts.append(f"</{tag}>")
    else:
        parts.append(f"<{tag}>{escape(str(value))}</{tag}>")


def _pick(asked: Any) -> Any:
    """moto would guess at several names for a member; an answer here has the model's own."""
    return asked.obj.get(asked.key)


def encode_error(protocol: str, error: AwsError, request: str) -> Encoded:
    """Write an error by hand: moto warns of each code that the service's model does not name, as most do not."""
    writer, content_type = _ERRORS[protocol]
    text = NOT_XML.sub("\ufffd", writer(error, request))
    return Encoded(status=error.status, content_type=content_type, body=text.encode())


def _query_error(error: AwsError, request: str) -> str:
    side = "Sender" if error.status < 500 else "Receiver"
    return (
        f"<ErrorResponse><Error><Type>{side}</Type><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(error.message)}</Message></Error><RequestId>{request}</RequestId></ErrorResponse>"
    )


def _ec2_error(error: AwsError, request: str) -> str:
    return (
        f"<Response><Errors><Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
        f"</Error></Errors><RequestID>{request}</RequestID></Response>"
    )


def _json_error(error: AwsError, request: str) -> str:
    return json_wire.error(error)


_ERRORS: dict[str, tuple[Callable[[AwsError, str], str], str]] = {
    "query": (_query_error, XML_ERROR),
    "ec2": (_ec2_error, XML_ERROR),
    "json": (_json_error, json_wire.CONTENT_TYPE),
}
