"""A task at its service's target group: ECS registers it when it comes up, and deregisters it when it is to stop.

With a port on its host it is (instance id, port), and the balancers look after its health; with a network interface of
its own it is (ip, port), whose health follows the task.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from async_rollout.sandbox import balancers
from async_rollout.sandbox.ecs.records import Task
from async_rollout.sandbox.ecs.room import Room
from async_rollout.sandbox.records import Registration, Source
from async_rollout.sandbox.simulation import AWS


def source_of(room: Room, task: Task) -> Source | None:
    """Its service's target group, None: it has none, or that one is deleted."""
    service = room.state.services.get(task.service or "")
    return room.state.sources.get(service.target_group or "") if service else None


def register(room: Room, task: Task) -> None:
    source = source_of(room, task)
    if source is None or task.host is None:
        return
    if task.ip is None:
        balancers.register(room.simulation, source.id, room.state.hosts[task.host].instance, task.port, AWS)
        return
    port = room.port_of(task)
    fresh = Registration(source=source.id, instance=task.ip, port=port, at=room.now)
    if not source.has_listener:
        fresh = replace(fresh, state="unused", reason="Target.NotInUse")
    room.simulation.put_registrations(source.id, task.ip, (fresh,))
    room.simulation.after(source.interval, lambda: _checked(room, source, task.arn))


def _checked(room: Room, source: Source, arn: str) -> None:
    """Its first health check."""
    task = room.state.tasks.get(arn)
    if task is None or task.ip is None:
        return
    for one in room.state.registered(source.id, task.ip):
        if one.state == "initial":
            healthy = replace(one, state="healthy", reason="")
            room.simulation.put_registrations(source.id, task.ip, (healthy,))


def deregister(room: Room, task: Task) -> float:
    """Returns for how many seconds it drains; 0: it is registered nowhere."""
    source = source_of(room, task)
    if source is None or task.host is None:
        return 0.0
    if task.ip is not None:
        return _deregister_ip(room, source, task.ip)
    instance = room.state.hosts[task.host].instance
    if instance not in room.state.instances:
        return 0.0
    balancers.deregister(room.simulation, source.id, instance, task.port, AWS)
    mine = [one for one in room.state.registered(source.id, instance) if one.port == task.port]
    return max([0.0, *(one.gone_at - room.now for one in mine if one.gone_at < inf)])


def _deregister_ip(room: Room, source: Source, ip: str) -> float:
    for one in room.state.registered(source.id, ip):
        if one.state in ("initial", "healthy", "unhealthy") and source.delay > 0:
            gone_at = room.simulation.after(source.delay, lambda: drop(room, source.id, ip))
            reason = "Target.DeregistrationInProgress"
            draining = replace(one, state="draining", reason=reason, gone_at=gone_at)
            room.simulation.put_registrations(source.id, ip, (draining,))
            return source.delay
    drop(room, source.id, ip)
    return 0.0


def drop(room: Room, source: str, ip: str) -> None:
    """It is listed no more."""
    if source in room.state.registrations and room.state.registered(source, ip):
        room.simulation.put_registrations(source, ip, ())


def forget(room: Room, task: Task) -> None:
    """Its host ended: the balancers drop instances by themselves, and ECS takes off an address."""
    source = source_of(room, task)
    if source is not None and task.ip is not None:
        drop(room, source.id, task.ip)
