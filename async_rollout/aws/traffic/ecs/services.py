"""Asks a cluster for its tasks and services: what is read goes no further than the records of `work`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from async_rollout.aws.calls import Ask, Body, Call, Rejection, pages
from async_rollout.aws.faults import CallFailedError, fault_in
from async_rollout.aws.single_flight import chunks
from async_rollout.aws.together import Part, together
from async_rollout.aws.traffic.ecs.api import ECS, MISSING
from async_rollout.aws.traffic.ecs.work import DAEMON, REPLICA, Deployment, Service, Task

TASKS_PER_CALL = 100
SERVICES_PER_CALL = 10
"""AWS's limits."""
OF_SERVICE = "service:"
"""How the group of a service's task begins. AWS keeps the prefix for services: nobody else can use it."""
INACTIVE = "INACTIVE"
PERCENTS = {REPLICA: (100, 200), DAEMON: (0, 100)}
"""AWS's defaults of minimumHealthyPercent and maximumPercent."""
STATED = {"STEADY_STATE": "COMPLETED", "STABILIZING": "IN_PROGRESS"}
"""A task set's stability, in a deployment's words."""


async def tasks_of(ask: Ask, cluster: str, desired: str = "RUNNING") -> tuple[Task, ...]:
    """The tasks that ECS means to run in a cluster, those of no service among them; ones that stop are not.

    desired: STOPPED, and it is those that ECS means to stop, or has stopped within about the last hour. One that ends
    between two calls is absent. Raises CallFailedError.
    """
    call = ECS.call("ListTasks", cluster=cluster, desiredStatus=desired)
    replies = await pages(ask, call, given="nextToken", wanted="nextToken")
    arns = [*dict.fromkeys(arn for reply in replies for arn in reply.body["taskArns"])]
    calls = [ECS.call("DescribeTasks", cluster=cluster, tasks=[*some]) for some in chunks(arns, TASKS_PER_CALL)]
    return tuple(map(_task, await _rows(ask, calls, "tasks")))


async def with_protection(ask: Ask, cluster: str, tasks: Sequence[Task]) -> tuple[Task, ...]:
    """The same tasks, each with the time to which it is protected from scale-in.

    Only a service's task can be. Of one that AWS answers a failure for nothing is known: it is as if not protected.
    Raises CallFailedError.
    """
    arns = [task.arn for task in tasks if task.service]
    calls = [ECS.call("GetTaskProtection", cluster=cluster, tasks=[*some]) for some in chunks(arns, TASKS_PER_CALL)]
    until = {row["taskArn"]: _expiry(row) for rows in await _replies(ask, calls, "protectedTasks") for row in rows}
    return tuple(replace(task, protected_until=until.get(task.arn)) for task in tasks)


async def services_of(ask: Ask, cluster: str, names: Iterable[str], *, defined: bool = True) -> tuple[Service, ...]:
    """The services of these names, sorted, with what their task definitions say; each definition is asked for once.

    One that has been deleted is absent, also where AWS still shows it. defined: whether definitions are asked for at
    all; else every service is as one that demands nothing of a host. Raises CallFailedError.
    """
    wanted = chunks(sorted(set(names)), SERVICES_PER_CALL)
    calls = [ECS.call("DescribeServices", cluster=cluster, services=[*some]) for some in wanted]
    found = await _rows(ask, calls, "services")
    rows = sorted((row for row in found if row.get("status") != INACTIVE), key=lambda row: str(row["serviceName"]))
    ports = await _ports(ask, filter(None, map(_definition_of, rows)) if defined else ())
    return tuple(_service(row, ports.get(_definition_of(row), frozenset())) for row in rows)


async def _replies(ask: Ask, calls: Sequence[Call], key: str, *, told: bool = False) -> list[Any]:
    """What each reply has under a key, all asked at the same time.

    told: whether what is left out must be gone. Left out for another reason, nobody knows what it is: no answer.
    """
    parts = [Part(partial(ask, call)) for call in calls]
    await together(*parts)
    replies = [(call, part.value) for call, part in zip(calls, parts, strict=True)]
    for call, reply in replies:
        for failure in reply.body["failures"] if told else ():
            if failure.get("reason") != MISSING:
                raise CallFailedError(call, fault_in(_no(failure)))
    return [reply.body[key] for _, reply in replies]


async def _rows(ask: Ask, calls: Sequence[Call], key: str) -> list[Body]:
    return [row for rows in await _replies(ask, calls, key, told=True) for row in rows]


def _no(failure: Body) -> Rejection:
    words = ": ".join(filter(None, (failure.get("arn"), failure.get("detail"))))
    return Rejection(code=failure.get("reason") or "Unknown", message=words)


def _task(row: Body) -> Task:
    group = row.get("group") or ""
    bindings = (binding for container in row.get("containers", ()) for binding in container.get("networkBindings", ()))
    return Task(
        arn=row["taskArn"],
        host=row.get("containerInstanceArn") or "",
        service=group.removeprefix(OF_SERVICE) if group.startswith(OF_SERVICE) else "",
        family=_family(row.get("taskDefinitionArn") or ""),
        status=row.get("lastStatus") or "",
        ports=frozenset(binding["hostPort"] for binding in bindings if binding.get("hostPort")),
    )


def _family(definition: str) -> str:
    """Of `arn:...:task-definition/web:7` it is `web`."""
    return definition.rpartition("/")[2].partition(":")[0]


def _expiry(row: Body) -> float | None:
    if not row.get("protectionEnabled"):
        return None
    ends = row.get("expirationDate")
    return float(ends.timestamp()) if ends else math.inf


async def _ports(ask: Ask, arns: Iterable[str]) -> Mapping[str, frozenset[int]]:
    """By task definition, the ports of the host that each task of it takes."""
    wanted = [*dict.fromkeys(arns)]
    calls = [ECS.call("DescribeTaskDefinition", taskDefinition=arn) for arn in wanted]
    rows = await _replies(ask, calls, "taskDefinition")
    return {arn: frozenset(_fixed_ports(row)) for arn, row in zip(wanted, rows, strict=True)}


def _fixed_ports(row: Body) -> Iterator[int]:
    """In mode `host` a container's port is the host's; in `awsvpc` each task has an address, and ports, of its own."""
    mode, containers = row.get("networkMode") or "bridge", row.get("containerDefinitions", ())
    for mapping in (mapping for container in containers for mapping in container.get("portMappings", ())):
        port = mapping.get("hostPort") or (mapping.get("containerPort") if mode == "host" else None)
        if port and mode not in ("awsvpc", "none"):
            yield port


def _definition_of(row: Body) -> str:
    """Where something else deploys, its task sets name the definition, not the service."""
    return row.get("taskDefinition") or next((str(one.get("taskDefinition")) for one in _task_sets(row)), "")


def _task_sets(row: Body) -> list[Body]:
    """The primary one first."""
    return sorted(row.get("taskSets", ()), key=lambda one: one.get("status") != "PRIMARY")


def _service(row: Body, fixed_ports: frozenset[int]) -> Service:
    scheduling = row.get("schedulingStrategy") or REPLICA
    low, high = _percents(row, scheduling)
    balancers = row.get("loadBalancers") or [one for each in _task_sets(row) for one in each.get("loadBalancers", ())]
    events = sorted(row.get("events", ()), key=_moment, reverse=True)
    return Service(
        name=row["serviceName"],
        status=row.get("status") or "",
        scheduling=scheduling,
        desired=row["desiredCount"],
        running=row["runningCount"],
        pending=row["pendingCount"],
        minimum_percent=low,
        maximum_percent=high,
        deployments=tuple(_deployments(row)),
        unplaced=_unplaced(event.get("message") or "" for event in events),
        target_groups=tuple(_target_groups(balancers)),
        distinct=any(one.get("type") == "distinctInstance" for one in row.get("placementConstraints", ())),
        fixed_ports=fixed_ports,
    )


def _percents(row: Body, scheduling: str) -> tuple[int, int]:
    """Where something else deploys, ECS goes by the default maximum whatever is set."""
    low, high = PERCENTS[scheduling]
    given = row.get("deploymentConfiguration") or {}
    deployer = (row.get("deploymentController") or {}).get("type") or "ECS"
    return given.get("minimumHealthyPercent", low), given.get("maximumPercent", high) if deployer == "ECS" else high


def _deployments(row: Body) -> Iterator[Deployment]:
    for one in row.get("deployments", ()):
        yield Deployment(rollout=one.get("rolloutState") or "", reason=one.get("rolloutStateReason") or "")
    if not row.get("deployments"):
        for one in _task_sets(row):
            stability = one.get("stabilityStatus") or ""
            yield Deployment(rollout=STATED.get(stability, stability))


def _target_groups(balancers: Iterable[Body]) -> Iterator[tuple[str, int | None]]:
    for one in balancers:
        if arn := one.get("targetGroupArn"):
            yield arn, one.get("containerPort")


def _moment(event: Body) -> float:
    at = event.get("createdAt")
    return float(at.timestamp()) if at else 0.0


def _unplaced(texts: Iterable[str]) -> str:
    """texts: of its events, the newest first."""
    for text in texts:
        if "has reached a steady state" in text:
            return ""
        if "unable to place" in text:
            return _brief(text)
    return ""


def _brief(text: str) -> str:
    """An event without the pointer to AWS's guide behind it."""
    return text.partition(" For more information, see")[0].strip()
