"""Which clusters the instances of a group belong to: no call tells that, so they are looked for in each.

One whose hosts nobody may list does not hide the others. That there are none at all is believed when it was answered
twice: taken for true by mistake it ends every task.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from async_rollout.aws.calls import Ask, Body, pages
from async_rollout.aws.faults import CallFailedError
from async_rollout.aws.single_flight import chunks
from async_rollout.aws.together import Part, together
from async_rollout.aws.traffic.ecs.api import ECS
from async_rollout.aws.traffic.ecs.hosts import rows_of
from async_rollout.aws.traffic.health import found

T = TypeVar("T")

CLUSTERS_PER_CALL = 100
LOOKS = 2
"""So often nothing is found before there is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What looking for hosts has brought. clusters: ARNs of those that have some. absent: names of which there is none.

    denied: of clusters that may not be looked into, one no.
    """

    clusters: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    denied: CallFailedError | None = None


async def clusters_of(ask: Ask, ids: Sequence[str], named: Sequence[str] = ()) -> Found:
    """In which clusters some of these EC2 instances are hosts.

    named: names or ARNs of those to look in; empty: all. Raises CallFailedError, also where nobody may list clusters.
    """
    seen = Found()
    for _ in range(LOOKS if ids else 0):
        seen = await _looked(ask, ids, named)
        if seen.clusters:
            break
    return seen


async def _looked(ask: Ask, ids: Sequence[str], named: Sequence[str]) -> Found:
    wanted = chunks(named or await _all(ask), CLUSTERS_PER_CALL)
    told = [Part(partial(_allowed, partial(described, ask, some))) for some in wanted]
    await together(*told)
    rows = [row for part in told if not isinstance(part.value, CallFailedError) for row in part.value]
    untold = [
        arn for some, part in zip(wanted, told, strict=True) if isinstance(part.value, CallFailedError) for arn in some
    ]
    names = {*untold, *(row["clusterArn"] for row in rows), *(row.get("clusterName", "") for row in rows)}
    filled = [row["clusterArn"] for row in rows if row.get("registeredContainerInstancesCount", 1) > 0]
    parts = {arn: Part(partial(_allowed, partial(_has_some, ask, arn, ids))) for arn in (*filled, *untold)}
    await together(*parts.values())
    return Found(
        clusters=tuple(sorted(arn for arn, part in parts.items() if part.value is True)),
        absent=tuple(name for name in named if name not in names),
        denied=next((part.value for part in parts.values() if isinstance(part.value, CallFailedError)), None),
    )


async def _has_some(ask: Ask, cluster: str, ids: Sequence[str]) -> bool:
    """Whether some of the instances are its hosts; of a cluster that was just deleted none are."""
    listed = await found(rows_of(ask, cluster, ids))
    return listed is not None and bool(listed.arns)


async def _allowed(asked: Callable[[], Awaitable[T]]) -> T | CallFailedError:
    """The answer, or the no where these credentials may not ask."""
    try:
        return await asked()
    except CallFailedError as failed:
        if not failed.forbidden:
            raise
        return failed


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
    listed = await pages(ask, ECS.call("ListClusters"), given="nextToken", wanted="nextToken")
    return tuple(arn for page in listed for arn in page.body["clusterArns"])
