"""Groups without a record, as a run finds them; and what was decided of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from async_rollout.core.actions import Decision, Outcome, Record
from async_rollout.core.journal import Journal
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec
from support.drafts import NOW
from support.drawn import looked, observation

SPEC = RolloutSpec()
PROBED = {"run0": int(NOW)}


def free(
    drawing: str = "SSS", spec: RolloutSpec = SPEC, *, probes: Mapping[str, int] = PROBED, **belief: Any
) -> Snapshot:
    """A group without record, looked at four times."""
    seen = observation(drawing)
    seen = replace(seen, journal=None, probes=probes, group=replace(seen.group, suspended=frozenset()))
    found = looked(spec, seen)
    return replace(found, belief=replace(found.belief, **belief))


def the_record(decision: Decision) -> Journal:
    (record,) = [act.journal for act in decision.actions if isinstance(act, Record)]
    return record


def end(decision: Decision) -> tuple[Outcome, int]:
    assert decision.verdict is not None, decision
    return decision.verdict.outcome, decision.verdict.code
