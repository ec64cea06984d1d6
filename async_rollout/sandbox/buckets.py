"""AWS's request buckets: so many calls at once and so many a second, for each account, region and API.

Elastic Load Balancing, EC2 and ECS publish theirs (their guides on request throttling); Auto Scaling does not, so its
size is a guess that can be set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

Rate = tuple[float, float]
"""Burst and refill a second."""

PUBLISHED: Mapping[str, Rate] = {
    "autoscaling": (40.0, 10.0),
    "elbv2 reads": (40.0, 10.0),
    "elb reads": (40.0, 10.0),
    "elbv2 writes": (20.0, 4.0),
    "elb writes": (20.0, 4.0),
    "ec2": (100.0, 20.0),
    "ecs clusters": (50.0, 20.0),
    "ecs capacity providers": (50.0, 20.0),
    "ecs resource reads": (100.0, 20.0),
    "ecs resource acts": (100.0, 40.0),
    "ecs service reads": (100.0, 20.0),
    "ecs service acts": (50.0, 5.0),
    "ecs task protection": (200.0, 80.0),
    "ecs task definitions": (100.0, 20.0),
}
ECS: Mapping[str, str] = {
    "DescribeClusters": "clusters",
    "ListClusters": "clusters",
    "DescribeCapacityProviders": "capacity providers",
    "DescribeContainerInstances": "resource reads",
    "ListContainerInstances": "resource reads",
    "DescribeTasks": "resource reads",
    "ListTasks": "resource reads",
    "UpdateContainerInstancesState": "resource acts",
    "StopTask": "resource acts",
    "DeregisterContainerInstance": "resource acts",
    "RunTask": "resource acts",
    "DescribeServices": "service reads",
    "ListServices": "service reads",
    "UpdateService": "service acts",
    "GetTaskProtection": "task protection",
    "DescribeTaskDefinition": "task definitions",
}
"""ECS's buckets, by operation (its API reference on request throttling)."""


class Buckets:
    """The buckets of one world. throttled: refused calls by "service:Operation".

    others: the share of each refill that somebody else in the account draws, all the time; 1 lets nothing through once
    the burst is used up.
    """

    def __init__(self, rates: Mapping[str, Rate] = PUBLISHED, *, others: float = 0.0) -> None:
        self.throttled: Counter[str] = Counter()
        self._rates = {name: (burst, refill * (1 - others)) for name, (burst, refill) in rates.items()}
        self._held: dict[str, tuple[float, float]] = {}

    def admit(self, service: str, operation: str, now: float) -> bool:
        """Whether there is a token left for this call; takes it. now: the world's time, seconds."""
        name = bucket_of(service, operation)
        if name not in self._rates:
            return True
        burst, refill = self._rates[name]
        tokens, at = self._held.get(name, (burst, now))
        tokens = min(burst, tokens + (now - at) * refill)
        admitted = tokens >= 1
        self._held[name] = (tokens - admitted, now)
        self.throttled[f"{service}:{operation}"] += not admitted
        return admitted


def bucket_of(service: str, operation: str) -> str:
    """Both versions of Elastic Load Balancing have buckets of their own, for reads and for acts; ECS has several."""
    if service in ("elb", "elbv2"):
        return f"{service} {'reads' if operation.startswith('Describe') else 'writes'}"
    return f"ecs {ECS[operation]}" if service == "ecs" else service
