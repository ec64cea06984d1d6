"""Amazon ECS: clusters and their container instances, tasks, services. The table at the end is the whole service."""

from __future__ import annotations

import re

from async_rollout.sandbox.doors.answers import ecs_rows as rows
from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table
from async_rollout.sandbox.doors.answers.ecs_asked import at_most, cluster, described, failures, paged
from async_rollout.sandbox.doors.answers.ecs_providers import attachments, describe_providers
from async_rollout.sandbox.doors.answers.ecs_services import describe_services, list_services, update_service
from async_rollout.sandbox.ecs import deeds
from async_rollout.sandbox.ecs.records import Host, Task
from async_rollout.sandbox.ecs.words import no_host, no_service, wrong
from async_rollout.sandbox.words import not_simulated

STATUSES = ("ACTIVE", "DRAINING", "REGISTERING", "DEREGISTERING", "REGISTRATION_FAILED")
FILTER = re.compile(r"\s*(?P<of>[\w:.-]+)\s*(?P<by>==|!=|in|!in)\s*(?P<values>\[[^][]*\]|[^\s[\]]+)\s*")
"""An expression of the cluster query language of one term; several terms are not simulated."""


def list_clusters(asked: Asked) -> Params:
    return paged(asked, "clusterArns", [one.arn for one in asked.state.clusters.values()])


def describe_clusters(asked: Asked) -> Params:
    """Without names the one that is called "default"."""
    names = asked.params.get("clusters") or ["default"]
    if len(names) > 100:
        raise wrong("clusters can have at most 100 items.")
    clusters, shown = asked.state.clusters, asked.params.get("include") or []
    return described(
        asked,
        "clusters",
        names,
        lambda name: next((one for one in clusters.values() if name in (one.name, one.arn)), None),
        "cluster",
        lambda one: rows.cluster(asked.state, one) | (attachments(asked, one) if "ATTACHMENTS" in shown else {}),
    )


def list_hosts(asked: Asked) -> Params:
    """All but INACTIVE ones, if no status is asked for."""
    status, query, here = asked.params.get("status"), asked.params.get("filter"), cluster(asked)
    if status is not None and status not in STATUSES:
        raise wrong(f"Invalid status: {status[:40]}")
    hosts = [one for one in asked.state.hosts.values() if one.cluster == here.name and one.status != "INACTIVE"]
    hosts = [one for one in hosts if status in (None, one.status)]
    if query:
        hosts = [one for one in hosts if _matches(query, one)]
    return paged(asked, "containerInstanceArns", [one.arn for one in hosts])


def _matches(query: str, host: Host) -> bool:
    """Raises AwsError for what is no expression, and for one that the sandbox cannot answer."""
    term = FILTER.fullmatch(query)
    if term is None and re.search(r"\b(and|or|not|exists)\b|&&|\|\||[<>~(]", query):
        raise not_simulated(f"the filter {query[:80]!r} of ecs:ListContainerInstances")
    if term is None:
        raise wrong(f"Invalid filter: {query[:80]}")
    if term["of"] != "ec2InstanceId":
        raise not_simulated(f"a filter by {term['of'][:40]} of ecs:ListContainerInstances")
    listed = term["values"].startswith("[")
    if listed != term["by"].endswith("in"):
        raise wrong(f"Invalid filter: {query[:80]}")
    values = {one.strip() for one in term["values"].strip("[]").split(",")}
    return (host.instance in values) is not term["by"].startswith("!")


def describe_hosts(asked: Asked) -> Params:
    names = at_most(asked, "containerInstances", 100, "Container instances")
    cluster(asked)
    hosts = asked.state.hosts
    found = lambda name: deeds.find(hosts, "container-instance", cluster(asked), name)  # noqa: E731
    kind, row = "container-instance", lambda one: rows.host(asked.state, one)
    return described(asked, "containerInstances", names, found, kind, row)


def update_state(asked: Asked) -> Params:
    names = at_most(asked, "containerInstances", 10, "instanceIds")
    status = asked.params["status"]
    if status not in ("ACTIVE", "DRAINING"):
        raise wrong("Container instance status must be one of [ACTIVE, DRAINING]")
    done, failed = asked.world.ecs.set_state(asked.params.get("cluster"), names, status, who=asked.who)
    state = asked.world.look()
    return {"containerInstances": [rows.host(state, one) for one in done], "failures": failures(failed)}


def deregister(asked: Asked) -> Params:
    force = bool(asked.params.get("force"))
    named, host = asked.params.get("cluster"), asked.params["containerInstance"]
    gone = asked.world.ecs.deregister(named, host, force=force, who=asked.who)
    return {"containerInstance": rows.host(asked.world.look(), gone)}


def list_tasks(asked: Asked) -> Params:
    """By desiredStatus, RUNNING if none is given: a task that is still stopping is among the STOPPED ones."""
    here, desired = cluster(asked), asked.params.get("desiredStatus", "RUNNING")
    if desired not in ("RUNNING", "PENDING", "STOPPED"):
        raise wrong(f"Invalid desired status: {desired[:40]}")
    found = [one for one in asked.state.tasks.values() if (one.cluster, one.desired) == (here.name, desired)]
    if (named := asked.params.get("containerInstance")) is not None:
        host = deeds.find(asked.state.hosts, "container-instance", here, named)
        if host is None:
            raise no_host()
        found = [one for one in found if one.host == host.arn]
    if (named := asked.params.get("serviceName")) is not None:
        service = deeds.find(asked.state.services, "service", here, named)
        if service is None:
            raise no_service()
        found = [one for one in found if one.service == service.arn]
    if (family := asked.params.get("family")) is not None:
        found = [one for one in found if asked.state.definitions[one.definition].family == family]
    if (by := asked.params.get("startedBy")) is not None:
        found = [one for one in found if one.started_by == by]
    launched = asked.params.get("launchType", "EC2") == "EC2"
    return paged(asked, "taskArns", [one.arn for one in found if launched])


def _task(asked: Asked, named: str) -> Task | None:
    return deeds.find(asked.state.tasks, "task", cluster(asked), named)


def describe_tasks(asked: Asked) -> Params:
    names = at_most(asked, "tasks", 100, "Tasks")
    cluster(asked)
    row = lambda one: rows.task(asked.state, one)  # noqa: E731
    return described(asked, "tasks", names, lambda name: _task(asked, name), "task", row)


def stop_task(asked: Asked) -> Params:
    reason = asked.params.get("reason", "")
    stopped = asked.world.ecs.stop_task(asked.params.get("cluster"), asked.params["task"], reason, who=asked.who)
    return {"task": rows.task(asked.world.look(), stopped)}


def run_task(asked: Asked) -> Params:
    count = asked.params.get("count", 1)
    if not 1 <= count <= 10:
        raise wrong("Count must be between 1 and 10.")
    if asked.params.get("group", "family:").startswith("service:"):
        raise wrong("The task group is reserved for services.")
    if asked.params.get("launchType", "EC2") != "EC2":
        raise not_simulated("a launch type other than EC2 of ecs:RunTask")
    named, defined = asked.params.get("cluster"), asked.params["taskDefinition"]
    made, failed = asked.world.ecs.run_task(named, defined, count, who=asked.who)
    state = asked.world.look()
    return {"tasks": [rows.task(state, one) for one in made], "failures": failures(failed)}


def protection(asked: Asked) -> Params:
    """Of the named tasks, or of all that services have in the cluster; standalone ones have none."""
    here, names = cluster(asked), asked.params.get("tasks") or []
    if len(names) > 100:
        raise wrong("tasks can have at most 100 items.")
    every = [one.arn for one in asked.state.tasks.values() if one.cluster == here.name and one.service and one.wanted]
    told = described(
        asked, "protectedTasks", names or every, lambda name: _task(asked, name), "task", lambda one: _kept(asked, one)
    )
    alone = [one for name in names if (one := _task(asked, name)) is not None and one.service is None]
    told["protectedTasks"] = [row for row in told["protectedTasks"] if row["taskArn"] not in {one.arn for one in alone}]
    told["failures"] += failures((one.arn, "TASK_NOT_VALID") for one in alone)
    return told


def _kept(asked: Asked, one: Task) -> Params:
    on = one.is_protected(asked.state.at)
    return {"taskArn": one.arn, "protectionEnabled": on, "expirationDate": one.protected_until if on else None}


def describe_definition(asked: Asked) -> Params:
    return {
        "taskDefinition": rows.definition(deeds.definition(asked.state, asked.params["taskDefinition"])),
        "tags": [],
    }


TABLE: Table = {
    "DeregisterContainerInstance": deregister,
    "DescribeCapacityProviders": describe_providers,
    "DescribeClusters": describe_clusters,
    "DescribeContainerInstances": describe_hosts,
    "DescribeServices": describe_services,
    "DescribeTaskDefinition": describe_definition,
    "DescribeTasks": describe_tasks,
    "GetTaskProtection": protection,
    "ListClusters": list_clusters,
    "ListContainerInstances": list_hosts,
    "ListServices": list_services,
    "ListTasks": list_tasks,
    "RunTask": run_task,
    "StopTask": stop_task,
    "UpdateContainerInstancesState": update_state,
    "UpdateService": update_service,
}
