"""Why not to begin on hosts of a cluster, and what their owner ought to know before: a sentence each, with the remedy.

Of services that have tasks on hosts that are to be replaced, and of tasks there that no service moves. Pure: nothing
here asks or acts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isinf

from async_rollout.aws.traffic.ecs.left import families
from async_rollout.aws.traffic.ecs.room import Hosts, cramped
from async_rollout.aws.traffic.ecs.steady import unsettled
from async_rollout.aws.traffic.ecs.work import Service, Task
from async_rollout.aws.traffic.kind import Concerns

NAMED = 3
"""Hosts that a sentence names; of more it says how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the owner chose. unavailable: old hosts that may drain before a newcomer stands in for them.

    stop_first: whether all tasks of a service may stop before others run; False. await_standalone: whether tasks of no
    service are waited for; False: refused. unserved: whether newcomers need not be healthy in the group's own load
    balancers; False. target_groups: ports that the group's own target groups send to, by ARN.
    """

    unavailable: int = 0
    stop_first: bool = False
    await_standalone: bool = False
    unserved: bool = False
    target_groups: Mapping[str, Collection[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Concern:
    """One sentence. refuses: whether it is a reason not to begin."""

    words: str
    refuses: bool


def concerns(hosts: Hosts, tasks: Collection[Task], services: Iterable[Service], options: Options) -> Concerns:
    """tasks: all that the cluster runs. services: those of them that are looked at; one of another name is gone."""
    running = [task for task in tasks if not task.over]
    moved = [task for task in running if task.host in hosts.old]
    names = {task.service for task in moved}
    known = tuple(services)
    affected = [service for service in sorted(known, key=lambda one: one.name) if service.name in names]
    replicas = [service for service in affected if service.desired and not service.daemon]
    found = (
        *(one for service in replicas for one in _unmovable(hosts, service, options)),
        *_standalone(hosts, moved, options),
        *(one for service in replicas for one in _cramped(hosts, running, known, service, options)),
        *(one for service in replicas for one in _shared(hosts, moved, service, options)),
        *(one for service in affected for one in _restless(hosts, service)),
        *(one for service in affected for one in _protected(hosts, moved, service)),
    )
    return Concerns(
        objections=tuple(one.words for one in found if one.refuses),
        told=tuple(one.words for one in found if not one.refuses),
    )


def _unmovable(hosts: Hosts, service: Service, options: Options) -> Iterator[_Concern]:
    """Its percentages let none of its tasks leave, or all of them at once."""
    called, desired, low = _called(hosts, service), service.desired, service.minimum_percent
    if service.stuck:
        lower, higher = service.moving_percents
        down = "" if lower else " (--ecs-stop-first: none runs meanwhile)"
        yield _Concern(
            f"{called} can never drain: ECS keeps {service.least} of its {desired} tasks running "
            f"(minimumHealthyPercent {low}) and runs {service.most} at the most (maximumPercent "
            f"{service.maximum_percent}), so it can neither stop one nor start one elsewhere: raise maximumPercent to "
            f"{higher} or more, or lower minimumHealthyPercent to {lower}{' or less' if lower else down}",
            refuses=True,
        )
    if not service.least:
        every = f"all {desired} of its tasks" if desired > 1 else "its only task"
        remedy = "" if options.stop_first else ": set minimumHealthyPercent 100 and maximumPercent 200"
        yield _Concern(
            f"{called}: a drain may stop {every} before another runs, as minimumHealthyPercent is {low}{remedy}"
            f"{', which is allowed (--ecs-stop-first)' if options.stop_first else ' (--ecs-stop-first: allow it)'}",
            refuses=not options.stop_first,
        )


def _standalone(hosts: Hosts, moved: Collection[Task], options: Options) -> Iterator[_Concern]:
    """Nobody starts them elsewhere, and a drain leaves them alone."""
    alone = [task for task in moved if not task.service]
    if not alone:
        return
    what = f"{_tasks(len(alone), 'standalone task')} ({families(alone)}) on {_hosts(hosts, alone)}"
    ends = "waited for until the drain limit" if options.await_standalone else "wait until they end, or stop them"
    option = "--ecs-drain-timeout" if options.await_standalone else "--ecs-standalone wait: wait for them in the run"
    yield _Concern(
        f"{what} of cluster {hosts.cluster}: no service moves them, and a drain does not stop them: {ends} ({option})",
        refuses=not options.await_standalone,
    )


def _cramped(
    hosts: Hosts, running: Collection[Task], services: Collection[Service], service: Service, options: Options
) -> Iterator[_Concern]:
    """Each of its tasks needs a host of its own, and too few stay."""
    found = cramped(hosts, running, services, service, options.unavailable)
    if found is not None:
        yield _Concern(f"{_called(hosts, service)} {found}", refuses=True)


def _shared(hosts: Hosts, moved: Collection[Task], service: Service, options: Options) -> Iterator[_Concern]:
    """The group registers newcomers where only a task of the service answers."""
    mine = [task.ports for task in moved if task.service == service.name]
    answered = service.fixed_ports.union(*mine)
    attached = {arn for arn, _ in service.target_groups}
    for arn, ports in sorted(options.target_groups.items()):
        if both := sorted(answered & set(ports)):
            port = ", ".join(map(str, both))
            remedy = "detach it from the group, as the service has it too" if arn in attached else "attach it to the "
            remedy += "" if arn in attached else "service instead of the group"
            yield _Concern(
                f"target group {_name(arn)} of the group sends to port {port} of its hosts, where tasks of "
                f"{_called(hosts, service)} answer: a new host is unhealthy there until ECS happens to place such a "
                f"task on it: {'not waited for (-s)' if options.unserved else f'{remedy} (-s: do not wait for it)'}",
                refuses=not options.unserved,
            )


def _restless(hosts: Hosts, service: Service) -> Iterator[_Concern]:
    """A deployment is told. One that finds no host for its tasks would find none for those that are moved either."""
    if service.running < service.desired and service.unplaced and not service.daemon:
        yield _Concern(
            f"{_called(hosts, service)}: {service.running} of {service.desired} tasks run and ECS finds no host for "
            f"the others: {_quoted(service.unplaced)}: add hosts or change what the service demands of them, then run "
            "again",
            refuses=True,
        )
    elif why := unsettled([service]).get(service.name):
        yield _Concern(f"{_called(hosts, service)} is not steady: {why}", refuses=False)


def _protected(hosts: Hosts, moved: Collection[Task], service: Service) -> Iterator[_Concern]:
    held = [task for task in moved if task.service == service.name and task.protected_until is not None]
    if held:
        until = max(task.protected_until for task in held if task.protected_until is not None)
        last = "with no end told" if isinf(until) else f"until {_time(until)}"
        yield _Concern(
            f"{_called(hosts, service)}: {_tasks(len(held), 'task')} on {_hosts(hosts, held)} protected from scale-in "
            f"{last}: a drain may wait for that (aws ecs update-task-protection --no-protection-enabled ends it)",
            refuses=False,
        )


def _called(hosts: Hosts, service: Service) -> str:
    return f"service {service.name} of cluster {hosts.cluster}"


def _tasks(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _hosts(hosts: Hosts, tasks: Iterable[Task]) -> str:
    ids = sorted({hosts.old[task.host] for task in tasks})
    return ", ".join(ids) if len(ids) <= NAMED else f"{', '.join(ids[:NAMED])} and {len(ids) - NAMED} more"


def _quoted(event: str) -> str:
    return event.rstrip(".")


def _name(arn: str) -> str:
    return arn.rpartition(":targetgroup/")[2].partition("/")[0]


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
