"""In and out of traffic sources: which calls that takes, in which order, and who cannot be addressed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from async_rollout.aws.calls import Call
from async_rollout.aws.traffic.kind import Handles, Kind
from async_rollout.core.actions import Deregister, Register, Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One source as an act has to know it. handles: those that the last look found there, by instance id."""

    kind: Kind
    handles: Handles

    def knows(self, instance: str) -> bool:
        """Whether an act can be about it."""
        return not self.kind.by_handle or instance in self.handles


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """One act. rounds: its calls, those of one round at the same time, each round once all before it was taken.

    unknown: registrations that no call is about, since the last look found no handle of the instance.
    """

    rounds: tuple[tuple[Call, ...], ...]
    unknown: tuple[Registration, ...]


def moves(action: Register | Deregister, place_of: Callable[[str], Place]) -> Moves:
    """The calls of one act. Sources of a lower turn are left first, and entered last. place_of: of a source's id."""
    places = {source: place_of(source) for source in dict.fromkeys(one.source for one in action.registrations)}
    turns = sorted({place.kind.turn for place in places.values()}, reverse=isinstance(action, Register))
    of_turn = ({id: place for id, place in places.items() if place.kind.turn == turn} for turn in turns)
    return Moves(
        rounds=tuple(tuple(call for id in some for call in _calls(action, id, some[id])) for some in of_turn),
        unknown=tuple(one for one in action.registrations if not places[one.source].knows(one.instance)),
    )


def _calls(action: Register | Deregister, source: str, place: Place) -> Iterator[Call]:
    known = [one for one in action.registrations if one.source == source and place.knows(one.instance)]
    if known:
        verb = place.kind.register if isinstance(action, Register) else place.kind.deregister
        yield from verb(source, known, place.handles)
