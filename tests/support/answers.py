"""A group whose launches AWS answers, and what it answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from async_rollout.core.actions import Launch
from async_rollout.core.journal import OpenLaunch, Way
from async_rollout.core.outcomes import ActOutcome, LaunchError
from async_rollout.core.recall import recall
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import LaunchCall, RolloutSpec
from support.drafts import NOW
from support.drawn import AT, looked, observation, recorded

AUTO = RolloutSpec(launch=LaunchCall.AUTO, canary_wait=0.0)
ZONES = {"zones": ("a", "b", "c")}
ANSWERED: dict[str, Any] = {"way": Way.ANSWERED}
OPEN = OpenLaunch(token="run0-1", zone="b", count=2, at=int(AT))


def after(*outcomes: ActOutcome, run: str = "run0") -> Snapshot:
    """What is known after these answers to a launch of `run`."""
    seen = recorded(observation("S S S"), open=(replace(OPEN, token=f"{run}-1"),), asked=5, launches=2, **ANSWERED)
    belief = looked(AUTO, seen).belief
    now = replace(seen, at=NOW + 5.0)
    return Snapshot(observation=now, belief=recall(AUTO, belief, now, outcomes))


def told(ok: bool | None, *, run: str = "run0", **fields: Any) -> ActOutcome:
    return ActOutcome(action=Launch(zone="b", count=2, token=f"{run}-1"), at=NOW, ok=ok, **fields)


NO = LaunchError(code="InsufficientInstanceCapacity", message="We currently do not have sufficient t3.micro capacity")
ONE, TWO = ("i-1",), ("i-1", "i-2")
