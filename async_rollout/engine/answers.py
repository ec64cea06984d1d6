"""A cloud's answer as the memory keeps it, and in words."""

from __future__ import annotations

from typing import assert_never

from async_rollout.core.actions import CloudAction
from async_rollout.core.memory import ActOutcome
from async_rollout.engine.ports import Answer, Done, Refused, Unknown


def said_of(outcome: ActOutcome) -> str:
    """AWS's code and words, empty where all is well."""
    return f"{outcome.code}: {outcome.message}" if outcome.code else outcome.message


def outcome_of(action: CloudAction, answer: Answer, at: float) -> ActOutcome:
    """How the act was answered. at: AWS's time of the look it rests on."""
    match answer:
        case Done():
            return ActOutcome(action=action, at=at, ok=True)
        case Unknown(why=why):
            return ActOutcome(action=action, at=at, ok=None, message=why)
        case Refused(code=code, message=message, denied=denied):
            return ActOutcome(action=action, at=at, ok=False, code=code, message=message, denied=denied)
        case _:
            assert_never(answer)
