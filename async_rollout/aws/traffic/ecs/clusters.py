"""Which clusters the instances of a group belong to: no call tells that, so they are looked for in each.

A cluster's hosts are listed for all groups at once, those of a large one asked for by the group's instances. One whose
hosts nobody may list does not hide the others. That there are none at all is believed when it was answered twice: taken
for true by mistake it ends every task.
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
from async_rollout.aws.traffic.ecs.hosts import all_rows, hosts_of, rows_of
from async_rollout.aws.traffic.health import found

T = TypeVar("T")

CLUSTERS_PER_CALL = 100
LOOKS = 2
"""So often nothing is found before there is nothing."""
LISTED = 60.0
"""Seconds for which a cluster's hosts are known: groups that begin together share the answer."""
LARGE = 500
"""Hosts of a cluster above which a group asks for its own, as their list takes two calls a hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What looking for hosts has brought. clusters: ARNs of those that have some. absent: names of which there is none.

    denied: of clusters that may not be looked into, one no.
    """

    clusters: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    denied: CallFailedError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """EC2 instances that are hosts of a cluster, by either of two answers. at: AWS's time before they were asked."""

    at: float
    ids: frozenset[str]


class Clusters:
    """Those of one cloud. named: names or ARNs of those to look in; empty: all."""

    def __init__(self, named: Sequence[str] = ()) -> None:
        self._named = named
        self._listings: dict[str, Listing] = {}

    async def of(self, ask: Ask, ids: Sequence[str]) -> Found:
        """In which of them some of these EC2 instances are hosts.

        Raises CallFailedError, also where nobody may list clusters.
        """
        seen = Found()
        for _ in range(LOOKS if ids else 0):
            seen = await self._looked(ask, ids)
            if seen.clusters:
                break
        return seen

    async def _looked(self, ask: Ask, ids: Sequence[str]) -> Found:
        wanted = chunks(self._named or await _all(ask), CLUSTERS_PER_CALL)
        told = [Part(partial(_allowed, partial(_described, ask, some))) for some in wanted]
        await together(*told)
        pairs = list(zip(wanted, (part.value for part in told), strict=True))
        untold = [arn for some, answer in pairs if isinstance(answer, CallFailedError) for arn in some]
        answers = [answer for _, answer in pairs if not isinstance(answer, CallFailedError)]
        rows, at = [row for _, rows in answers for row in rows], max((at for at, _ in answers), default=0.0)
        names = {*untold, *(row["clusterArn"] for row in rows), *(row.get("clusterName", "") for row in rows)}
        sizes = {row["clusterArn"]: row.get("registeredContainerInstancesCount", LARGE + 1) for row in rows}
        asking: dict[str, Callable[[], Awaitable[frozenset[str]]]] = {
            arn: partial(self._listed, ask, arn, at) for arn, size in sizes.items() if 0 < size <= LARGE
        }
        asking |= {arn: partial(_own, ask, arn, ids) for arn, size in sizes.items() if size > LARGE}
        asking |= {arn: partial(_own, ask, arn, ids) for arn in untold}
        parts = {arn: Part(partial(_allowed, question)) for arn, question in asking.items()}
        await together(*parts.values())
        hosts = {arn: part.value for arn, part in parts.items() if not isinstance(part.value, CallFailedError)}
        return Found(
            clusters=tuple(sorted(arn for arn, there in hosts.items() if not there.isdisjoint(ids))),
            absent=tuple(name for name in self._named if name not in names),
            denied=next((part.value for part in parts.values() if isinstance(part.value, CallFailedError)), None),
        )

    async def _listed(self, ask: Ask, cluster: str, at: float) -> frozenset[str]:
        known = self._listings.get(cluster)
        if known is None or at - known.at >= LISTED:
            ids = await _hosts(ask, cluster) | await _hosts(ask, cluster)
            known = self._listings[cluster] = Listing(at=at, ids=ids)
        return known.ids


async def _hosts(ask: Ask, cluster: str) -> frozenset[str]:
    """Every EC2 instance that is a host of a cluster; of one that was just deleted none is."""
    listed = await found(all_rows(ask, cluster))
    seen = await found(hosts_of(ask, cluster, listed.arns)) if listed else None
    return frozenset(host.id for host in seen.hosts) if seen else frozenset()


async def _own(ask: Ask, cluster: str, ids: Sequence[str]) -> frozenset[str]:
    """Some of the instances, all or none, as a list of rows does not say whose they are."""
    listed = await found(rows_of(ask, cluster, ids))
    return frozenset(ids) if listed is not None and listed.arns else frozenset()


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
    parts = [Part(partial(_described, ask, some)) for some in chunks(list(clusters), CLUSTERS_PER_CALL)]
    await together(*parts)
    return tuple(row for part in parts for row in part.value[1])


async def _described(ask: Ask, clusters: Sequence[str]) -> tuple[float, tuple[Body, ...]]:
    """AWS's time, and the rows of as many clusters as a call takes."""
    reply = await ask(ECS.call("DescribeClusters", clusters=list(clusters)))
    return reply.at, tuple(row for row in reply.body["clusters"] if row.get("status") != "INACTIVE")


async def _all(ask: Ask) -> tuple[str, ...]:
    listed = await pages(ask, ECS.call("ListClusters"), given="nextToken", wanted="nextToken")
    return tuple(arn for page in listed for arn in page.body["clusterArns"])
