"""Managed draining: ECS's own lifecycle hook holds an instance that is to be terminated until its host is drained.

ECS sets the host DRAINING when the instance comes to the hook, sends heartbeats, and completes the hook when no task is
left there. After two days AWS ends the wait, whatever is left.
"""

from __future__ import annotations

from async_rollout.sandbox import hooks
from async_rollout.sandbox.ecs import hosts
from async_rollout.sandbox.ecs.records import Host
from async_rollout.sandbox.ecs.room import Room
from async_rollout.sandbox.records import Hook, Instance
from async_rollout.sandbox.simulation import AWS

HOOK = "ecs-managed-draining-termination-hook"
BEAT = 900.0
"""Seconds between its heartbeats."""


def hook() -> Hook:
    """As ECS puts it: two days of heartbeats, and CONTINUE whatever happens."""
    return Hook(name=HOOK, launching=False, heartbeat=3600.0, default_result="CONTINUE")


def instance_changed(room: Room, was: Instance | None, now: Instance) -> None:
    """It comes to the hook."""
    if now.lifecycle == "Terminating:Wait" and (was is None or was.lifecycle != now.lifecycle):
        room.simulation.after(room.timing.react, lambda: _begin(room, now.id))


def _waits(room: Room, instance: str) -> bool:
    return HOOK in room.simulation.hook_waits.get(instance, {})


def _begin(room: Room, instance: str) -> None:
    if not _waits(room, instance):
        return
    for host in room.rows_of(instance):
        if host.status == "ACTIVE":
            hosts.set_state(room, host, "DRAINING", AWS)
    _maybe_over(room, instance)
    room.simulation.after(BEAT, lambda: _beat(room, instance))


def _beat(room: Room, instance: str) -> None:
    if _waits(room, instance):
        hooks.heartbeat(room.simulation, instance, HOOK, AWS)
        room.simulation.after(BEAT, lambda: _beat(room, instance))


def host_changed(room: Room, host: Host) -> None:
    """A task on it may have been its last; its instance may have died meanwhile."""
    if (host.status == "DRAINING" or host.ended_at is not None) and _waits(room, host.instance):
        room.simulation.after(room.timing.react, lambda: _maybe_over(room, host.instance))


def _maybe_over(room: Room, instance: str) -> None:
    left = [task for host in room.rows_of(instance) for task in room.tasks_on(host.arn)]
    if not left and _waits(room, instance):
        hooks.complete(room.simulation, instance, HOOK, "CONTINUE", AWS)
