"""The first part of a way out: taken out of every source, until they have all let go of it.

What of it a look does not show may be a gap in the answers; and as long as it serves, the floor has a say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from async_rollout.core.actions import WHOLE, Deregister, Registration, Wait
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Departure
from async_rollout.core.let_go import drains_end, is_listed
from async_rollout.core.observation import Instance, Observation, Target, TargetState
from async_rollout.core.pace import Look, drained
from async_rollout.core.policy import GONE_PAUSE, RESEND
from async_rollout.core.serving import is_registered, serves_still
from async_rollout.core.stages import Stage
from async_rollout.core.traffic import longer


def draining(draft: Draft, departure: Departure, instance: Instance) -> Draft:
    """Deregistered where it still serves, and waited for until all have let go of it."""
    since = draft.belief.stage_since(departure.id)
    if not is_listed(instance):
        return draft.wait(_unlisted(departure, since), look=Look(draft.at + draft.spec.paced(GONE_PAUSE), WHOLE))
    if is_needed(draft, instance):
        return held_back(draft, departure, since)
    slow = sorted({_words(draft.observation, target) for target in draft.observation.first_out(instance.targets)})
    wait = draft.waiting(Stage.DRAINING, f"{departure.id} draining", ", ".join(slow), since)
    wait = replace(wait, option=longer(draft.observation))
    return deregistered(draft, instance).wait(wait, look=drained(draft.spec, draft.observation, departure, instance))


def unsure(draft: Draft, departure: Departure) -> Draft | None:
    """In this look AWS does not find a source that may still list it: nothing more is done with it on that."""
    doubted = draft.belief.doubted(draft.observation) and not draft.life(departure.id).is_down
    since = draft.belief.stage_since(departure.id)
    return draft.wait(_unlisted(departure, since)) if doubted else None


def is_needed(draft: Draft, instance: Instance) -> bool:
    return serves_still(draft.observation, instance) and len(draft.tally.ready) < draft.tally.bounds.floor


def held_back(draft: Draft, departure: Departure, since: float) -> Draft:
    """It goes no further while the floor does not hold without it."""
    tally = draft.tally
    why = f"it serves, {len(tally.ready)} are ready without it and the floor is {tally.bounds.floor}"
    wait = draft.waiting(Stage.DRAINING, f"{departure.id} going out", why, since)
    return replace(draft, held=draft.held + 1).wait(wait)


def _unlisted(departure: Departure, since: float) -> Wait:
    why = "no source lists it: looked at once more, as that may be a gap in the answer"
    return Wait(on=f"{departure.id} draining", why=why, since=since)


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
    history = draft.belief.history(instance.id)
    ends = (end for one in first if not one.open_ended for end in drains_end(departure, history, one))
    return all(draft.at >= end for end in ends)


def registrations(instance: Instance) -> Iterator[Registration]:
    """Its registrations that are not draining yet."""
    for target in instance.targets:
        if is_registered(target) and target.state is not TargetState.DRAINING:
            yield Registration(source=target.source, instance=instance.id, port=target.port)
