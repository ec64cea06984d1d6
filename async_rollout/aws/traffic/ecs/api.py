"""ECS as whoever calls it has to know it: its request buckets, and what in a reply that says 200 is a no, or nothing.

botocore reads a truncated, an empty or an HTML reply of a JSON service as a reply without keys. So a key that is not
there is no answer, and never "none": a host whose tasks were not told would else be taken for drained.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from async_rollout.aws.calls import Api, Body, Rate, Rejection

CLUSTERS = Rate(name="ecs clusters", burst=50.0, refill=20.0)
READS = Rate(name="ecs resource reads", burst=100.0, refill=20.0, watched=True)
ACTS = Rate(name="ecs resource acts", burst=100.0, refill=40.0)
SERVICES = Rate(name="ecs service reads", burst=100.0, refill=20.0)
DEFINITIONS = Rate(name="ecs task definitions", burst=100.0, refill=20.0)
PROTECTION = Rate(name="ecs task protection", burst=200.0, refill=80.0)
"""AWS's guide on request throttling of ECS."""

RATES: Mapping[str, Rate] = MappingProxyType(
    {
        "DescribeClusters": CLUSTERS,
        "ListClusters": CLUSTERS,
        "DescribeContainerInstances": READS,
        "ListContainerInstances": READS,
        "DescribeTasks": READS,
        "ListTasks": READS,
        "UpdateContainerInstancesState": ACTS,
        "DescribeServices": SERVICES,
        "DescribeTaskDefinition": DEFINITIONS,
        "GetTaskProtection": PROTECTION,
    }
)
"""Every operation that is called."""

KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "DescribeClusters": ("clusters", "failures"),
        "ListClusters": ("clusterArns",),
        "DescribeContainerInstances": ("containerInstances", "failures"),
        "ListContainerInstances": ("containerInstanceArns",),
        "DescribeTasks": ("tasks", "failures"),
        "ListTasks": ("taskArns",),
        "UpdateContainerInstancesState": ("containerInstances", "failures"),
        "DescribeServices": ("services", "failures"),
        "DescribeTaskDefinition": ("taskDefinition",),
        "GetTaskProtection": ("protectedTasks", "failures"),
    }
)
"""What a whole reply has, empty lists included."""

MISSING = "MISSING"
"""Why ECS cannot do what was asked with one of many: there is no such thing any more."""


def _rejected(operation: str, body: Body) -> Rejection | None:
    if lacking := [key for key in KEYS[operation] if key not in body]:
        return Rejection(code="NoAnswer", message=f"the reply has no {' and no '.join(lacking)}", unanswered=True)
    if RATES[operation] is not ACTS:
        return None
    failures = body["failures"]
    reasons = sorted({one.get("reason", "") for one in failures} - {MISSING})
    words = ", ".join(
        f"{one.get('arn', '')} {one.get('reason', '')} {one.get('detail', '')}".strip() for one in failures
    )
    return Rejection(code=reasons[0] if reasons else MISSING, message=words) if failures else None


ECS = Api(client="ecs", rate=RATES.__getitem__, gone=frozenset({"ClusterNotFound", MISSING}), rejected=_rejected)
