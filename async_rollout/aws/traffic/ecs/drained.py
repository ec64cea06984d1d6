"""Whether a host that drains still has tasks: ECS's counts of them are 0 while they still serve.

The counts, and the list that is given unasked, are of tasks that are meant to run. One that is meant to stop is first
taken out of its target group and then ended, and serves requests until then. So each is asked for its last status.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from async_rollout.aws.calls import Ask, Body, pages
from async_rollout.aws.single_flight import chunks
from async_rollout.aws.together import Part, together
from async_rollout.aws.traffic.ecs.api import ECS
from async_rollout.aws.traffic.ecs.services import TASKS_PER_CALL
from async_rollout.aws.traffic.ecs.work import OVER

Tasks = frozenset[str]
"""ARNs."""


async def tasks_left(ask: Ask, cluster: str, known: Mapping[str, Tasks]) -> dict[str, Tasks]:
    """By host, the tasks that are not over. known: those that were not, of each host that is asked about; or none.

    While one of those is not over nothing else is asked. A host is listed anew once all of them are, as others may have
    come to it in between.
    """
    going = await _unended(ask, cluster, frozenset[str]().union(*known.values()))
    left = {host: tasks & going for host, tasks in known.items()}
    fresh = [host for host, tasks in left.items() if not tasks]
    parts = {host: Part(partial(_listed, ask, cluster, host)) for host in fresh}
    await together(*parts.values())
    listed = {host: part.value for host, part in parts.items()}
    unended = await _unended(ask, cluster, frozenset[str]().union(*listed.values()))
    return {host: listed.get(host, tasks) & unended | tasks for host, tasks in left.items()}


async def _listed(ask: Ask, cluster: str, host: str) -> Tasks:
    """Of those that are to run first: one that is told to stop in between is then in the second list."""
    running = await _of(ask, cluster, host, "RUNNING")
    return running | await _of(ask, cluster, host, "STOPPED")


async def _of(ask: Ask, cluster: str, host: str, status: str) -> Tasks:
    call = ECS.call("ListTasks", cluster=cluster, containerInstance=host, desiredStatus=status)
    found = await pages(ask, call, given="nextToken", wanted="nextToken")
    return frozenset(arn for page in found for arn in page.body["taskArns"])


async def _unended(ask: Ask, cluster: str, tasks: Iterable[str]) -> Tasks:
    """Those of the tasks that are not over; one that ECS does not find is."""
    parts = [Part(partial(_described, ask, cluster, some)) for some in chunks(sorted(tasks), TASKS_PER_CALL)]
    await together(*parts)
    rows = (row for part in parts for row in part.value)
    return frozenset(row["taskArn"] for row in rows if row.get("lastStatus") not in OVER)


async def _described(ask: Ask, cluster: str, tasks: Sequence[str]) -> Sequence[Body]:
    reply = await ask(ECS.call("DescribeTasks", cluster=cluster, tasks=list(tasks)))
    rows: Sequence[Body] = reply.body["tasks"]
    return rows
