"""Questions to the tables, be they of now or a picture of the past: whose hosts, which tasks on them, who told to join.

What a host's tasks are and in which states is all here: nothing of them is kept elsewhere.
"""

from __future__ import annotations

from async_rollout.sandbox.ecs.records import Host, Task
from async_rollout.sandbox.state import State


def hosts_of(state: State, group: str) -> dict[str, tuple[Host, ...]]:
    """By instance: its rows that are listed, of all clusters, newest first. Those without an instance too."""
    found: dict[str, tuple[Host, ...]] = {}
    for host in state.hosts.values():
        if host.group == group and host.status != "INACTIVE":
            found[host.instance] = (host, *found.get(host.instance, ()))
    return found


def tasks_on(state: State, host: str) -> tuple[Task, ...]:
    """A host's tasks (its ARN) of which something is still there, whatever their desiredStatus."""
    here = (state.tasks[arn] for arn in state.placed.get(host, ()) if arn in state.tasks)
    return tuple(task for task in here if not task.over)


def tasks_of(state: State, service: str) -> tuple[Task, ...]:
    """A service's tasks (its ARN) of which something is still there."""
    return tuple(task for task in state.tasks.values() if task.service == service and not task.over)


def joins(state: State, group: str) -> tuple[str, ...]:
    """The clusters that the group's instances are told to join: what their user data says."""
    return tuple(one.name for one in state.clusters.values() if group in one.groups)
