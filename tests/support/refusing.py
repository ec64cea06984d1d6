"""One small group whose calls AWS refuses, and what became of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from async_rollout.core.events import Acted
from async_rollout.core.spec import RolloutSpec
from async_rollout.sandbox.faults import Fault, Faults
from async_rollout.sandbox.groups import a_group
from support.simulation import UNWATCHED, Run, ours, simulate

ALARMS = frozenset({"AlarmNotification", "ScheduledActions"})


def rolled(*rules: Fault, size: int = 1, spec: RolloutSpec | None = None, **more: Any) -> Run:
    """A rollout under these rules."""
    return simulate(
        partial(a_group, size=size, classic=0, target_groups=1, delay=20.0),
        spec or UNWATCHED,
        faults=lambda world: Faults(world, rules),
        **more,
    )


def as_found(run: Run) -> bool:
    """Sizes, processes, tags and the number of members."""
    left, found = run.left, run.found
    sizes = (left.minimum, left.desired, left.maximum) == (found.minimum, found.desired, found.maximum)
    alive = [one for one in run.world.members("web") if one.in_service]
    return sizes and left.suspended == found.suspended and not ours(left) and len(alive) == found.desired


def launches(run: Run) -> int:
    """How many instances AWS has launched since."""
    return sum(one.what == "launch" for one in run.world.record)


def said(run: Run, words: str) -> list[Acted]:
    """Acts whose answer says this."""
    return [one for one in run.events if isinstance(one, Acted) and words in one.why]
