"""In and out of traffic sources: which calls that takes, in which order, and who cannot be addressed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from async_rollout.aws.calls import Call
from async_rollout.aws.traffic import kind_of
from async_rollout.aws.traffic.kind import Handles, Kind
from async_rollout.core.actions import Deregister, Register, Registration
from async_rollout.errors import BrokenError

Look = Callable[[str], Handles]
"""The handles that the last look found in a source, by instance id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """One act. rounds: its calls, those of one round at the same time, each round once all before it was taken.

    unknown: registrations that no call is about, since the last look found no handle of the instance.
    """

    rounds: tuple[tuple[Call, ...], ...]
    unknown: tuple[Registration, ...]


def moves(action: Register | Deregister, handles: Look) -> Moves:
    """The calls of one act. Sources of a lower turn are left first, and entered last."""
    sources = dict.fromkeys(one.source for one in action.registrations)
    mine = {source: [one for one in action.registrations if one.source == source] for source in sources}
    kinds = {source: _kind(source) for source in mine}
    turns = sorted({kind.turn for kind in kinds.values()}, reverse=isinstance(action, Register))
    known = {source: handles(source) for source, kind in kinds.items() if kind.by_handle}
    unknown = tuple(one for source in known for one in mine[source] if one.instance not in known[source])
    rounds = (
        tuple(
            call
            for source, kind in kinds.items()
            if kind.turn == turn
            for call in _calls(kind, action, source, [one for one in mine[source] if one not in unknown], known)
        )
        for turn in turns
    )
    return Moves(rounds=tuple(rounds), unknown=unknown)


def _kind(source: str) -> Kind:
    kind = kind_of(source)
    if kind is None:
        raise BrokenError(f"traffic source {source} is of no kind that can be changed")
    return kind


def _calls(
    kind: Kind, action: Register | Deregister, source: str, ones: Sequence[Registration], known: dict[str, Handles]
) -> Iterator[Call]:
    if ones:
        verb = kind.register if isinstance(action, Register) else kind.deregister
        yield from verb(source, ones, known.get(source, {}))
