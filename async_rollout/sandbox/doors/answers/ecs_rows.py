"""ECS's rows as it tells them: clusters, container instances, tasks, services, task definitions."""

from __future__ import annotations

from collections.abc import Iterable

from async_rollout.sandbox.doors.answers.asked import Params
from async_rollout.sandbox.ecs import tables
from async_rollout.sandbox.ecs.records import Cluster, Definition, Deployment, Host, Provider, Service, Task
from async_rollout.sandbox.state import State

LISTED = ("ACTIVE", "DRAINING")
"""Hosts that count as registered."""


def cluster(state: State, one: Cluster) -> Params:
    tasks = [task for task in state.tasks.values() if task.cluster == one.name]
    return {
        "clusterArn": one.arn,
        "clusterName": one.name,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": sum(
            host.cluster == one.name and host.status in LISTED for host in state.hosts.values()
        ),
        "runningTasksCount": sum(task.runs for task in tasks),
        "pendingTasksCount": sum(task.coming for task in tasks),
        "activeServicesCount": sum(service.cluster == one.name for service in state.services.values()),
        "statistics": [],
        "tags": [],
        "settings": [{"name": "containerInsights", "value": "disabled"}],
        "capacityProviders": list(one.providers),
        "defaultCapacityProviderStrategy": [],
    }


def host(state: State, one: Host) -> Params:
    """runningTasksCount and pendingTasksCount hold those whose desiredStatus is RUNNING: a stopping one is in none."""
    tasks = tables.tasks_on(state, one.arn)
    held = [state.definitions[task.definition] for task in tasks]
    ports = {*one.ports, *(task.port for task in tasks if task.port is not None)}
    return {
        "containerInstanceArn": one.arn,
        "ec2InstanceId": one.instance,
        "capacityProviderName": one.provider or None,
        "version": one.version,
        "versionInfo": {"agentVersion": "1.89.2", "agentHash": "a94cb1e7", "dockerVersion": "DockerVersion: 25.0.8"},
        "remainingResources": _resources(
            one.cpu - sum(each.cpu for each in held), one.memory - sum(each.memory for each in held), ports
        ),
        "registeredResources": _resources(one.cpu, one.memory, one.ports),
        "status": one.status,
        "statusReason": one.reason or None,
        "agentConnected": one.connected,
        "runningTasksCount": sum(task.runs for task in tasks),
        "pendingTasksCount": sum(task.coming for task in tasks),
        "attributes": [{"name": name, **({"value": value} if value else {})} for name, value in one.attributes],
        "registeredAt": one.registered_at,
        "attachments": [],
        "tags": [],
    }


def _resources(cpu: int, memory: int, ports: Iterable[int]) -> list[Params]:
    empty = {"doubleValue": 0.0, "longValue": 0}
    return [
        {"name": "CPU", "type": "INTEGER", **empty, "integerValue": cpu},
        {"name": "MEMORY", "type": "INTEGER", **empty, "integerValue": memory},
        {"name": "PORTS", "type": "STRINGSET", **empty, "integerValue": 0, "stringSetValue": sorted(map(str, ports))},
        {"name": "PORTS_UDP", "type": "STRINGSET", **empty, "integerValue": 0, "stringSetValue": []},
    ]


def task(state: State, one: Task) -> Params:
    definition = state.definitions[one.definition]
    here = state.hosts.get(one.host or "")
    return {
        "taskArn": one.arn,
        "clusterArn": state.clusters[one.cluster].arn,
        "taskDefinitionArn": one.definition,
        "containerInstanceArn": one.host,
        "capacityProviderName": here.provider or None if here else None,
        "availabilityZone": here.zone if here else None,
        "attachments": [_interface(one)] if one.ip else [],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "connectivity": ("CONNECTED" if here.connected else "DISCONNECTED") if here else None,
        "containers": [_container(one, definition)],
        "cpu": str(definition.cpu),
        "memory": str(definition.memory),
        "createdAt": one.created_at,
        "startedAt": one.started_at,
        "stoppingAt": one.stopping_at,
        "stoppedAt": one.stopped_at,
        "desiredStatus": one.desired,
        "lastStatus": one.last,
        "enableExecuteCommand": False,
        "group": one.group,
        "healthStatus": "UNKNOWN",
        "launchType": "EC2",
        "overrides": {"containerOverrides": [{"name": definition.family}], "inferenceAcceleratorOverrides": []},
        "startedBy": one.started_by or None,
        "stopCode": one.code or None,
        "stoppedReason": one.reason or None,
        "tags": [],
        "version": 1,
    }


def _interface(one: Task) -> Params:
    details = [{"name": "privateIPv4Address", "value": one.ip}]
    status = "DELETED" if one.over else "ATTACHED"
    return {"id": one.arn.rpartition("/")[2], "type": "ElasticNetworkInterface", "status": status, "details": details}


def _container(one: Task, definition: Definition) -> Params:
    bound = one.port is not None and one.started_at is not None
    binding = {"bindIP": "0.0.0.0", "containerPort": definition.port, "hostPort": one.port, "protocol": "tcp"}  # noqa: S104 - as AWS tells it
    return {
        "containerArn": one.arn.replace(":task/", ":container/"),
        "taskArn": one.arn,
        "name": definition.family,
        "image": f"{definition.family}:{definition.revision}",
        "lastStatus": one.last,
        "reason": one.reason if one.code == "TaskFailedToStart" else None,
        "networkBindings": [binding] if bound else [],
        "networkInterfaces": [{"privateIpv4Address": one.ip}] if one.ip else [],
        "cpu": str(definition.cpu),
        "memory": str(definition.memory),
    }


def service(state: State, one: Service) -> Params:
    tasks = [task for task in state.tasks.values() if task.service == one.arn]
    constraints = [{"type": "memberOf", "expression": f"attribute:{name} == {value}"} for name, value in one.needs]
    return {
        "serviceArn": one.arn,
        "serviceName": one.name,
        "clusterArn": state.clusters[one.cluster].arn,
        "loadBalancers": _balancers(state, one),
        "serviceRegistries": [],
        "status": "ACTIVE",
        "desiredCount": one.desired,
        "runningCount": sum(task.runs for task in tasks),
        "pendingCount": sum(task.coming for task in tasks),
        "launchType": None if one.provider else "EC2",
        "capacityProviderStrategy": [{"capacityProvider": one.provider, "weight": 1, "base": 0}]
        if one.provider
        else None,
        "taskDefinition": one.definition,
        "deploymentConfiguration": {"maximumPercent": one.maximum, "minimumHealthyPercent": one.minimum},
        "deployments": [_deployment(one, each, tasks, first=not number) for number, each in enumerate(one.deployments)],
        "events": [{"id": each.id, "createdAt": each.at, "message": each.message} for each in one.events],
        "createdAt": one.created_at,
        "placementConstraints": [*([{"type": "distinctInstance"}] if one.distinct else []), *constraints],
        "placementStrategy": [] if one.daemon else SPREAD,
        "healthCheckGracePeriodSeconds": int(one.grace) if one.target_group else None,
        "schedulingStrategy": "DAEMON" if one.daemon else "REPLICA",
        "deploymentController": {"type": "ECS"},
        "enableECSManagedTags": False,
        "propagateTags": "NONE",
        "enableExecuteCommand": False,
        "availabilityZoneRebalancing": "DISABLED",
    }


SPREAD = [
    {"type": "spread", "field": "attribute:ecs.availability-zone"},
    {"type": "spread", "field": "instanceId"},
]
"""How the console makes services."""


def _balancers(state: State, one: Service) -> list[Params]:
    if one.target_group is None:
        return []
    definition = state.definitions[one.definition]
    port = {"containerName": definition.family, "containerPort": definition.port}
    return [{"targetGroupArn": one.target_group, **port}]


def _deployment(one: Service, each: Deployment, tasks: list[Task], *, first: bool) -> Params:
    own = [task for task in tasks if task.deployment == each.id]
    return {
        "id": each.id,
        "status": "PRIMARY" if first else "ACTIVE",
        "taskDefinition": each.definition,
        "desiredCount": one.desired if first else 0,
        "runningCount": sum(task.runs for task in own),
        "pendingCount": sum(task.coming for task in own),
        "failedTasks": 0,
        "createdAt": each.created_at,
        "updatedAt": each.updated_at,
        "launchType": None if one.provider else "EC2",
        "rolloutState": each.rollout,
        "rolloutStateReason": f"ECS deployment {each.id} {each.rollout.lower().replace('_', ' ')}.",
    }


def definition(one: Definition) -> Params:
    host_port = one.port if one.network == "awsvpc" else one.fixed_port or 0
    ports = [] if one.port is None else [{"containerPort": one.port, "hostPort": host_port, "protocol": "tcp"}]
    container = {
        "name": one.family,
        "image": f"{one.family}:{one.revision}",
        "cpu": one.cpu,
        "memory": one.memory,
        "portMappings": ports,
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "stopTimeout": None if one.stop_timeout == 30.0 else int(one.stop_timeout),
    }
    return {
        "taskDefinitionArn": one.arn,
        "containerDefinitions": [container],
        "family": one.family,
        "networkMode": one.network,
        "revision": one.revision,
        "volumes": [],
        "status": "ACTIVE",
        "requiresAttributes": [{"name": "ecs.capability.task-eni"}] if one.network == "awsvpc" else [],
        "placementConstraints": [],
        "compatibilities": ["EXTERNAL", "EC2"],
        "requiresCompatibilities": ["EC2"],
        "cpu": str(one.cpu),
        "memory": str(one.memory),
    }


def provider(state: State, one: Provider) -> Params:
    def worded(enabled: bool) -> str:  # noqa: FBT001 - a word for a switch
        return "ENABLED" if enabled else "DISABLED"

    group = {
        "autoScalingGroupArn": state.groups[one.group].arn if one.group in state.groups else one.group,
        "managedScaling": {
            "status": worded(one.scaling),
            "targetCapacity": one.target,
            "minimumScalingStepSize": 1,
            "maximumScalingStepSize": 10_000,
            "instanceWarmupPeriod": 300,
        },
        "managedTerminationProtection": worded(one.protection),
        "managedDraining": worded(one.draining),
    }
    return {
        "capacityProviderArn": one.arn,
        "name": one.name,
        "status": one.status,
        "autoScalingGroupProvider": group,
        "updateStatus": one.update or None,
        "tags": [],
    }
