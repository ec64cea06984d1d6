"""Standby: taken out of service, by its owner or parked there by us; out of DesiredCapacity, serving nobody.

By default it takes no part. With `--standby terminate` those that are old go too, last of all, so that a run that is
put back before has not touched them. None of them holds a place in DesiredCapacity: a terminate that decremented would
take the place of one that serves.
"""

from __future__ import annotations

from async_rollout.core.choices import Standby
from async_rollout.core.journal import Departure, Journal, Mark
from async_rollout.core.observation import Group, Instance, Observation
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import Stage, is_old


def may_end(spec: RolloutSpec, instance: Instance) -> bool:
    """Whether it may be terminated with the rollout. Not while it only enters Standby, nor if EC2 forgot it."""
    return spec.standby is Standby.TERMINATE and instance.lifecycle == "Standby" and instance.launched_at is not None


def is_to_end(spec: RolloutSpec, journal: Journal, instance: Instance) -> bool:
    """Whether it is one of those that the rollout replaces by its scope."""
    return may_end(spec, instance) and is_old(spec, journal, instance)


def parked(observation: Observation, journal: Journal) -> tuple[Departure, ...]:
    """Those that we have put into Standby, for their owner, and that are there, drained or about to be."""
    found = ((departure, observation.instance(departure.id)) for departure in journal.departures if departure.parks)
    return tuple(departure for departure, one in found if one is not None and one.standby)


def kept_aside(before: tuple[str, ...], id: str, stage: str) -> tuple[str, ...]:
    """The ids of whom a run has parked, after one came into a stage: once the record is over it is but in Standby."""
    if stage == Stage.STANDBY:
        return before
    others = tuple(one for one in before if one != id)
    return (*others, id) if stage == Stage.PARKED else others


def why_parked(departure: Departure) -> str:
    """Why it is there, in words."""
    if departure.before is Mark.FAILED:
        return "its before-command failed"
    return "its before-command has begun, and the floor does not let it go"


def end_of_parked(group: Group, id: str) -> str:
    """What to type for it. It comes back with a place of its own, for which the maximum has to have room."""
    back = f"aws autoscaling exit-standby --auto-scaling-group-name {group.name} --instance-ids {id}"
    end = "aws autoscaling terminate-instance-in-auto-scaling-group --no-should-decrement-desired-capacity"
    room = "" if group.desired < group.maximum else f" (with a maximum of {group.desired + 1} at least)"
    return f"{back} brings it back{room}, {end} --instance-id {id} ends it"
