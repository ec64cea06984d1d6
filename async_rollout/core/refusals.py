"""What AWS refuses, folded by act: the same words again and again are an answer, not a fault that passes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from async_rollout.core.actions import (
    Action,
    Deregister,
    EnterStandby,
    Erase,
    Launch,
    Record,
    Register,
    SetCapacity,
    Terminate,
)
from async_rollout.core.belief import Belief, Refusal
from async_rollout.core.outcomes import ActOutcome
from async_rollout.core.policy import OUTLASTED, REFUSED
from async_rollout.core.wording import words_of

LAUNCHES = "launch instances"
_REQUEST = re.compile(r" \(request [^)]*\)$")
"""The id of a request is another one each time."""


def key_of(action: Action) -> str:
    """What an act is about: the same again has the same key, whatever number it carries."""
    name = type(action).__name__
    match action:
        case Terminate(instance=id) | EnterStandby(instance=id):
            return f"{name} {id}"
        case Deregister(registrations=ones) | Register(registrations=ones):
            return f"{name} {' '.join(sorted({one.instance for one in ones}))}"
        case SetCapacity(desired=desired):
            return f"{name} {'maximum' if desired is None else 'desired'}"
        case _:
            return name


def heard(refusals: Mapping[str, Refusal], outcome: ActOutcome) -> Mapping[str, Refusal]:
    """The refusals after one more answer: taken ends it, other words begin anew, no answer says nothing.

    What is denied is no refusal of the act: credentials may be renewed, and a permission has a cause of its own.
    """
    key = key_of(outcome.action)
    if not outcome.sent or outcome.ok is None or outcome.denied:
        return refusals
    if outcome.ok:
        return {other: one for other, one in refusals.items() if other != key} if key in refusals else refusals
    said = _words(outcome)
    before = refusals.get(key)
    again = before is not None and before.said == said
    fresh = Refusal(
        act=_named(outcome.action),
        said=said,
        at=before.at if before and again else outcome.at,
        count=before.count + 1 if before and again else 1,
        last=outcome.at,
        passing=outcome.passing,
    )
    return {**refusals, key: fresh}


def _named(action: Action) -> str:
    """What is refused, in words that are the same for the same again."""
    match action:
        case Record():
            return "write the record"
        case Launch():
            return LAUNCHES
        case _:
            return words_of(action)


def _words(outcome: ActOutcome) -> str:
    return f"{outcome.code}: {_REQUEST.sub('', outcome.message)}"


def is_repeated(belief: Belief, outcome: ActOutcome) -> bool:
    """AWS has refused this act in these very words before, and has taken it at no time since: it was told."""
    key, denied = key_of(outcome.action), belief.denied
    if outcome.denied:
        return denied is not None and key_of(denied.action) == key and _words(denied) == _words(outcome)
    before = belief.refusals.get(key)
    return outcome.ok is False and before is not None and before.said == _words(outcome)


def standing(belief: Belief, at: float) -> Iterator[Refusal]:
    """Those that waiting does not help against any more."""
    for one in belief.refusals.values():
        if one.act in (words_of(Erase()), LAUNCHES):
            continue  # all is done by then, see `tags_stay`; there is another way, see `launch_answers`
        if (OUTLASTED if one.passing else REFUSED).reached(looks=one.count, seconds=at - one.at):
            yield one


def is_for_good(denied: ActOutcome) -> bool:
    """A permission that is missing stays missing; credentials that expired may be renewed beside us."""
    return "expired" not in denied.code.casefold()


def is_allowed(belief: Belief, outcome: ActOutcome) -> bool:
    """AWS has taken the very act that it denied, or any, where only the credentials had expired."""
    denied = belief.denied
    again = denied is not None and (not is_for_good(denied) or key_of(denied.action) == key_of(outcome.action))
    return again and outcome.ok is True


def tags_stay(belief: Belief, at: float) -> str | None:
    """AWS's words if it does not let us take our tags off."""
    denied, one = belief.denied, belief.refusals.get(key_of(Erase()))
    if denied is not None and isinstance(denied.action, Erase) and is_for_good(denied):
        return f"{denied.code}: {denied.message}"
    if one is None:
        return None
    standing = any(rule.reached(looks=one.count, seconds=at - one.at) for rule in (OUTLASTED, REFUSED))
    return one.said if standing else None


def sentence(refusal: Refusal) -> str:
    """AWS's own words, and what they are about."""
    return f"AWS refuses to {refusal.act}: {refusal.said}"


def refused(belief: Belief, action: Action) -> Refusal | None:
    """AWS's no to the last act of this kind: nothing came of it."""
    return belief.refusals.get(key_of(action))
