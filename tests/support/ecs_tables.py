"""A cluster to ask, out of tables of what AWS would answer: it pages, keeps AWS's limits, and notes each call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from async_rollout.aws.calls import Call, Reply
from async_rollout.aws.faults import CallFailedError, fault_in

NOW = 1_700_000_000.0
PREFIX = "arn:aws:ecs:eu-west-1:123456789012:"
LIMITS = {"DescribeTasks": ("tasks", 100), "GetTaskProtection": ("tasks", 100), "DescribeServices": ("services", 10)}


def arn(kind: str, name: str) -> str:
    """Of something in the cluster `prod`, but for task definitions, which are in none."""
    return f"{PREFIX}{kind}/{name if kind == 'task-definition' else f'prod/{name}'}"


def moment(after: float = 0.0) -> datetime:
    return datetime.fromtimestamp(NOW + after, UTC)


def task_row(name: str, group: str = "service:web", **more: Any) -> dict[str, Any]:
    """As AWS describes a task in bridge mode."""
    return {
        "taskArn": arn("task", name),
        "clusterArn": arn("cluster", "prod"),
        "containerInstanceArn": arn("container-instance", "a"),
        "taskDefinitionArn": arn("task-definition", f"{group.partition(':')[2]}:7"),
        "group": group,
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "containers": [],
        **more,
    }


def service_row(name: str, **more: Any) -> dict[str, Any]:
    """As AWS describes a service at rest."""
    return {
        "serviceArn": arn("service", name),
        "serviceName": name,
        "clusterArn": arn("cluster", "prod"),
        "status": "ACTIVE",
        "schedulingStrategy": "REPLICA",
        "taskDefinition": arn("task-definition", f"{name}:7"),
        "desiredCount": 3,
        "runningCount": 3,
        "pendingCount": 0,
        "deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 150},
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED"}],
        "events": [],
        **more,
    }


def event(text: str, after: float = 0.0) -> dict[str, Any]:
    return {"id": "e", "createdAt": moment(after), "message": text}


class FakeEcs:
    """`ask` answers. gone: ARNs that are listed and, when they are described, no more; failing: by ARN, why else.

    spoilt: by operation, what becomes of its answers. page: ARNs a page.
    """

    def __init__(self, *, page: int = 100) -> None:
        self.tasks: list[dict[str, Any]] = []
        self.services: list[dict[str, Any]] = []
        self.definitions: dict[str, dict[str, Any]] = {}
        self.protections: list[dict[str, Any]] = []
        self.gone: set[str] = set()
        self.failing: dict[str, str] = {}
        self.spoilt: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {}
        self.sent: list[Call] = []
        self._page = page

    async def ask(self, call: Call) -> Reply:
        self.sent.append(call)
        key, limit = LIMITS.get(call.operation, ("", 0))
        assert not key or 0 < len(call.params[key]) <= limit, "AWS refuses as many, or none"
        answer: Callable[..., dict[str, Any]] = getattr(self, f"_{call.operation}")
        body = answer(**call.params)
        fits(call.operation, call.params, body)
        spoil = self.spoilt.get(call.operation)
        told = spoil(body) if spoil else body
        if no := call.api.rejected(call.operation, told):
            raise CallFailedError(call, fault_in(no))
        return Reply(body=told, at=NOW)

    def asked(self, operation: str) -> list[Mapping[str, Any]]:
        return [call.params for call in self.sent if call.operation == operation]

    def _ListTasks(self, cluster: str, desiredStatus: str, nextToken: str = "0") -> dict[str, Any]:  # noqa: N802, N803
        listed = [row["taskArn"] for row in self.tasks if row["desiredStatus"] == desiredStatus]
        start, end = int(nextToken), int(nextToken) + self._page
        return {"taskArns": listed[start:end], **({"nextToken": str(end)} if end < len(listed) else {})}

    def _DescribeTasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:  # noqa: N802
        return self._described("tasks", {row["taskArn"]: row for row in self.tasks}, tasks)

    def _DescribeServices(self, cluster: str, services: list[str]) -> dict[str, Any]:  # noqa: N802
        return self._described("services", {row["serviceName"]: row for row in self.services}, services)

    def _GetTaskProtection(self, cluster: str, tasks: list[str]) -> dict[str, Any]:  # noqa: N802
        return self._described("protectedTasks", {row["taskArn"]: row for row in self.protections}, tasks)

    def _DescribeTaskDefinition(self, taskDefinition: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"taskDefinition": {"taskDefinitionArn": taskDefinition, **self.definitions.get(taskDefinition, {})}}

    def _described(self, key: str, rows: Mapping[str, Any], ids: list[str]) -> dict[str, Any]:
        absent = {id: "MISSING" for id in ids if id not in rows or id in self.gone} | {
            id: self.failing[id] for id in ids if id in self.failing
        }
        failures = [{"arn": id, "reason": reason} for id, reason in absent.items()]
        return {key: [rows[id] for id in ids if id not in absent], "failures": failures}


def fits(operation: str, params: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """Whether botocore would send this and could answer that: a table with a key that AWS does not have proves nothing.

    Raises AssertionError.
    """
    model = _model().operation_model(operation)
    validator: Any = ParamValidator()
    for shape, values in ((model.input_shape, params), (model.output_shape, body)):
        report = validator.validate(values, shape)
        assert not report.has_errors(), report.generate_report()
        for path, stranger in _strangers(shape, values):
            raise AssertionError(f"{operation}: {path} has no {stranger}")


def _strangers(shape: Any, values: Any) -> list[tuple[str, str]]:
    """Keys that the model lacks; botocore's own check passes them over in what it did not build itself."""
    if shape.type_name == "structure":
        extra = [(shape.name, key) for key in values if key not in shape.members]
        known = [one for key in values if key in shape.members for one in _strangers(shape.members[key], values[key])]
        return extra + known
    if shape.type_name == "list":
        return [one for value in values for one in _strangers(shape.member, value)]
    return []


@cache
def _model() -> Any:
    return botocore.session.get_session().get_service_model("ecs")
