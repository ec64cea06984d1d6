"""What was asked of LaunchInstances with a client token and how it was answered: the same again is told the same.

AWS keeps a token for eight hours. A call that was refused before anything was launched leaves none.
"""

from __future__ import annotations

from dataclasses import dataclass

from async_rollout.sandbox.records import Instance
from async_rollout.sandbox.words import AwsError

KEPT_FOR = 8 * 3600.0
"""Seconds (LaunchInstances' documents)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """What is asked, but for its token. retry: AWS shall go on with what failed, by the group's own control loop."""

    group: str
    zone: str | None
    count: int
    retry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchFailure:
    """Why instances did not come, in AWS's code and words; several for the same reason are one."""

    code: str
    message: str
    instance_type: str
    zone: str
    subnet: str
    market: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchAnswer:
    """instances: those that came, as they were then. ready_at: when AWS gives the answer (epoch seconds)."""

    group: str
    token: str
    market: str
    instances: tuple[Instance, ...]
    errors: tuple[LaunchFailure, ...]
    ready_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    asked: LaunchRequest
    outcome: LaunchAnswer | AwsError
    until: float


class LaunchTokens:
    """The tokens of one account and region."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def recall(self, token: str, asked: LaunchRequest, now: float) -> LaunchAnswer | None:
        """The answer that the token has already, None: it is new, or forgotten.

        Raises AwsError: other parameters, the first call is not answered yet, or how it was refused.
        """
        kept = self._kept.get(token)
        if kept is None or kept.until <= now:
            return None
        if kept.asked != asked:
            raise AwsError(
                "IdempotentParameterMismatch",
                f"The client token {token} was used before, in a request with other parameters.",
            )
        if isinstance(kept.outcome, AwsError):
            raise AwsError(kept.outcome.code, kept.outcome.message, kept.outcome.status)
        if now < kept.outcome.ready_at:
            words = f"Another request with the client token {token} is being processed."
            raise AwsError("IdempotentCallInProgress", words, 500)
        return kept.outcome

    def keep(self, token: str, asked: LaunchRequest, outcome: LaunchAnswer | AwsError, now: float) -> None:
        self._kept[token] = _Kept(asked=asked, outcome=outcome, until=now + KEPT_FOR)

    def answered_at(self, token: str) -> float:
        """When AWS gives the answer to the call that brought this token; long ago where there is none."""
        kept = self._kept.get(token)
        return kept.outcome.ready_at if kept is not None and isinstance(kept.outcome, LaunchAnswer) else 0.0
