"""What went wrong with one call, and what that says about whether it was done.

Pure: an exception of botocore, aiohttp or the loop becomes a `Fault` of one of seven kinds. `throttle` repeats by kind,
`act` and `cloud` answer by kind. AWS's own code and words are kept.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from enum import Enum
from json import JSONDecodeError

import aiohttp
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from async_rollout.aws.calls import Call, Rejection
from async_rollout.errors import CredentialsError, RolloutError, UnseenError


class FaultKind(Enum):
    """What is known of a call that brought no good answer."""

    BUSY = "throttled, certainly not done"
    UNSENT = "never reached AWS"
    CONTENDED = "another change was in AWS's way"
    LOST = "may have been done"
    DENIED = "no permission"
    REFUSED = "AWS said no"
    LATE = "not sent: too late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """code and message are AWS's own where AWS answered; request: the id by which its support finds the call."""

    kind: FaultKind
    code: str
    message: str
    request: str = ""

    @property
    def words(self) -> str:
        """The message as people are told it."""
        return f"{self.message} (request {self.request})" if self.request else self.message


class CallFailedError(Exception):
    """One call brought no good answer. Stays within this folder."""

    def __init__(self, call: Call, fault: Fault) -> None:
        super().__init__(f"{call.operation}: {fault.code}: {fault.words}")
        self.call = call
        self.fault = fault

    @property
    def not_found(self) -> bool:
        """AWS knows no such thing as the call is about. No answer, or a denied one, says nothing of the kind."""
        return self.fault.kind is FaultKind.REFUSED and self.fault.code.removesuffix("Exception") in self.call.api.gone

    @property
    def forbidden(self) -> bool:
        """A policy does not let these credentials do this. That they have expired, say, is nothing of the kind."""
        return self.fault.kind is FaultKind.DENIED and _forbids(self.fault.code)


THROTTLED = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "RequestLimitExceeded", "TooManyRequestsException", "EC2ThrottledException", "PriorRequestNotComplete",
    "DependencyThrottle", "SlowDown",
})  # fmt: skip
CONTENDED = frozenset(
    {"ResourceContention", "ResourceContentionFault", "ScalingActivityInProgress", "ScalingActivityInProgressFault"}
)
UNDER_WAY = frozenset({"IdempotentCallInProgress", "IdempotentCallInProgressFault"})
"""The same call, sent before, is not through: what comes of it the same again will say."""
BROKEN = frozenset({"InternalFailure", "InternalError", "ServiceUnavailable", "Unavailable", "HealthUnavailable"})
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
DENIED = EXPIRED | frozenset({
    "InvalidClientTokenId", "UnrecognizedClientException", "AccessDenied", "AccessDeniedException",
    "UnauthorizedOperation", "UnauthorizedAccess", "AuthFailure", "SignatureDoesNotMatch", "InvalidAccessKeyId",
    "InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "OptInRequired", "NotAuthorized", "RequestTimeTooSkewed",
})  # fmt: skip
CANONICAL = "The Canonical String for this request"
"""Where AWS doubts a signature it quotes the whole request after these words, the session token included."""

_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.ProfileNotFound,
    boto.ConfigNotFound,
    boto.ConfigParseError,
    boto.InvalidConfigError,
    boto.InfiniteLoopConfigError,
    boto.SSOError,
    boto.TokenRetrievalError,
    boto.NoAuthTokenError,
    boto.RefreshWithMFAUnsupportedError,
    boto.MetadataRetrievalError,
    JSONDecodeError,  # a credential_process that prints anything else; what AWS answers botocore has read by then
)
_BEFORE_SENDING = (boto.ConnectTimeoutError, boto.ProxyConnectionError, boto.SSLError)
_NO_ANSWER = (boto.HTTPClientError, ResponseParserError, aiohttp.ClientError, OSError)


def fault_of(error: Exception) -> Fault | None:
    """What an exception says of the call; None for one that is no answer of AWS or of the way there (our own bug)."""
    match error:
        case boto.ClientError():
            return _answered(error)
        case _ if isinstance(error, _NO_CREDENTIALS) or _still_expired(error):
            return _without_credentials(error)
        case boto.EndpointConnectionError():
            return _named(FaultKind.UNSENT if _no_connection(error) else FaultKind.LOST, error)
        case _ if isinstance(error, _BEFORE_SENDING):
            return _named(FaultKind.UNSENT, error)
        case TimeoutError() if not str(error):
            return Fault(kind=FaultKind.LOST, code="TimeoutError", message="no answer in time")
        case _ if isinstance(error, _NO_ANSWER):
            return _named(FaultKind.LOST, error)
        case boto.BotoCoreError():
            return _named(FaultKind.REFUSED, error)
        case _:
            return None


def fault_in(no: Rejection) -> Fault:
    """A no inside a reply that says 200: of what it is about nothing was done, where it is an answer at all."""
    told = FaultKind.CONTENDED if no.passing else FaultKind.REFUSED
    return Fault(kind=FaultKind.LOST if no.unanswered else told, code=no.code, message=no.message)


def _answered(error: boto.ClientError) -> Fault:
    code = str(error.response.get("Error", {}).get("Code", "Unknown"))
    message = str(error.response.get("Error", {}).get("Message", error)).partition(CANONICAL)[0].strip()
    about = error.response.get("ResponseMetadata", {})
    kind = _kind(code, int(about.get("HTTPStatusCode", 0)))
    return Fault(kind=kind, code=code, message=message, request=str(about.get("RequestId", "")))


def _kind(code: str, status: int) -> FaultKind:
    if code in THROTTLED or status == 429:
        return FaultKind.BUSY
    if code in CONTENDED:
        return FaultKind.CONTENDED
    if code in DENIED:
        return FaultKind.DENIED
    return FaultKind.LOST if code in BROKEN | UNDER_WAY or status >= 500 else FaultKind.REFUSED


def _named(kind: FaultKind, error: Exception) -> Fault:
    return Fault(kind=kind, code=type(error).__name__, message=" ".join(str(error).split())[:500])


def _without_credentials(error: Exception) -> Fault:
    """Expiry is named in one way, since it may be mended beside us; botocore only says it in the message."""
    fault = _named(FaultKind.DENIED, error)
    return replace(fault, code="ExpiredToken") if "expired" in fault.message.casefold() else fault


def _no_connection(error: boto.EndpointConnectionError) -> bool:
    """aiobotocore gives this name to a reset in mid-answer too; only the cause inside tells them apart."""
    return isinstance(
        error.kwargs.get("error"), (aiohttp.ClientConnectorError, socket.gaierror, ConnectionRefusedError)
    )


def _still_expired(error: Exception) -> bool:
    """botocore raises a bare RuntimeError when refreshed credentials are expired as well."""
    return isinstance(error, RuntimeError) and "credentials" in str(error).casefold()


def as_seen(failed: CallFailedError) -> RolloutError:
    """The error that a look ends with."""
    fault = failed.fault
    if fault.kind is FaultKind.DENIED:
        return CredentialsError(f"{failed}. {_help(failed.call, fault.code)}")
    return UnseenError(str(failed))


def _forbids(code: str) -> bool:
    return code.startswith(("Access", "Unauthorized", "NotAuthorized")) and not code.endswith("Error")


def _help(call: Call, code: str) -> str:
    if code in EXPIRED:
        return "The credentials have expired: renew them (or use a profile that renews itself) and start again."
    if _forbids(code):
        return f"Allow {call.api.permission(call.operation)} for these credentials."
    return "Check the credentials: environment, profile or instance role, and the clock of this machine."
