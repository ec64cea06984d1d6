"""Scaling activities: AWS's own account of what it launches and terminates, and of what it could not."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime

from async_rollout.sandbox.ground import Ground
from async_rollout.sandbox.records import Activity, Instance


def stamp(at: float) -> str:
    """ "2026-01-05T08:00:00Z"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def start(ground: Ground, group: str, instance: str, zone: str, why: str, *, launch: bool) -> Activity:
    """An activity in progress."""
    verb = "Launching a new EC2 instance" if launch else "Terminating EC2 instance"
    activity = Activity(
        id=_new_id(ground),
        group=group,
        launch=launch,
        description=f"{verb}: {instance}",
        cause=f"At {stamp(ground.now)} {why}.",
        status="PreInService" if launch else "InProgress",
        started_at=ground.now,
        instance=instance,
        zone=zone,
        subnet=_subnet(ground, group, zone),
        progress=30,
    )
    ground.put_activity(activity)
    return activity


def moved(ground: Ground, group: str, instance: str, verb: str, why: str, *, launch: bool) -> Activity:
    """Someone's own deed with one instance: attached, detached, to Standby or back. launch: it ends in service.

    Its id is not drawn either, so that such a deed leaves the rest of a seed's story as it is.
    """
    one = ground.state.instances[instance]
    activity = Activity(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{ground.seed} {verb} {instance} {ground.now}")),
        group=group,
        launch=launch,
        description=f"{verb}: {instance}",
        cause=f"At {stamp(ground.now)} {why}.",
        status="InProgress",
        started_at=ground.now,
        instance=instance,
        zone=one.zone,
        subnet=one.subnet,
        progress=50,
    )
    ground.put_activity(activity)
    return activity


def done_before(ground: Ground, one: Instance, before: int) -> None:
    """The launch of an instance that was there when the world began; before: how many the group had until then.

    Its id is not drawn: what a world tells of its past changes nothing of what comes.
    """
    since = one.launched_at
    why = (
        f"At {stamp(since)} an instance was started in response to a difference between desired and actual capacity,"
        f" increasing the capacity from {before} to {before + 1}."
    )
    activity = Activity(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{ground.seed} launch {one.id}")),
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
    ground.put_activity(activity)


def failed(ground: Ground, group: str, zone: str, why: str, message: str) -> None:
    """A launch that failed at once."""
    activity = Activity(
        id=_new_id(ground),
        group=group,
        launch=True,
        description=f"Launching a new EC2 instance.  Status Reason: {message}",
        cause=f"At {stamp(ground.now)} {why}.",
        status="Failed",
        started_at=ground.now,
        ended_at=ground.now,
        message=message,
        zone=zone,
        subnet=_subnet(ground, group, zone),
        progress=100,
    )
    ground.put_activity(activity)


def not_done(ground: Ground, group: str, why: str, description: str, message: str) -> None:
    """Something of AWS's own, not of one instance, that it could not do."""
    _over(ground, group, why, f"{description}.  Status Reason: {message}", "Failed", message)


def cancelled(ground: Ground, group: str, why: str, description: str) -> None:
    """Something that AWS did not even begin: it names no zone and has no message, all is in the description."""
    _over(ground, group, why, description, "Cancelled", "")


def _over(ground: Ground, group: str, why: str, description: str, status: str, message: str) -> None:
    activity = Activity(
        id=_new_id(ground),
        group=group,
        launch=False,
        description=description,
        cause=f"At {stamp(ground.now)} {why}.",
        status=status,
        started_at=ground.now,
        ended_at=ground.now,
        message=message,
        progress=100,
    )
    ground.put_activity(activity)


def _subnet(ground: Ground, group: str, zone: str) -> str:
    one = ground.state.groups[group]
    return dict(zip(one.zones, one.subnets, strict=False)).get(zone, "")


def under_way(ground: Ground, group: str, instance: str, *, launch: bool) -> Activity | None:
    """The instance's own activity, if it has not ended."""
    return next(
        (
            one
            for one in ground.state.activities.get(group, ())
            if one.instance == instance and one.launch is launch and one.ended_at is None
        ),
        None,
    )


def move(ground: Ground, group: str, instance: str, status: str, *, launch: bool, message: str = "") -> None:
    """Give the instance's activity another status; Successful, Failed and Cancelled end it."""
    one = under_way(ground, group, instance, launch=launch)
    if one is None:
        return
    over = status in ("Successful", "Failed", "Cancelled")
    ended = ground.now if over else None
    ground.put_activity(replace(one, status=status, message=message, ended_at=ended, progress=100 if over else 50))


def _new_id(ground: Ground) -> str:
    return str(uuid.UUID(int=ground.rng.getrandbits(128), version=4))
