"""The first part of a way out: taken out of every source, until they have all let go of it.

What of it a look does not show may be a gap in the answers; and as long as it serves, the floor has a say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from async_rollout.core.actions import Deregister, Registration, Wait
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Departure, Mark, digest
from async_rollout.core.observation import Instance, Observation, Source, Target, TargetState
from async_rollout.core.pace import drained
from async_rollout.core.policy import RESEND
from async_rollout.core.serving import is_registered, serves_still
from async_rollout.core.traffic import doubted


def draining(draft: Draft, departure: Departure, instance: Instance) -> Draft:
    since = draft.draining_since(departure)
    if is_needed(draft, instance):
        return held_back(draft, departure, since)
    slow = sorted({_words(draft.observation, target) for target in draft.observation.first_out(instance.targets)})
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
    if doubted(draft.belief, draft.observation):
        return True
    history = draft.belief.history(departure.id)
    if history.is_let_go:
        return False
    ends = (end for source in draft.observation.sources for end in _drains_end(draft, departure, source))
    return history.lingering or any(draft.at < end for end in ends)


def _drains_end(draft: Draft, departure: Departure, source: Source) -> Iterator[float]:
    """When the source should have let go of it; whose command has begun was let go, but for what was sent since.

    One that was still booting when its departure was opened is registered, and taken out, later than that.
    """
    if departure.before is Mark.NOT and source.has_listener and digest(source.id, 6) not in departure.missing:
        yield source.drained_by(departure.at)
    for where, sent in draft.belief.history(departure.id).calls.items():
        if where.source == source.id:
            yield source.drained_by(sent.at)


def unlisted(draft: Draft, departure: Departure) -> Wait:
    why = "no source lists it, sooner or later than its delay allows: looking again"
    return Wait(on=f"{departure.id} draining", why=why, since=draft.draining_since(departure))


def _words(observation: Observation, target: Target) -> str:
    source = observation.source(target.source)
    if source is None:
        return target.source
    if source.open_ended:
        return f"{source.name} (until it has let go{f': {target.reason}' if target.reason else ''})"
    return f"{source.name} (delay {source.drain_delay:.0f} s)"


def deregistered(draft: Draft, instance: Instance) -> Draft:
    """Deregister where it still serves and the turn has come; what was just sent is given time to show."""
    sent_at = draft.belief.history(instance.id).sent_at
    going = (where for where in registrations(instance) if _turn_has_come(draft, instance, where.source))
    due = tuple(where for where in going if draft.at - sent_at(where) >= RESEND)
    return draft.act(Deregister(registrations=due)) if due else draft


def _turn_has_come(draft: Draft, instance: Instance, id: str) -> bool:
    """The sources of a lower turn have let go of it: none lists it, and the delay of each is over.

    That one whose drain has no known end lists it no more is all that can be known.
    """
    source, departure = draft.observation.source(id), draft.journal.departure(instance.id)
    first = [one for one in draft.observation.sources if source is not None and one.turn < source.turn]
    held = {target.source for target in instance.targets if is_registered(target)}
    if departure is None or any(one.id in held for one in first):
        return False
    ends = (end for one in first if not one.open_ended for end in _drains_end(draft, departure, one))
    return all(draft.at >= end for end in ends)


def registrations(instance: Instance) -> Iterator[Registration]:
    """Its registrations that are not draining yet."""
    for target in instance.targets:
        if is_registered(target) and target.state is not TargetState.DRAINING:
            yield Registration(source=target.source, instance=instance.id, port=target.port)
