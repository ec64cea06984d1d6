"""A draft in one line: a drawing looked at several times, with fields of its group, record and belief changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from async_rollout.core.activity import Activity
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Journal
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec
from support.drawn import AT, looked, observation, recorded

NOW = AT + 30.0
"""The time of the last look of `looked`."""


def snapshot_of(
    drawing: str, spec: RolloutSpec | None = None, /, group: dict[str, Any] | None = None,
    record: dict[str, Any] | None = None, histories: dict[str, dict[str, Any]] | None = None, **belief: Any,
) -> Snapshot:  # fmt: skip
    """histories: fields of what is remembered of each instance, by id; belief: facts of the group."""
    seen = recorded(observation(drawing), **(record or {}))
    seen = replace(seen, group=replace(seen.group, **(group or {})))
    found = looked(spec or RolloutSpec(), seen)
    remembered = replace(found.belief, **belief)
    for id, fields in (histories or {}).items():
        remembered = remembered.noted(id, **fields)
    return replace(found, belief=remembered)


def draft_of(
    drawing: str, spec: RolloutSpec | None = None, /, group: dict[str, Any] | None = None,
    record: dict[str, Any] | None = None, **belief: Any,
) -> Draft:  # fmt: skip
    found = snapshot_of(drawing, spec, group=group, record=record, **belief)
    assert isinstance(found.observation.journal, Journal)
    return Draft(
        spec=spec or RolloutSpec(),
        observation=found.observation,
        belief=found.belief,
        journal=found.observation.journal,
    )


def launch(message: str, *, status: str = "Failed", at: float = NOW, instance: str | None = None) -> Activity:
    return Activity(
        id="a", kind="launch", status=status, message=message, started_at=at,
        ended_at=None if status == "InProgress" else at, instance=instance,
    )  # fmt: skip
