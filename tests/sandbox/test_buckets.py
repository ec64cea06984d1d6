"""AWS's request buckets, as it publishes them."""

from __future__ import annotations

import pytest

from async_rollout.aws.calls import AUTOSCALING, EC2
from async_rollout.aws.traffic import KINDS
from async_rollout.sandbox.buckets import ECS, PUBLISHED, Buckets
from async_rollout.sandbox.takes import TAKES

HEALTH = ("elbv2", "DescribeTargetHealth")


def admitted(buckets: Buckets, call: tuple[str, str], now: float) -> int:
    """How many of a hundred calls at one moment get through."""
    return sum(buckets.admit(*call, now) for _ in range(100))


def test_the_burst_first_and_then_so_many_a_second() -> None:
    buckets = Buckets()
    assert [admitted(buckets, HEALTH, now) for now in (0.0, 1.0, 1.5, 1000.0)] == [40, 10, 5, 40]
    assert buckets.throttled == {"elbv2:DescribeTargetHealth": 400 - 95}


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (("elbv2", "DescribeTargetGroups"), True),
        (("elbv2", "DeregisterTargets"), False),
        (("elb", "DescribeInstanceHealth"), False),
        (("autoscaling", "DescribeAutoScalingGroups"), False),
    ],
)
def test_who_shares_a_bucket(other: tuple[str, str], shared: bool) -> None:
    buckets = Buckets()
    admitted(buckets, HEALTH, 0.0)
    assert buckets.admit(*other, 0.0) is not shared


def test_others_draw_from_it_too() -> None:
    buckets = Buckets(others=0.5)
    assert [admitted(buckets, HEALTH, now) for now in (0.0, 1.0, 3.0)] == [40, 5, 10]


def test_the_cloud_draws_from_the_same_ones() -> None:
    called = [(api, operation) for api in (AUTOSCALING, EC2) for operation in ("DescribeX", "RegisterX")]
    called += [(kind.api, operation) for kind in KINDS for operation in (*kind.reads, *kind.changes)]
    rates = {api.rate(operation) for api, operation in called}
    drawn = {rate.name: (rate.burst, rate.refill) for rate in rates}
    unused = {"ecs capacity providers", "ecs service acts"}
    assert drawn == {name: rate for name, rate in PUBLISHED.items() if name not in unused}


@pytest.mark.parametrize(
    ("operation", "other", "shared"),
    [
        ("ListClusters", "DescribeClusters", True),
        ("DescribeTasks", "ListContainerInstances", True),
        ("ListServices", "ListTasks", False),
        ("UpdateContainerInstancesState", "DescribeContainerInstances", False),
        ("StopTask", "DeregisterContainerInstance", True),
    ],
)
def test_ecs_has_several(operation: str, other: str, shared: bool) -> None:
    buckets = Buckets()
    admitted(buckets, ("ecs", operation), 0.0)
    assert buckets.admit("ecs", other, 0.0) is not shared


def test_each_call_of_ecs_has_its_bucket() -> None:
    assert {*ECS} == {*TAKES["ecs"]}
    assert {f"ecs {name}" for name in ECS.values()} == {name for name in PUBLISHED if name.startswith("ecs ")}
