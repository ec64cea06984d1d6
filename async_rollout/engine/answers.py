"""A cloud's answer as the belief keeps it, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from async_rollout.core.actions import Action, CloudAction
from async_rollout.core.outcomes import ActOutcome, HookOutcome
from async_rollout.engine.ports import Answer, Done, Late, Refused, Unknown


def said_of(outcome: ActOutcome) -> str:
    """AWS's code and words, empty where all is well."""
    return f"{outcome.code}: {outcome.message}" if outcome.code else outcome.message


def outcome_of(action: CloudAction, answer: Answer, at: float) -> ActOutcome:
    """How the act was answered. at: AWS's time of the look it rests on."""
    match answer:
        case Done(launched=launched, errors=errors):
            return ActOutcome(action=action, at=at, ok=True, launched=launched, errors=errors)
        case Unknown(why=why):
            return ActOutcome(action=action, at=at, ok=None, message=why)
        case Refused(code=code, message=message):
            return ActOutcome(
                action=action, at=at, ok=False, code=code, message=message, denied=answer.denied, passing=answer.passing
            )
        case Late():
            return unsent(action, at)
        case _:
            assert_never(answer)


def told_as(outcome: ActOutcome) -> str:
    """How an act was answered, in the word that events have for it."""
    return {True: "done", False: "refused", None: "unknown"}[outcome.ok]


def unsent(action: Action, at: float) -> ActOutcome:
    """The act was decided and never sent."""
    return ActOutcome(action=action, at=at, ok=False, sent=False)


def last_sent(outcomes: Sequence[ActOutcome | HookOutcome]) -> ActOutcome | None:
    """The last act that was sent."""
    return next((one for one in reversed(outcomes) if isinstance(one, ActOutcome) and one.sent), None)
