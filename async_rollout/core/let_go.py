"""Whether every source has let go of one that was taken out: what a look does not list may be a gap in the answer."""

from __future__ import annotations

from collections.abc import Iterator

from async_rollout.core.history import History
from async_rollout.core.journal import Departure, Mark, digest
from async_rollout.core.observation import Instance, Observation, Source, TargetState
from async_rollout.core.serving import is_registered


def is_listed(instance: Instance | None) -> bool:
    """Some source lists it: serving, coming or draining."""
    return instance is not None and any(is_registered(target) for target in instance.targets)


def is_listed_again(observation: Observation, instance: Instance) -> bool:
    """Every source lists it, and none lets it drain; False where there is none to do so."""
    held = {one.source for one in instance.targets if is_registered(one) and one.state is not TargetState.DRAINING}
    sources = {source.id for source in observation.sources if not source.gone}
    return bool(sources) and sources <= held


def has_let_go(observation: Observation, departure: Departure, history: History) -> bool:
    """Nobody lists it, and that is no gap: each took our call and its delay is over, or looks in a row say the same."""
    if is_listed(observation.instance(departure.id)):
        return False
    ends = (end for source in observation.sources for end in drains_end(departure, history, source))
    late = history.lingering or any(observation.at < end for end in ends)
    asked = all(_was_asked(departure, history, source) for source in observation.sources)
    return history.is_let_go or (asked and not late)


def _was_asked(departure: Departure, history: History, source: Source) -> bool:
    """Whether the source had nothing to let go, or AWS took our call: the record alone says only that it was meant."""
    if departure.before is not Mark.NOT or not _held(departure, source):
        return True
    return any(where.source == source.id and not sent.back for where, sent in history.calls.items())


def _held(departure: Departure, source: Source) -> bool:
    """Whether it was registered there, and takes part in traffic, when its departure was opened."""
    return source.has_listener and digest(source.id, 6) not in departure.missing


def drains_end(departure: Departure, history: History, source: Source) -> Iterator[float]:
    """When the source should have let go of it; whose command has begun was let go, but for what was sent since.

    One that was still booting when its departure was opened is registered, and taken out, later than that.
    """
    if departure.before is Mark.NOT and _held(departure, source):
        yield source.drained_by(departure.at)
    for where, sent in history.calls.items():
        if where.source == source.id:
            yield source.drained_by(sent.at)
