"""How long a newcomer has to be ready before it makes room for an old one to go, and who says so (RULES §8)."""

from __future__ import annotations

from async_rollout.core.journal import Goal, Journal
from async_rollout.core.observation import Observation
from async_rollout.core.spec import RolloutSpec


def min_ready(spec: RolloutSpec, observation: Observation) -> float:
    """Seconds."""
    return _said(spec, observation)[0]


def to_stay(spec: RolloutSpec, observation: Observation) -> float:
    """Seconds that one that is ready now has to stay so: longer for the first ones of a run, until one has."""
    record = observation.journal
    tried = isinstance(record, Journal) and (record.canary or record.goal is not Goal.REPLACE)
    return min_ready(spec, observation) if tried else max(min_ready(spec, observation), spec.canary_wait)


def watched(spec: RolloutSpec, observation: Observation) -> float:
    """Seconds that the first ones have to stay so for longer than all others; 0.0 once one has."""
    return to_stay(spec, observation) - min_ready(spec, observation)


def why_so_long(spec: RolloutSpec, observation: Observation) -> str:
    """Whose wish it is, in words; empty where there is nothing to wait for."""
    seconds, why = _said(spec, observation)
    return f"{seconds:.0f} s, {why}" if seconds else ""


def _said(spec: RolloutSpec, observation: Observation) -> tuple[float, str]:
    """The owner's word; else the longest that the group and its target groups name.

    A grace period counts only where nobody tells how an application is: no load balancer, and no up-check.
    """
    if spec.min_ready is not None:
        return spec.min_ready, "as --min-ready says"
    listening = [source for source in observation.sources if source.has_listener]
    told = [(observation.group.warmup, "the group's default instance warmup")]
    told += [(source.slow_start, f"the slow start of {source.name}") for source in listening]
    if not listening and spec.hooks.up_check is None:
        told.append((observation.group.grace, "the group's health check grace period, as no load balancer tells"))
    return max(told, key=lambda each: each[0])
