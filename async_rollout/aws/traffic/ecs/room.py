"""Whether a service whose tasks each need a host of their own finds one while hosts drain.

Of h hosts that can take such a task, u drain before a newcomer stands in for them: h - u are left, one task each. ECS
stops a task only while enough of the others run, so the drain ends if h - u is at least as many as it keeps running,
and never ends otherwise, on whichever hosts the tasks are. Newcomers that come first change nothing: as many hosts
drain for them. With 6 hosts, 6 tasks and 100 % kept, no host may drain before its newcomer is there; with 84 %, none
either (6 are kept); with 83 %, one may.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from async_rollout.aws.traffic.ecs.work import Service, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """A cluster's hosts. cluster: its name. old: those to be replaced, instance ids by ARN of container instance.

    others: ARNs of all others that may take tasks, of other groups too.
    """

    cluster: str
    old: Mapping[str, str]
    others: frozenset[str] = frozenset()


def cramped(
    hosts: Hosts, tasks: Iterable[Task], services: Iterable[Service], service: Service, unavailable: int
) -> str | None:
    """What hinders such a service, with the remedy; None where it finds room, or its tasks may share a host.

    tasks, services: all that is known of the cluster. unavailable: old hosts that may drain before their newcomers.
    """
    if not (service.fixed_ports or service.distinct):
        return None
    taken = set(_taken(tasks, services, service))
    usable = len((hosts.old.keys() | hosts.others) - taken)
    away = min(unavailable, len(hosts.old.keys() - taken))
    if usable - away >= service.least:
        return None
    short = f"while {away} of them drain {usable - away} are left, and" if away else "and"
    return (
        f"needs a host of its own for each task ({_reason(service)}) and can use {usable}: {short} ECS keeps "
        f"{service.least} of its {service.desired} tasks running (minimumHealthyPercent {service.minimum_percent}), so "
        f"one of them can never leave its host: {_remedy(service, usable, away)}"
    )


def _taken(tasks: Iterable[Task], services: Iterable[Service], service: Service) -> Iterator[str]:
    """Hosts on which something else holds one of its ports: what is bound there, or what its definition says."""
    fixed = {one.name: one.fixed_ports for one in services}
    for task in tasks:
        held = task.ports | fixed.get(task.service, frozenset())
        if task.service != service.name and held & service.fixed_ports:
            yield task.host


def _reason(service: Service) -> str:
    ports = ", ".join(map(str, sorted(service.fixed_ports)))
    port = [f"fixed host port {ports}"] if ports else []
    return " and ".join([*port, *(["distinctInstance"] if service.distinct else [])])


def _remedy(service: Service, usable: int, away: int) -> str:
    """Newcomers first, where that is enough; a lower minimum, where one above 0 is."""
    spare = usable - service.least
    if spare > 0:
        first = f"--max-unavailable {spare} or less"
    elif spare == 0:
        first = "let newcomers come first (--max-surge 1 or more, --max-unavailable 0)"
    else:
        first = (
            f"add {-spare} host{'' if spare == -1 else 's'} that can take it, or lower its desired count to {usable}"
        )
    percent = (usable - away) * 100 // service.desired
    return f"{first}, or lower minimumHealthyPercent to {percent} or less" if percent > 0 else first
