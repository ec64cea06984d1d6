"""DAEMON services: one task on each host that takes tasks; on a DRAINING one it goes last, after all replica tasks."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox.ecs import placement, tasks
from async_rollout.sandbox.ecs.records import Host, Service, Task
from async_rollout.sandbox.ecs.room import Room
from async_rollout.sandbox.ecs.words import SCALED_IN


def look(room: Room, arn: str) -> None:
    """One round: a task on each host without one, none on hosts that drain, old revisions replaced where they are."""
    service = room.state.services[arn]
    fit = [host for host in room.hosts_in(service.cluster) if _wants(host, service)]
    if service.desired != len(fit):
        service = replace(service, desired=len(fit))
        room.put_service(service)
    for task in [one for one in room.tasks_of(arn) if one.wanted]:
        if _goes(room, service, task):
            reason = SCALED_IN.format(deployment=service.deployments[0].id)
            tasks.stop(room, task, reason, "ServiceSchedulerInitiated")
    _grow(room, service, fit)


def _wants(host: Host, service: Service) -> bool:
    """A host whose agent is gone for a moment keeps its daemon, so it stays in the count."""
    return host.status == "ACTIVE" and host.ended_at is None and set(service.needs) <= set(host.attributes)


def _goes(room: Room, service: Service, task: Task) -> bool:
    if room.is_draining(task):
        return not _replicas_left(room, task.host or "")
    return task.deployment != service.deployments[0].id


def _replicas_left(room: Room, host: str) -> bool:
    services = [room.state.services[task.service] for task in room.tasks_on(host) if task.service]
    return any(not one.daemon for one in services)


def _grow(room: Room, service: Service, fit: list[Host]) -> None:
    definition = room.state.definitions[service.definition]
    if (pause := room.not_before.get(service.arn, 0.0) - room.now) > 0:
        room.wake(service.arn, pause)
        return
    for host in fit:
        has = any(task.service == service.arn for task in room.tasks_on(host.arn))
        if not has and not placement.lacking(room, host, definition, service):
            tasks.place(room, tasks.new(room, service, definition, service.cluster), host)
