"""What DesiredCapacity comes to by the record, and how much of it the field may not show yet.

A launch that AWS answers raises the field by itself, some time before or after its answer reaches us.
"""

from __future__ import annotations

from async_rollout.core.journal import Journal, Removal
from async_rollout.core.observation import Observation


def shrunk(journal: Journal, observation: Observation) -> tuple[str, ...]:
    """Whose terminate has taken its place along, and is not counted in the record yet."""
    return tuple(
        departure.id
        for departure in journal.departures
        if departure.removal is Removal.SHRINK and _has_left(observation, departure.id)
    )


def coming(journal: Journal, observation: Observation) -> int:
    """The field as it reads once all open launches show in it: what it lacks of what was asked for may be theirs."""
    field, most = observation.group.desired, sum(launch.most for launch in journal.open)
    lacking = journal.asked - len(shrunk(journal, observation)) - field
    return field + max(0, min(most, lacking))


def _has_left(observation: Observation, id: str) -> bool:
    instance = observation.instance(id)
    return instance is None or instance.leaving
