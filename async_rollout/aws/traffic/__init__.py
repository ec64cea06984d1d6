"""Kinds of traffic source: one file a kind, one list.

A kind knows its own identifiers, asks for its attributes and its health, and maps its states onto `TargetState`, so
that nobody else knows one kind from another. A new kind is one file here and its name in KINDS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from async_rollout.aws.calls import Ask, Body, Call
from async_rollout.aws.traffic.classic import Classic
from async_rollout.aws.traffic.health import Health
from async_rollout.aws.traffic.target_group import TargetGroup
from async_rollout.core.actions import Registration
from async_rollout.core.observation import Source


class Kind(Protocol):
    """What each kind answers."""

    name: str
    lists_all: bool
    """Whether its health names every registered instance, asked for or not."""

    def owns(self, identifier: str, type: str | None) -> bool:
        """Whether this is one of its sources. type: AWS's word of TrafficSources, None where AWS gave none."""
        ...

    async def describe(self, ask: Ask, ids: Sequence[str]) -> tuple[Source, ...]:
        """What holds of these sources for a whole run; of one that AWS does not find, that it is gone."""
        ...

    async def health(self, ask: Ask, id: str, members: Sequence[str]) -> Health | None:
        """How one source sees its instances now. members: the group's instances that may be registered.

        None: AWS does not find the source.
        """
        ...

    def register(self, source: str, registrations: Sequence[Registration]) -> Call: ...

    def deregister(self, source: str, registrations: Sequence[Registration]) -> Call: ...


KINDS: tuple[Kind, ...] = (TargetGroup(), Classic())


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A traffic source as a group names it; kind None: none of ours."""

    id: str
    kind: Kind | None


def kind_of(identifier: str, type: str | None = None) -> Kind | None:
    """The kind whose source this is."""
    return next((kind for kind in KINDS if kind.owns(identifier, type)), None)


def named(group: Body) -> tuple[Named, ...]:
    """Every source of a group, whichever of AWS's three lists names it, each once."""
    found: dict[str, str | None] = {}
    for id, type in _listed(group):
        found[id] = found.get(id) or type
    return tuple(Named(id=id, kind=kind_of(id, type)) for id, type in found.items())


def _listed(group: Body) -> Iterable[tuple[str, str | None]]:
    yield from ((name, None) for name in group.get("LoadBalancerNames", ()))
    yield from ((arn, None) for arn in group.get("TargetGroupARNs", ()))
    yield from ((source["Identifier"], source.get("Type")) for source in group.get("TrafficSources", ()))
