"""Container instances: the rows by which a cluster knows its hosts, and what each says of the host's instance."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf

from async_rollout.aws.calls import Ask, Body, Call, pages
from async_rollout.aws.single_flight import chunks
from async_rollout.aws.together import Part, together
from async_rollout.aws.traffic.ecs.api import ECS

IDS_PER_FILTER = 50
"""How long a filter may be AWS does not say."""
ROWS_PER_CALL = 100
IN_USE = ("REGISTERING", "REGISTRATION_FAILED", "ACTIVE", "DRAINING")
"""Statuses of a host that there is; every other is of one that has gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One row. id: of the EC2 instance. cluster, arn: how it is addressed. busy: tasks run there or are to.

    registered_at: epoch seconds, 0 where AWS does not say. why: AWS's words for its status.
    """

    id: str
    cluster: str
    arn: str
    status: str
    connected: bool
    busy: bool
    registered_at: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """ARNs of rows. at: AWS's time of the oldest answer, infinity where nothing had to be asked."""

    at: float
    arns: frozenset[str]


async def rows_of(ask: Ask, cluster: str, ids: Collection[str]) -> Listed:
    """All rows of these EC2 instances in a cluster; one instance may have several."""
    filters = [f"ec2InstanceId in [{','.join(some)}]" for some in chunks(sorted(ids), IDS_PER_FILTER)]
    return await _listed(ask, [ECS.call("ListContainerInstances", cluster=cluster, filter=one) for one in filters])


async def all_rows(ask: Ask, cluster: str) -> Listed:
    """The rows of a cluster, whosever instances they are."""
    return await _listed(ask, [ECS.call("ListContainerInstances", cluster=cluster)])


async def _listed(ask: Ask, calls: Sequence[Call]) -> Listed:
    parts = [Part(partial(pages, ask, call, given="nextToken", wanted="nextToken")) for call in calls]
    await together(*parts)
    replies = [page for part in parts for page in part.value]
    return Listed(
        at=min((page.at for page in replies), default=inf),
        arns=frozenset(arn for page in replies for arn in page.body["containerInstanceArns"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """Hosts by their rows. at: as of `Listed`."""

    at: float
    hosts: tuple[Host, ...]


async def hosts_of(ask: Ask, cluster: str, arns: Collection[str]) -> Described:
    """Those of the rows that there still are."""
    parts = [
        Part(partial(ask, ECS.call("DescribeContainerInstances", cluster=cluster, containerInstances=list(some))))
        for some in chunks(sorted(arns), ROWS_PER_CALL)
    ]
    await together(*parts)
    hosts = (_host(cluster, row) for part in parts for row in part.value.body["containerInstances"])
    at = min((part.value.at for part in parts), default=inf)
    return Described(at=at, hosts=tuple(host for host in hosts if host.status in IN_USE))


def _host(cluster: str, row: Body) -> Host:
    registered = row.get("registeredAt")
    return Host(
        id=row.get("ec2InstanceId", ""),
        cluster=cluster,
        arn=row["containerInstanceArn"],
        status=row.get("status", ""),
        connected=bool(row.get("agentConnected")),
        busy=row.get("runningTasksCount", 1) > 0 or row.get("pendingTasksCount", 1) > 0,
        registered_at=registered.timestamp() if registered else 0.0,
        why=row.get("statusReason", ""),
    )


def current(rows: Iterable[Host]) -> dict[str, Host]:
    """By instance, the row that counts: a connected one before the others, then the newest.

    One that is registered twice (after a reboot, say) has a stale row beside it.
    """
    found: dict[str, Host] = {}
    for host in sorted(rows, key=lambda one: (one.connected, one.registered_at, one.arn)):
        found[host.id] = host
    return found
