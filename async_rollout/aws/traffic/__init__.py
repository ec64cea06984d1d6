"""Kinds of traffic source: one file a kind, one list.

A kind knows its own identifiers, asks for its attributes and its health, and maps its states onto `TargetState`, so
that nobody else knows one kind from another. A new kind is one file here, a `Kind`, and its name in KINDS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from async_rollout.aws.calls import Body
from async_rollout.aws.traffic.classic import Classic
from async_rollout.aws.traffic.ecs import EcsHosts
from async_rollout.aws.traffic.kind import Kind
from async_rollout.aws.traffic.target_group import TargetGroup

KINDS: tuple[Kind, ...] = (TargetGroup(), Classic(), EcsHosts())


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A traffic source as a group names it; kind None: none of ours."""

    id: str
    kind: Kind | None


def kind_of(identifier: str, type: str | None = None, kinds: Sequence[Kind] = KINDS) -> Kind | None:
    """The kind whose source this is."""
    return next((kind for kind in kinds if kind.owns(identifier, type)), None)


def named(group: Body, kinds: Sequence[Kind] = KINDS) -> tuple[Named, ...]:
    """Every source of a group, whichever of AWS's three lists names it, each once."""
    found: dict[str, str | None] = {}
    for id, type in _listed(group):
        found[id] = found.get(id) or type
    return tuple(Named(id=id, kind=kind_of(id, type, kinds)) for id, type in found.items())


def _listed(group: Body) -> Iterable[tuple[str, str | None]]:
    yield from ((name, None) for name in group.get("LoadBalancerNames", ()))
    yield from ((arn, None) for arn in group.get("TargetGroupARNs", ()))
    yield from ((source["Identifier"], source.get("Type")) for source in group.get("TrafficSources", ()))
