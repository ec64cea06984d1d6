"""What `decide` is asked with: one look, what is remembered, and an order to stop if there is one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from async_rollout.core.belief import Belief
from async_rollout.core.observation import Observation


class Stop(StrEnum):
    """Someone wants the run to end. FINISH: no more removals, put back. NOW: what fits into five seconds."""

    FINISH = "finish"
    NOW = "now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that a decision is made of.

    holder_dead: who wrote the journal is known to be over; holder_here: to be at work in this very process.
    stop_cause, stop_code: why to stop, and the exit code to end with (0: a signal's, 130 or 143).
    """

    observation: Observation
    belief: Belief
    stop: Stop | None = None
    stop_cause: str = ""
    stop_code: int = 0
    holder_dead: bool = False
    holder_here: bool = False
