"""Who is on a host, in words: what one that drains still holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from async_rollout.aws.traffic.ecs.work import Service, Task

NAMED = 8
"""Services that a sentence names; of more it says how many."""


def left_on(tasks: Iterable[Task], services: Iterable[Service]) -> str:
    """What one host still runs, such as `web 3, worker 1, 2 standalone (family batch)`; empty where nothing is left.

    tasks: of that host alone. Most tasks first; daemons, which ECS stops after all others, behind them.
    """
    staying = [task for task in tasks if not task.over]
    counts = Counter(task.service for task in staying if task.service)
    daemons = {service.name for service in services if service.daemon}
    ordered = sorted(counts, key=lambda name: (name in daemons, -counts[name], name))
    words = [f"{name} {counts[name]}{' (daemon)' if name in daemons else ''}" for name in ordered]
    alone = [task for task in staying if not task.service]
    return ", ".join([*words, *([f"{len(alone)} standalone ({families(alone)})"] if alone else [])])


def drained_of(cluster: str, hosts: int, tasks: Collection[Task], services: Collection[Service]) -> str:
    """What a rollout does with a group's hosts, of whose tasks; before it begins."""
    count = f"{hosts} of its instances {'hosts' if hosts == 1 else 'host'}"
    if not tasks:
        return f"{count} no tasks of cluster {cluster} now: each is drained before it goes"
    named = {task.service for task in tasks if task.service}
    of = left_on(tasks, services) if len(named) <= NAMED else f"of {len(named)} services"
    return f"{count} {len(tasks)} tasks of cluster {cluster} ({of}): each is drained of them before it goes"


def families(tasks: Iterable[Task]) -> str:
    """Of tasks without a service, such as `family batch`, or with counts where there are several."""
    counts = Counter(task.family for task in tasks)
    if len(counts) == 1:
        return f"family {next(iter(counts))}"
    ordered = sorted(counts, key=lambda family: (-counts[family], family))
    return f"families {', '.join(f'{family} {counts[family]}' for family in ordered)}"
