"""Where a task may be placed: hosts that take tasks, have the room, the port and the attributes; the emptiest first."""

from __future__ import annotations

from collections import Counter

from async_rollout.sandbox.ecs.records import Definition, Host, Service, Task
from async_rollout.sandbox.ecs.room import Room

DYNAMIC = (32768, 60999)
"""Host ports that are given where a definition names none."""


def choose(room: Room, cluster: str, definition: Definition, service: Service | None) -> Host | None:
    """Spread over the zones, then over the hosts, by tasks of the same service; None: no host has all that it needs."""
    fit = [host for host in room.hosts_in(cluster) if not lacking(room, host, definition, service)]
    alike = [task for task in room.tasks_of(service.arn) if task.wanted] if service else []
    on_host = Counter(task.host for task in alike)
    in_zone = Counter(room.state.hosts[task.host].zone for task in alike if task.host)

    def load(host: Host) -> tuple[int, int, int]:
        return in_zone[host.zone], on_host[host.arn], len(room.tasks_on(host.arn))

    return min(fit, key=load, default=None)


def lacking(room: Room, host: Host, definition: Definition, service: Service | None) -> str:
    """What the host lacks, a key of `words.LACKS`; empty: it can take the task."""
    if not host.takes:
        return "away"
    here = room.tasks_on(host.arn)
    if service is not None:
        if not set(service.needs) <= set(host.attributes):
            return "attribute"
        if service.distinct and any(task.service == service.arn for task in here):
            return "distinct"
    cpu, memory = left(room, host, here)
    if cpu < definition.cpu:
        return "cpu"
    if memory < definition.memory:
        return "memory"
    fixed = definition.fixed_port
    return "port" if fixed is not None and fixed in taken(host, here) else ""


def left(room: Room, host: Host, here: list[Task]) -> tuple[int, int]:
    """CPU units and MiB that no task on it holds."""
    held = [room.state.definitions[task.definition] for task in here]
    return host.cpu - sum(one.cpu for one in held), host.memory - sum(one.memory for one in held)


def taken(host: Host, here: list[Task]) -> set[int]:
    """Its ports in use."""
    return {*host.ports, *(task.port for task in here if task.port is not None)}


def port(room: Room, host: Host, definition: Definition) -> int | None:
    """The host's port for a new task of it; None: it needs none."""
    if definition.network == "awsvpc" or definition.port is None:
        return None
    if definition.fixed_port is not None:
        return definition.fixed_port
    used = taken(host, room.tasks_on(host.arn))
    while (drawn := room.rng.randint(*DYNAMIC)) in used:
        pass
    return drawn


def closest(room: Room, cluster: str, definition: Definition, service: Service) -> tuple[str, str] | None:
    """A host that does not take it, its id, and what it lacks; None: there is no host that takes tasks at all."""
    for host in room.hosts_in(cluster):
        if host.takes:
            return host.arn.rpartition("/")[2], lacking(room, host, definition, service)
    return None
