"""The first part of a way out: taken out of every source, until they have all let go of it.

What of it a look does not show may be a gap in the answers; and as long as it serves, the floor has a say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from async_rollout.core.actions import Deregister, Registration, Wait
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Departure, Mark, digest
from async_rollout.core.observation import Instance, Observation, TargetState
from async_rollout.core.pace import drained
from async_rollout.core.policy import RESEND
from async_rollout.core.serving import is_registered, serves_still
from async_rollout.core.traffic import doubted


def draining(draft: Draft, departure: Departure, instance: Instance) -> Draft:
    since = draft.draining_since(departure)
    if is_needed(draft, instance):
        return held_back(draft, departure, since)
    slow = sorted({_words(draft.observation, target.source) for target in instance.targets})
    until = since + draft.drain_limit
    wait = Wait(on=f"{departure.id} draining", why=", ".join(slow), since=since, until=until, option="--drain-timeout")
    return deregistered(draft, instance).wait(wait, look=drained(draft.spec, draft.observation, departure, instance))


def is_needed(draft: Draft, instance: Instance) -> bool:
    return serves_still(draft.observation, instance) and len(draft.tally.available) < draft.tally.bounds.floor


def held_back(draft: Draft, departure: Departure, since: float) -> Draft:
    """It goes no further while the floor does not hold without it."""
    tally = draft.tally
    why = f"it serves, {len(tally.available)} are available without it and the floor is {tally.bounds.floor}"
    until = since + draft.drain_limit
    wait = Wait(on=f"{departure.id} going out", why=why, since=since, until=until, option="--drain-timeout")
    return replace(draft, held=draft.held + 1).wait(wait)


def may_still_drain(draft: Draft, departure: Departure) -> bool:
    """Listed nowhere, sooner or later than its delay lets expect: a gap in the answers, unless it stays so."""
    if doubted(draft.memory, draft.observation):
        return True
    history = draft.memory.history(departure.id)
    if history.is_let_go:
        return False
    return history.lingering or any(draft.at < end for end in _drains_end(draft, departure))


def _drains_end(draft: Draft, departure: Departure) -> Iterator[float]:
    """When each source should have let go of it; whose command has begun was let go, but for what was sent since.

    One that was still booting when its departure was opened is registered, and taken out, later than that.
    """
    for source in draft.observation.sources:
        if departure.before is Mark.NOT and source.has_listener and digest(source.id, 6) not in departure.missing:
            yield departure.at + source.drain_delay
        for where, sent in draft.memory.history(departure.id).calls.items():
            if where.source == source.id:
                yield sent.at + source.drain_delay


def unlisted(draft: Draft, departure: Departure) -> Wait:
    why = "no source lists it, sooner or later than its delay allows: looking again"
    return Wait(on=f"{departure.id} draining", why=why, since=draft.draining_since(departure))


def _words(observation: Observation, id: str) -> str:
    source = observation.source(id)
    return f"{source.name} (delay {source.drain_delay:.0f} s)" if source else id


def deregistered(draft: Draft, instance: Instance) -> Draft:
    """Deregister where it still serves; what was just sent is given time to show."""
    sent_at = draft.memory.history(instance.id).sent_at
    due = tuple(where for where in registrations(instance) if draft.at - sent_at(where) >= RESEND)
    return draft.act(Deregister(registrations=due)) if due else draft


def registrations(instance: Instance) -> Iterator[Registration]:
    """Its registrations that are not draining yet."""
    for target in instance.targets:
        if is_registered(target) and target.state is not TargetState.DRAINING:
            yield Registration(source=target.source, instance=instance.id, port=target.port)
