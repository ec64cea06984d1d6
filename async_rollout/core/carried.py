"""What a look did not ask stands as it was seen before, but for what we have done since.

A look at the rows alone leaves every source's health out. Its instances keep the targets of the look before, so that a
stage is told from the same things as ever, and a source what it said of work that is not at rest; `seen_at` stays
None, so that nothing takes it for news. A look that was begun with some sources is completed by one at the others a
moment later, with nothing done since: nobody asks twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from async_rollout.core.actions import Deregister, Register, Registration
from async_rollout.core.belief import Belief
from async_rollout.core.observation import Observation, Source, Target, TargetState
from async_rollout.core.outcomes import ActOutcome, Outcomes
from async_rollout.core.policy import ONE_LOOK


def carried(observation: Observation, before: Observation, belief: Belief, outcomes: Outcomes) -> Observation:
    """The look, filled up from the one before. outcomes: of the acts since then."""
    blind = {source.id for source in observation.sources if source.seen_at is None}
    if not blind:
        return observation
    out = _deregistered(belief, outcomes)
    known = {one.id: tuple(_since(one.id, one.targets, blind, out)) for one in before.instances}
    instances = (replace(one, targets=(*one.targets, *known.get(one.id, ()))) for one in observation.instances)
    begun = blind != {source.id for source in observation.sources} and not (outcomes or before.health_seen)
    seen = {source.id: source.seen_at for source in before.sources if begun and _is_now(observation, source)}
    restless = {source.id: source.unsettled for source in before.sources if source.id in blind}
    sources = (
        replace(one, seen_at=one.seen_at or seen.get(one.id), unsettled=restless.get(one.id, one.unsettled))
        for one in observation.sources
    )
    return replace(observation, instances=tuple(instances), sources=tuple(sources))


def _is_now(observation: Observation, source: Source) -> bool:
    return source.seen_at is not None and observation.at - source.seen_at <= ONE_LOOK


def _since(id: str, targets: tuple[Target, ...], blind: set[str], out: frozenset[Registration]) -> Iterator[Target]:
    for one in targets:
        if one.source in blind:
            gone = out and Registration(source=one.source, instance=id, port=one.port) in out
            yield replace(one, state=TargetState.DRAINING) if gone else one


def _deregistered(belief: Belief, outcomes: Outcomes) -> frozenset[Registration]:
    """What AWS took from us last was a deregistration."""
    calls = (sent for history in belief.histories.values() for sent in history.calls.items())
    out = frozenset(where for where, sent in calls if not sent.back)
    for one in outcomes:
        match one:
            case ActOutcome(action=Deregister(registrations=ones), ok=True):
                out = out.union(ones)
            case ActOutcome(action=Register(registrations=ones)):
                out = out.difference(ones)
            case _:
                pass
    return out
