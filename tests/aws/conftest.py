"""A small AWS to ask: it answers calls from tables, notes when each was sent, and can be told to fail or to hang."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import anyio
import pytest
from botocore.exceptions import ClientError

from async_rollout.aws.calls import Call

EPOCH = 1_700_000_000.0
TG = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0011223344556677"


def refusal(code: str, message: str = "words", status: int = 400) -> ClientError:
    """An error as botocore raises it."""
    reply: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(reply, "Operation")


class FakeAws:
    """`send` is what a cloud puts calls on. answers: by operation; faults: taken one a call before any answer."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, Call]] = []
        self.latency = 0.1
        self.answers: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {}
        self.faults: dict[str, list[Exception]] = {}
        self.hanging: set[str] = set()
        self.groups: dict[str, dict[str, Any]] = {}
        self.dated = True

    async def send(self, call: Call) -> Mapping[str, Any]:
        self.sent.append((anyio.current_time(), call))
        if any(word in call.key for word in self.hanging):
            await anyio.sleep_forever()
        await anyio.sleep(self.latency)
        if self.faults.get(call.operation):
            raise self.faults[call.operation].pop(0)
        answer = self.answers.get(call.operation, self._known)
        body = answer(call.params) if answer != self._known else self._known(call.params, call.operation)
        date = format_datetime(datetime.fromtimestamp(EPOCH + anyio.current_time(), UTC), usegmt=True)
        return {**body, "ResponseMetadata": {"HTTPHeaders": {"date": date} if self.dated else {}}}

    def _known(self, params: Mapping[str, Any], operation: str = "") -> Mapping[str, Any]:
        match operation:
            case "DescribeAutoScalingGroups":
                names = params.get("AutoScalingGroupNames", self.groups)
                return {"AutoScalingGroups": [self.groups[name] for name in names if name in self.groups]}
            case "DescribeInstances":
                ids = params["Filters"][0]["Values"]
                return {"Reservations": [{"Instances": [ec2_row(id) for id in ids]}]}
            case "ListClusters":
                return {"clusterArns": []}
            case "DescribeClusters":
                return {"clusters": [], "failures": []}
            case _:
                return {}

    def add(self, name: str, *ids: str, **more: Any) -> dict[str, Any]:
        """A group on a launch configuration, all of its instances in service."""
        row = {
            "AutoScalingGroupName": name,
            "AutoScalingGroupARN": f"arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:u:name/{name}",
            "MinSize": len(ids),
            "DesiredCapacity": len(ids),
            "MaxSize": len(ids),
            "LaunchConfigurationName": "lc-1",
            "HealthCheckType": "EC2",
            "Instances": [member(id) for id in ids],
            **more,
        }
        self.groups[name] = row
        return row

    def times(self, operation: str) -> list[float]:
        return [at for at, call in self.sent if call.operation == operation]

    def params(self, operation: str) -> list[Mapping[str, Any]]:
        return [call.params for _, call in self.sent if call.operation == operation]


def member(id: str, **more: Any) -> dict[str, Any]:
    row = {"InstanceId": id, "LifecycleState": "InService", "HealthStatus": "Healthy", "AvailabilityZone": "eu-west-1a"}
    return {**row, "InstanceType": "m5.large", "LaunchConfigurationName": "lc-1", **more}


def ec2_row(id: str, **more: Any) -> dict[str, Any]:
    attached = {"DeviceIndex": 0, "AttachTime": datetime.fromtimestamp(EPOCH - 1000, UTC)}
    return {
        "InstanceId": id,
        "State": {"Name": "running"},
        "LaunchTime": datetime.fromtimestamp(EPOCH - 10, UTC),
        "PrivateIpAddress": "10.0.0.1",
        "PublicIpAddress": "198.51.100.1",
        "NetworkInterfaces": [{"Attachment": attached}],
        **more,
    }


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture
def refused() -> Callable[..., ClientError]:
    return refusal


@pytest.fixture
def ec2() -> Callable[..., dict[str, Any]]:
    return ec2_row


@pytest.fixture
def row_of() -> Callable[..., dict[str, Any]]:
    return member


@pytest.fixture
def lit(aws: Any) -> Any:
    """One that knows target groups, all of their targets healthy on port 80."""
    aws.answers["DescribeTargetGroups"] = lambda params: {
        "TargetGroups": [
            {"TargetGroupArn": arn, "Port": 80, "LoadBalancerArns": []} for arn in params["TargetGroupArns"]
        ]
    }
    aws.answers["DescribeTargetHealth"] = lambda params: {
        "TargetHealthDescriptions": [
            {"Target": {"Id": one["InstanceId"], "Port": 80}, "TargetHealth": {"State": "healthy"}}
            for group in aws.groups.values()
            if params["TargetGroupArn"] in group.get("TargetGroupARNs", ())
            for one in group["Instances"]
        ]
    }
    return aws
