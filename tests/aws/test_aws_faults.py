"""What went wrong with a call, whoever said so: AWS's words and the errors of the way there have one kind each."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from async_rollout.aws.calls import autoscaling
from async_rollout.aws.faults import CallFailedError, FaultKind, as_seen, fault_of
from async_rollout.aws.traffic.target_group import ELBV2
from async_rollout.errors import CredentialsError, UnseenError


def connector(error: OSError) -> aiohttp.ClientConnectorError:
    key: Any = type("Key", (), {"host": "h", "port": 443, "ssl": True, "is_ssl": True})()
    return aiohttp.ClientConnectorError(key, error)


def endpoint(cause: Exception) -> boto.EndpointConnectionError:
    return boto.EndpointConnectionError(endpoint_url="https://x", error=cause)


KINDS = [
    ("Throttling", 400, FaultKind.BUSY),
    ("RequestLimitExceeded", 503, FaultKind.BUSY),
    ("ThrottlingException", 400, FaultKind.BUSY),
    ("Whatever", 429, FaultKind.BUSY),
    ("ResourceContention", 500, FaultKind.CONTENDED),
    ("InternalFailure", 500, FaultKind.LOST),
    ("InternalError", 500, FaultKind.LOST),
    ("ServiceUnavailable", 503, FaultKind.LOST),
    ("SomethingNew", 502, FaultKind.LOST),
    ("503", 503, FaultKind.LOST),
    ("Unavailable", 400, FaultKind.LOST),
    ("ExpiredToken", 403, FaultKind.DENIED),
    ("ExpiredTokenException", 400, FaultKind.DENIED),
    ("RequestExpired", 400, FaultKind.DENIED),
    ("InvalidClientTokenId", 403, FaultKind.DENIED),
    ("UnrecognizedClientException", 400, FaultKind.DENIED),
    ("AccessDenied", 403, FaultKind.DENIED),
    ("UnauthorizedOperation", 403, FaultKind.DENIED),
    ("ValidationError", 400, FaultKind.REFUSED),
    ("ScalingActivityInProgress", 400, FaultKind.CONTENDED),
    ("IdempotentCallInProgress", 400, FaultKind.LOST),
    ("IdempotentParameterMismatch", 400, FaultKind.REFUSED),
]


@pytest.mark.parametrize(("code", "status", "kind"), KINDS)
def test_aws_words_tell_the_kind(refused: Any, code: str, status: int, kind: FaultKind) -> None:
    fault = fault_of(refused(code, "the words", status))
    assert fault is not None
    assert (fault.kind, fault.code, fault.message) == (kind, code, "the words")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (boto.NoCredentialsError(), FaultKind.DENIED),
        (
            RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired."),
            FaultKind.DENIED,
        ),
        (endpoint(connector(ConnectionRefusedError(111, "refused"))), FaultKind.UNSENT),
        (endpoint(aiohttp.ClientOSError(104, "reset by peer")), FaultKind.LOST),
        (boto.ConnectTimeoutError(endpoint_url="https://x"), FaultKind.UNSENT),
        (boto.ReadTimeoutError(endpoint_url="https://x"), FaultKind.LOST),
        (boto.ConnectionClosedError(endpoint_url="https://x"), FaultKind.LOST),
        (ResponseParserError("<html> is no XML"), FaultKind.LOST),
        (ConnectionResetError(104, "reset"), FaultKind.LOST),
        (TimeoutError(), FaultKind.LOST),
        (boto.ParamValidationError(report="bad"), FaultKind.REFUSED),
    ],
)
def test_errors_of_the_way_tell_the_kind(error: Exception, kind: FaultKind) -> None:
    fault = fault_of(error)
    assert fault is not None
    assert fault.kind is kind


def test_the_id_of_the_request_is_told() -> None:
    about = {"HTTPStatusCode": 400, "RequestId": "7c1d-9"}
    error = boto.ClientError({"Error": {"Code": "ValidationError", "Message": "no"}, "ResponseMetadata": about}, "X")
    fault = fault_of(error)
    assert fault is not None
    assert (fault.message, fault.words) == ("no", "no (request 7c1d-9)")
    assert str(CallFailedError(autoscaling("X"), fault)) == "X: ValidationError: no (request 7c1d-9)"


def test_expiry_has_one_name_whoever_notices_it() -> None:
    fault = fault_of(RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired."))
    assert fault is not None
    assert fault.code == "ExpiredToken"


def test_our_own_bugs_are_no_fault_of_aws() -> None:
    assert fault_of(KeyError("x")) is None
    assert fault_of(RuntimeError("something else")) is None


def test_a_look_names_the_permission_that_is_missing(refused: Any) -> None:
    fault = fault_of(refused("AccessDenied", "User: x is not authorized"))
    assert fault is not None
    error = as_seen(CallFailedError(ELBV2.call("DescribeTargetHealth"), fault))
    assert isinstance(error, CredentialsError)
    assert "User: x is not authorized" in str(error)
    assert "Allow elasticloadbalancing:DescribeTargetHealth" in str(error)
    assert "Allow autoscaling:LaunchInstances" in str(as_seen(CallFailedError(autoscaling("LaunchInstances"), fault)))
    lost = fault_of(TimeoutError())
    assert lost is not None
    assert isinstance(as_seen(CallFailedError(autoscaling("DescribeAutoScalingGroups"), lost)), UnseenError)
