"""Managed scaling: as many instances as the tasks of a capacity provider need.

CapacityProviderReservation is what is needed, in percent of what runs, taken each minute. Above its target the group
grows at once; below it for fifteen minutes in a row it shrinks, by half at the most each minute. An empty host that
somebody has started is below the target.
"""

from __future__ import annotations

from math import ceil

from async_rollout.sandbox import calls
from async_rollout.sandbox.ecs.records import Provider
from async_rollout.sandbox.ecs.room import Room
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import AWS

PERIOD = 60.0
LOW = 15
"""Minutes in a row below the target."""
NOBODY = 200.0
"""The metric where tasks wait and no instance runs."""


def drive(room: Room, name: str, cluster: str) -> None:
    """From now on, each minute."""
    lows = [0]
    room.simulation.after(PERIOD, lambda: _minute(room, name, cluster, lows))


def _minute(room: Room, name: str, cluster: str, lows: list[int]) -> None:
    provider = room.state.providers.get(name)
    if provider is None or provider.group not in room.state.groups:
        return
    if provider.scaling and provider.status == "ACTIVE":
        _decide(room, provider, cluster, lows)
    room.simulation.after(PERIOD, lambda: _minute(room, name, cluster, lows))


def _decide(room: Room, provider: Provider, cluster: str, lows: list[int]) -> None:
    metric = reservation(room, provider, cluster)
    lows[0] = lows[0] + 1 if metric < provider.target else 0
    group = room.state.groups[provider.group]
    wanted = ceil(needed(room, provider, cluster) * 100 / provider.target)
    if metric > provider.target:
        _set(room, provider, max(wanted, group.desired))
    elif lows[0] >= LOW:
        _set(room, provider, max(wanted, group.desired // 2) if wanted < group.desired else group.desired)


def reservation(room: Room, provider: Provider, cluster: str) -> float:
    """The metric now."""
    runs, need = len(_hosts(room, provider, cluster)), needed(room, provider, cluster)
    if not runs:
        return NOBODY if need else 100.0
    return 100.0 * need / runs


def _hosts(room: Room, provider: Provider, cluster: str) -> list[str]:
    return [host.arn for host in room.hosts_in(cluster) if host.provider == provider.name and host.ended_at is None]


def needed(room: Room, provider: Provider, cluster: str) -> int:
    """Hosts with a task that is no daemon, and as many more as the tasks need that wait for a place."""
    used = sum(any(not room.is_daemon(task) for task in room.tasks_on(arn)) for arn in _hosts(room, provider, cluster))
    waiting = [
        room.state.definitions[task.definition]
        for service in room.services_in(cluster)
        if service.provider == provider.name
        for task in room.tasks_of(service.arn)
        if task.host is None
    ]
    cpu, memory = sum(one.cpu for one in waiting), sum(one.memory for one in waiting)
    return used + max(ceil(cpu / room.timing.host_cpu), ceil(memory / room.timing.host_memory))


def _set(room: Room, provider: Provider, wanted: int) -> None:
    group = room.state.groups[provider.group]
    desired = min(max(wanted, group.minimum), group.maximum)
    if desired == group.desired:
        return
    if not group.runs("AlarmNotification"):
        room.simulation.happened(What.ALARM_IGNORED, AWS, group.name, detail=f"capacity provider {provider.name}")
        return
    who = f"capacity provider {provider.name}"
    room.simulation.happened(What.ALARM, who, group.name, detail=f"{desired - group.desired:+d}")
    calls.update_sizes(room.simulation, group.name, None, None, desired, who)
