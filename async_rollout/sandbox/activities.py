"""Scaling activities: AWS's own account of what it launches and terminates, and of what it could not."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime

from async_rollout.sandbox.records import Activity, Instance
from async_rollout.sandbox.simulation import Simulation


def stamp(at: float) -> str:
    """ "2026-01-05T08:00:00Z"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def start(simulation: Simulation, group: str, instance: str, zone: str, why: str, *, launch: bool) -> Activity:
    """An activity in progress."""
    verb = "Launching a new EC2 instance" if launch else "Terminating EC2 instance"
    activity = Activity(
        id=_new_id(simulation),
        group=group,
        launch=launch,
        description=f"{verb}: {instance}",
        cause=f"At {stamp(simulation.now)} {why}.",
        status="PreInService" if launch else "InProgress",
        started_at=simulation.now,
        instance=instance,
        zone=zone,
        subnet=_subnet(simulation, group, zone),
        progress=30,
    )
    simulation.put_activity(activity)
    return activity


def moved(simulation: Simulation, group: str, instance: str, verb: str, why: str, *, launch: bool) -> Activity:
    """Someone's own deed with one instance: attached, detached, to Standby or back. launch: it ends in service.

    Its id is not drawn either, so that such a deed leaves the rest of a seed's story as it is.
    """
    one = simulation.state.instances[instance]
    activity = Activity(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{simulation.seed} {verb} {instance} {simulation.now}")),
        group=group,
        launch=launch,
        description=f"{verb}: {instance}",
        cause=f"At {stamp(simulation.now)} {why}.",
        status="InProgress",
        started_at=simulation.now,
        instance=instance,
        zone=one.zone,
        subnet=one.subnet,
        progress=50,
    )
    simulation.put_activity(activity)
    return activity


def done_before(simulation: Simulation, one: Instance, before: int) -> None:
    """The launch of an instance that was there when the world began; before: how many the group had until then.

    Its id is not drawn: what a world tells of its past changes nothing of what comes.
    """
    since = one.launched_at
    why = (
        f"At {stamp(since)} an instance was started in response to a difference between desired and actual capacity,"
        f" increasing the capacity from {before} to {before + 1}."
    )
    activity = Activity(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{simulation.seed} launch {one.id}")),
        group=one.group,
        launch=True,
        description=f"Launching a new EC2 instance: {one.id}",
        cause=why,
        status="Successful",
        started_at=since,
        ended_at=one.in_service_at,
        instance=one.id,
        zone=one.zone,
        subnet=one.subnet,
        progress=100,
    )
    simulation.put_activity(activity)


def failed(simulation: Simulation, group: str, zone: str, why: str, message: str) -> None:
    """A launch that failed at once."""
    activity = Activity(
        id=_new_id(simulation),
        group=group,
        launch=True,
        description=f"Launching a new EC2 instance.  Status Reason: {message}",
        cause=f"At {stamp(simulation.now)} {why}.",
        status="Failed",
        started_at=simulation.now,
        ended_at=simulation.now,
        message=message,
        zone=zone,
        subnet=_subnet(simulation, group, zone),
        progress=100,
    )
    simulation.put_activity(activity)


def not_done(simulation: Simulation, group: str, why: str, description: str, message: str) -> None:
    """Something of AWS's own, not of one instance, that it could not do."""
    _over(simulation, group, why, f"{description}.  Status Reason: {message}", "Failed", message)


def cancelled(simulation: Simulation, group: str, why: str, description: str) -> None:
    """Something that AWS did not even begin: it names no zone and has no message, all is in the description."""
    _over(simulation, group, why, description, "Cancelled", "")


def _over(simulation: Simulation, group: str, why: str, description: str, status: str, message: str) -> None:
    activity = Activity(
        id=_new_id(simulation),
        group=group,
        launch=False,
        description=description,
        cause=f"At {stamp(simulation.now)} {why}.",
        status=status,
        started_at=simulation.now,
        ended_at=simulation.now,
        message=message,
        progress=100,
    )
    simulation.put_activity(activity)


def _subnet(simulation: Simulation, group: str, zone: str) -> str:
    one = simulation.state.groups[group]
    return dict(zip(one.zones, one.subnets, strict=False)).get(zone, "")


def under_way(simulation: Simulation, group: str, instance: str, *, launch: bool) -> Activity | None:
    """The instance's own activity, if it has not ended."""
    return next(
        (
            one
            for one in simulation.state.activities.get(group, ())
            if one.instance == instance and one.launch is launch and one.ended_at is None
        ),
        None,
    )


def move(simulation: Simulation, group: str, instance: str, status: str, *, launch: bool, message: str = "") -> None:
    """Give the instance's activity another status; Successful, Failed and Cancelled end it."""
    one = under_way(simulation, group, instance, launch=launch)
    if one is None:
        return
    over = status in ("Successful", "Failed", "Cancelled")
    ended = simulation.now if over else None
    simulation.put_activity(replace(one, status=status, message=message, ended_at=ended, progress=100 if over else 50))


def _new_id(simulation: Simulation) -> str:
    return str(uuid.UUID(int=simulation.rng.getrandbits(128), version=4))
