"""Who else is about to write a record, by the probes that a look shows.

Tags have no compare-and-swap. Each run puts up its own probe, and writes only on a look that shows it and no other's:
of two looks that each show their own probe, the later one shows both, or the record that came of the other's.
"""

from __future__ import annotations

from async_rollout.core.journal import Journal
from async_rollout.core.observation import Observation
from async_rollout.core.policy import RIVAL


def rivals(observation: Observation, run: str) -> tuple[str, ...]:
    """Other runs than this one, and than the one whose record stands, whose probe is young."""
    record = observation.journal.run if isinstance(observation.journal, Journal) else ""
    probes = observation.probes.items()
    return tuple(sorted(other for other, at in probes if other not in (run, record) and observation.at - at <= RIVAL))
