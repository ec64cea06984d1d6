"""Which clusters the instances of a group belong to: no call tells that, so they are looked for in each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from async_rollout.aws.calls import Ask, Body, pages
from async_rollout.aws.single_flight import chunks
from async_rollout.aws.together import Part, together
from async_rollout.aws.traffic.ecs.api import ECS
from async_rollout.aws.traffic.ecs.hosts import rows_of

CLUSTERS_PER_CALL = 100


async def clusters_of(ask: Ask, ids: Sequence[str], named: Sequence[str] = ()) -> tuple[str, ...]:
    """ARNs of the clusters of which some of these EC2 instances are hosts.

    named: names or ARNs of those to look in; empty: all.
    """
    if not ids:
        return ()
    rows = await described(ask, named or await _all(ask))
    filled = [row["clusterArn"] for row in rows if row.get("registeredContainerInstancesCount", 1) > 0]
    parts = {arn: Part(partial(rows_of, ask, arn, ids)) for arn in filled}
    await together(*parts.values())
    return tuple(sorted(arn for arn, part in parts.items() if part.value.arns))


async def described(ask: Ask, clusters: Sequence[str]) -> tuple[Body, ...]:
    """The rows of the clusters, of those that there are."""
    parts = [
        Part(partial(ask, ECS.call("DescribeClusters", clusters=list(some))))
        for some in chunks(list(clusters), CLUSTERS_PER_CALL)
    ]
    await together(*parts)
    rows = (row for part in parts for row in part.value.body["clusters"])
    return tuple(row for row in rows if row.get("status") != "INACTIVE")


async def _all(ask: Ask) -> tuple[str, ...]:
    found = await pages(ask, ECS.call("ListClusters"), given="nextToken", wanted="nextToken")
    return tuple(arn for page in found for arn in page.body["clusterArns"])
