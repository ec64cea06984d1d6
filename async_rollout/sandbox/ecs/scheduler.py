"""The service scheduler: as many tasks as a service wants, within its percentages, off DRAINING hosts and old ones.

minimumHealthyPercent rounds up and maximumPercent down. With 100/100, or a pair that rounds to it, nothing ever moves.
"""

from __future__ import annotations

from async_rollout.sandbox.ecs import daemons, deployments, placement, tasks
from async_rollout.sandbox.ecs.records import Service, Task
from async_rollout.sandbox.ecs.room import Room
from async_rollout.sandbox.ecs.words import LACKS, NO_HOST, ON_DRAINING, SCALED_IN, UNHEALTHY, UNPLACEABLE, UNSTARTABLE
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import AWS

BY_SCHEDULER = "ServiceSchedulerInitiated"
UNSTABLE = 3
"""Starts in a row that fail before the service says so."""


def look(room: Room, arn: str) -> None:
    """One round for one service."""
    if room.state.services[arn].daemon:
        daemons.look(room, arn)
    else:
        _replicas(room, room.state.services[arn])
    deployments.settle(room, arn)


def wanted(room: Room, service: Service) -> list[Task]:
    return [task for task in room.tasks_of(service.arn) if task.wanted]


def _replicas(room: Room, service: Service) -> None:
    for task in wanted(room, service):
        if task.coming and room.is_draining(task):
            tasks.stop(room, task, _why(room, service, task), BY_SCHEDULER)
    _place_waiting(room, service)
    alive = wanted(room, service)
    staying = [task for task in alive if not _goes(room, service, task)]
    _grow(room, service, min(service.desired - len(staying), service.most - len(alive)))
    _let_go(room, service)
    surplus = len(staying) - service.desired
    for task in sorted(staying, key=lambda one: _to_keep(room, one))[: max(0, surplus)]:
        if not task.is_protected(room.now):
            tasks.stop(room, task, SCALED_IN.format(deployment=service.deployments[0].id), BY_SCHEDULER)


def _goes(room: Room, service: Service, task: Task) -> bool:
    return room.is_old(task) or _is_ill(room, service, task)


def _is_ill(room: Room, service: Service, task: Task) -> bool:
    """Its load balancer says so, after the grace period."""
    if service.target_group is None or task.started_at is None or room.target_state(task) != "unhealthy":
        return False
    if room.now >= task.started_at + service.grace:
        return True
    room.wake(service.arn, task.started_at + service.grace - room.now)
    return False


def _why(room: Room, service: Service, task: Task) -> str:
    if task.host is not None and room.is_draining(task):
        return ON_DRAINING.format(host=task.host.rpartition("/")[2])
    if _is_ill(room, service, task):
        return UNHEALTHY.format(target_group=service.target_group)
    return SCALED_IN.format(deployment=service.deployments[0].id)


def _to_keep(room: Room, task: Task) -> tuple[bool, bool, float]:
    """In a surplus the unhealthy go first, then the youngest."""
    return task.is_protected(room.now), room.is_healthy(task), -task.created_at


def _let_go(room: Room, service: Service) -> None:
    """Stop what shall go, as far as enough healthy ones are left; who is not healthy costs nothing."""
    alive = wanted(room, service)
    spare = sum(room.is_healthy(task) for task in alive) - service.least
    for task in alive:
        if not _goes(room, service, task) or _holds(room, service, task):
            continue
        healthy = room.is_healthy(task)
        if healthy and spare <= 0:
            continue
        spare -= healthy
        tasks.stop(room, task, _why(room, service, task), BY_SCHEDULER)


def _holds(room: Room, service: Service, task: Task) -> bool:
    """Its protection keeps it where it is, until it expires."""
    if task.protected_until is None or not task.is_protected(room.now):
        return False
    if room.is_draining(task) and not room.readings.protected_stay:
        return False
    room.wake(service.arn, task.protected_until - room.now + 1.0)
    return True


def _place_waiting(room: Room, service: Service) -> None:
    """Those that wait for a capacity provider."""
    definition = room.state.definitions[service.definition]
    for task in wanted(room, service):
        host = placement.choose(room, service.cluster, definition, service) if task.host is None else None
        if host is not None:
            tasks.place(room, task, host)


def _grow(room: Room, service: Service, number: int) -> None:
    definition = room.state.definitions[service.definition]
    if number > 0 and (pause := room.not_before.get(service.arn, 0.0) - room.now) > 0:
        if room.failures.get(service.arn, 0) >= UNSTABLE:
            room.repeat(service.arn, UNSTARTABLE)
        room.wake(service.arn, pause)
        return
    for _ in range(number):
        host = placement.choose(room, service.cluster, definition, service)
        fresh = tasks.new(room, service, definition, service.cluster)
        if host is not None:
            tasks.place(room, fresh, host)
        elif service.provider:
            room.put_task(fresh)
        else:
            _unplaced(room, service)
            return


def _unplaced(room: Room, service: Service) -> None:
    """It says so at once, and tries again."""
    room.wake(service.arn, room.timing.retry)
    found = placement.closest(room, service.cluster, room.state.definitions[service.definition], service)
    words = UNPLACEABLE.format(host=found[0], why=LACKS[found[1]]) if found else NO_HOST
    if room.repeat(service.arn, words):
        room.simulation.happened(What.UNPLACED, AWS, detail=f"{service.name}: {words}")
