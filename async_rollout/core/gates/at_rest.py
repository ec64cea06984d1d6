"""At rest: nobody more is taken out until the work of those before has come to rest elsewhere, or is as it was found.

Until the first old one has left, one at a time: an empty newcomer proves that it is there, not that work runs on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from async_rollout.core.actions import HealthOf, Needs, Wait
from async_rollout.core.gates.gate import Answer, Closed, Open, Shut
from async_rollout.core.journal import Cause, Journal
from async_rollout.core.observation import Source
from async_rollout.core.pace import Look, gap
from async_rollout.core.situation import Situation
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.traffic import called, longer

NAMED = 3
"""So many are named with why; of the others only how many they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrest:
    """What of one source's work has not come to rest. since: AWS's time; limit: seconds."""

    source: Source
    name: str
    why: str
    since: float
    limit: float

    @property
    def until(self) -> float:
        """When it is waited for no more."""
        return self.since + self.limit

    @property
    def text(self) -> str:
        """Its name and why."""
        return f"{self.name}: {self.why}"


class AtRest:
    """See the module's docstring. Nothing that is under way is held back, nor the end where nobody more is to go."""

    def needs(self, spec: RolloutSpec, record: Journal) -> bool:
        return True

    def ask(self, situation: Situation) -> Answer:
        """Shut when the first of them has been on its way for as long as a drain may take."""
        if not _is_anyone_to_go(situation):
            return Open()
        if unasked := _unasked(situation):
            why = "whether its work is at rest was not asked yet"
            wait = Wait(on=", ".join(map(called, unasked)), why=why, since=situation.at)
            return Closed(wait, look=Look(situation.at, _health_of(unasked)))
        restless = sorted(_restless(situation), key=lambda each: (each.until, each.name))
        for each in restless:
            if situation.over(each.since, each.limit):
                return Shut(Cause(code=1, text=_late(situation, each)))
        if restless:
            return _closed(situation, restless)
        first = any(source.moves_work for source in _there(situation)) and not situation.journal.replaced
        return Open(most=1 if first else None)

    def passed(self, record: Journal) -> Journal:
        return record


def _is_anyone_to_go(situation: Situation) -> bool:
    """Old ones, or new ones too many once all those are gone whose place they hold."""
    tally = situation.tally
    return bool(tally.victims or tally.idle or (tally.surplus and not situation.journal.departures))


def _there(situation: Situation) -> list[Source]:
    return [source for source in situation.observation.sources if not source.gone]


def _unasked(situation: Situation) -> list[Source]:
    """A process that only just began has not asked all of them."""
    known = situation.belief.restless
    return [source for source in _there(situation) if source.moves_work and source.id not in known]


def _restless(situation: Situation) -> Iterator[Unrest]:
    for source in _there(situation):
        known, words = situation.belief.restless.get(source.id), dict(source.unsettled)
        limit = situation.spec.limits.drain + source.drain_delay
        for name, since in known.since.items() if known else ():
            yield Unrest(source=source, name=name, why=words.get(name, ""), since=since, limit=limit)


def _closed(situation: Situation, restless: list[Unrest]) -> Closed:
    sources = {each.source.id: each.source for each in restless}
    more = f"; and {len(restless) - NAMED} more" if len(restless) > NAMED else ""
    since = min(each.since for each in restless)
    wait = Wait(
        on=", ".join(map(called, sources.values())),
        why=f"nothing more goes out until it is at rest: {'; '.join(each.text for each in restless[:NAMED])}{more}",
        since=since,
        until=restless[0].until,
        option=longer(situation.observation),
    )
    pause = gap(situation.spec, situation.at - since)
    return Closed(wait, look=Look(situation.at + pause, _health_of(list(sources.values()))))


def _health_of(sources: list[Source]) -> Needs:
    return frozenset(HealthOf(source.id) for source in sources)


def _late(situation: Situation, late: Unrest) -> str:
    more = longer(situation.observation)
    return f"{called(late.source)} is not at rest after {late.limit:.0f} s: {late.text}; raise {more}"


AT_REST = AtRest()
