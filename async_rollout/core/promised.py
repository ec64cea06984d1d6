"""What DesiredCapacity comes to by the record, and how much of it the field may not show yet.

A launch that AWS answers raises the field by itself, some time before or after its answer reaches us.
"""

from __future__ import annotations

from async_rollout.core.journal import COUNTED_AS, Departure, Journal, OpenLaunch
from async_rollout.core.observation import Observation


def shrunk(journal: Journal, observation: Observation) -> tuple[str, ...]:
    """Who was terminated or parked and has taken its place along, which is not counted in the record yet."""
    return tuple(
        departure.id
        for departure in journal.departures
        if departure.removal in COUNTED_AS and has_left(observation, departure)
    )


def coming(journal: Journal, observation: Observation) -> int:
    """The field as it reads once all open launches show in it: what it lacks of what was asked for may be theirs."""
    field, most = observation.group.desired, sum(launch.most for launch in journal.open)
    lacking = journal.asked - len(shrunk(journal, observation)) - field
    return field + max(0, min(most, lacking))


def unseen(journal: Journal, observation: Observation) -> int:
    """How many may come beside all that the field promises: by launches without an answer, when others raised it.

    A field that reads as if a launch showed in it may be somebody's doing; that the launch came only the rows tell.
    """
    field, rows = observation.group.desired, observation.rows
    missing = sum(_missing(launch, observation) for launch in journal.open if launch.came is None)
    return max(0, missing - (coming(journal, observation) - field) - max(0, field - rows))


def _missing(launch: OpenLaunch, observation: Observation) -> int:
    """How many of them are none of those that have come in its zone since."""
    members = (one for one in observation.instances if one.zone == launch.zone)
    came = sum(one.launched_at is None or one.launched_at >= launch.at for one in members)
    return max(0, launch.count - came)


def has_left(observation: Observation, departure: Departure) -> bool:
    """What was recorded of it has come to be: it leaves or is gone, or stands by where that was asked."""
    instance = observation.instance(departure.id)
    return instance is None or instance.leaving or (departure.parks and instance.standby)
