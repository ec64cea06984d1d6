"""The kind of the ECS clusters: a group's clusters together are one source of it, and its instances their hosts.

Taking an instance out is to drain its host: ECS stops its services' tasks there once others run elsewhere. That is over
when no task on it runs any more, and nobody knows when. The load balancers of the group are left first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from async_rollout.aws.calls import Ask, Body, Call
from async_rollout.aws.faults import CallFailedError
from async_rollout.aws.single_flight import chunks
from async_rollout.aws.together import Part, together
from async_rollout.aws.traffic.ecs.api import ACTS, ECS, RATES
from async_rollout.aws.traffic.ecs.clusters import Clusters, Found, described
from async_rollout.aws.traffic.ecs.concerns import Options
from async_rollout.aws.traffic.ecs.drained import tasks_left
from async_rollout.aws.traffic.ecs.hosts import Described, Host, current, hosts_of, rows_of
from async_rollout.aws.traffic.ecs.ledger import FLAP, Ledger
from async_rollout.aws.traffic.ecs.options import Ecs
from async_rollout.aws.traffic.ecs.services import services_of, tasks_of
from async_rollout.aws.traffic.ecs.steady import unsettled
from async_rollout.aws.traffic.ecs.survey import elsewhere, surveyed, unlooked
from async_rollout.aws.traffic.ecs.work import Task
from async_rollout.aws.traffic.health import Health, found
from async_rollout.aws.traffic.kind import NONE, Concerns, Handles, Kind
from async_rollout.aws.traffic.target_group import TargetGroup
from async_rollout.core.actions import Registration
from async_rollout.core.amounts import amount
from async_rollout.core.observation import Source, Target, TargetState, unfound

PREFIX = "ecs:"
"""How the id of a source begins; behind it stand the ARNs of its clusters."""
HOSTS_PER_MOVE = 10
RETOLD, SELDOM = 60.0, 600.0
"""Seconds after which it is asked anew whose tasks are on the hosts: while one of them drains, and while none does."""

EVERYWHERE = Ecs()
"""Looked for in all clusters."""


class EcsHosts(Kind):
    """options: what the owner chose."""

    name = "ecs"
    noun = "ECS cluster"
    api = ECS
    reads = tuple(sorted(operation for operation, rate in RATES.items() if rate is not ACTS))
    changes = ("UpdateContainerInstancesState",)
    turn, asks = 1, 3
    discovers, by_handle, lists_all, moves_work, meets_booting = True, True, False, True, True

    def __init__(self, options: Ecs = EVERYWHERE) -> None:
        self._options = options
        self._ledger = Ledger()
        self._clusters = Clusters(options.clusters)

    def opened(self) -> EcsHosts:
        return EcsHosts(self._options)

    async def discover(self, ask: Ask, group: Body) -> Sequence[str]:
        """One source, of all clusters in which the group has hosts; none where nobody may look, see `concerns`.

        It stays the same for the life of a process: a newcomer that joins another cluster is no host of these.
        """
        name, members = group["AutoScalingGroupName"], [one["InstanceId"] for one in group["Instances"]]
        before = self._ledger.found.get(name)
        try:
            found = await self._clusters.of(ask, members)
        except CallFailedError as failed:
            if failed.forbidden:
                found = Found(denied=failed)
            elif before is None:
                raise _with_way_out(failed) from failed
            else:
                found = before
        if before is not None and before.clusters:
            found = replace(found, clusters=before.clusters)
        self._ledger.found[name] = found
        return (PREFIX + ",".join(found.clusters),) if found.clusters else ()

    async def concerns(self, ask: Ask, group: Body, ids: Sequence[str]) -> Concerns:
        found = self._ledger.found.get(group["AutoScalingGroupName"], Found())
        if found.denied and not ids:
            return await unlooked(ask, group, found.denied)
        if found.absent or (self._options.clusters and not ids):
            return elsewhere(self._options.clusters, found.absent)
        members = [one["InstanceId"] for one in group["Instances"]]
        options = Options(
            unavailable=amount(self._options.unavailable).down(group["DesiredCapacity"]),
            stop_first=self._options.stop_first,
            await_standalone=self._options.await_standalone,
            unserved=self._options.unserved,
            target_groups=await _ports(ask, group) if ids else {},
        )
        clusters = sorted({cluster for id in ids for cluster in _clusters(id)})
        parts = [Part(partial(surveyed, ask, cluster, members, options)) for cluster in clusters]
        await together(*parts)
        return Concerns.of(part.value for part in parts)

    async def describe(self, ask: Ask, ids: Sequence[str]) -> tuple[Source, ...]:
        rows = await described(ask, sorted({arn for id in ids for arn in _clusters(id)}))
        there = frozenset(row["clusterArn"] for row in rows)
        return tuple(self._source(id, there) for id in ids)

    def _source(self, id: str, there: frozenset[str]) -> Source:
        clusters = _clusters(id)
        names = ", ".join(_name(arn) for arn in clusters if arn in there or there.isdisjoint(clusters))
        if not there.intersection(clusters):
            return unfound(self.source(id, names))
        of_owner = {"drain_delay": self._options.drain_timeout, "together": self._options.together}
        return self.source(id, names, open_ended=True, option="--ecs-drain-timeout", **of_owner)

    async def health(self, ask: Ask, id: str, members: Sequence[str]) -> Health | None:
        """Each host by the row that counts; one that drains and on which no task is left is not among the targets."""
        parts = [Part(partial(self._seen, ask, cluster, members)) for cluster in _clusters(id)]
        await together(*parts)
        seen = [part.value for part in parts if part.value is not None]
        if not seen:
            return None
        hosts, at = current(host for one in seen for host in one.hosts), min(one.at for one in seen)
        at_work = [Part(partial(self._at_work, ask, cluster, hosts.values(), at)) for cluster in _clusters(id)]
        await together(*at_work)
        targets = ((host.id, self._target(id, host, at)) for host in hosts.values())
        return Health(
            at=at,
            targets=tuple((instance, target) for instance, target in targets if target is not None),
            handles={host.id: f"{host.cluster} {host.arn}" for host in hosts.values()},
            unsettled={name: why for part in at_work for name, why in part.value.items()},
        )

    async def _seen(self, ask: Ask, cluster: str, members: Sequence[str]) -> Described | None:
        """The hosts of the instances; None where there is no such cluster.

        A row that is known is described, listed or not. One whose agent is away may have another by now.
        """
        ledger = self._ledger
        if not members:
            reply = await ask(ECS.call("DescribeClusters", clusters=[cluster]))
            return Described(at=reply.at, hosts=()) if reply.body["clusters"] else None
        listed = await found(rows_of(ask, cluster, ledger.unknown(cluster, members)))
        known = {*ledger.known(cluster, members), *(listed.arns if listed else ())}
        seen = await found(hosts_of(ask, cluster, known))
        if listed is None or seen is None:
            return None
        stale = {host.id for host in seen.hosts}.difference(host.id for host in seen.hosts if host.connected)
        more = await hosts_of(ask, cluster, (await rows_of(ask, cluster, stale)).arns - known)
        at = min(listed.at, seen.at, more.at)
        return Described(at=at, hosts=ledger.saw(cluster, members, (*seen.hosts, *more.hosts), at))

    async def _at_work(self, ask: Ask, cluster: str, all: Iterable[Host], at: float) -> Mapping[str, str]:
        """Who is left on the hosts of a cluster that drain; what moves there and has not come to rest, and why.

        Of hosts that are counted empty each task is asked, of the others the cluster now and then.
        """
        hosts = [host for host in all if host.cluster == cluster]
        draining = [host for host in hosts if host.status == "DRAINING"]
        busy = any(host.busy for host in draining)
        if hosts and at - self._ledger.told.get(cluster, 0.0) >= (RETOLD if busy else SELDOM):
            await self._tell(ask, cluster, at)
        self._ledger.note(cluster, hosts)
        asked = [host.arn for host in draining if not host.busy and not self._ledger.is_empty(host, at)]
        known = {arn: self._ledger.left.get(arn, frozenset()) for arn in asked}
        self._ledger.counted(await tasks_left(ask, cluster, known), at)
        return await self._unrest(ask, cluster, at)

    async def _tell(self, ask: Ask, cluster: str, at: float) -> None:
        """Who is on each host. A process that begins asks whose tasks have stopped, too.

        Of a service of which no task runs any more nothing else tells.
        """
        ledger, by_host = self._ledger, dict[str, list[Task]]()
        tasks = await tasks_of(ask, cluster)
        over = () if cluster in ledger.told else await tasks_of(ask, cluster, "STOPPED")
        for task in (*tasks, *over):
            by_host.setdefault(task.host, []).append(task)
        ledger.tasks[cluster] = {arn: tuple(here) for arn, here in by_host.items()}
        ledger.told[cluster] = at

    async def _unrest(self, ask: Ask, cluster: str, at: float) -> Mapping[str, str]:
        """Daemons are left out: how many of them there are to be changes with each host."""
        names = self._ledger.served.get(cluster, frozenset())
        services = self._ledger.services[cluster] = await services_of(ask, cluster, names, defined=False)
        why = unsettled(service for service in services if not service.daemon)
        return self._ledger.unrest(cluster, why, {service.name for service in services}, at)

    def _target(self, source: str, host: Host, at: float) -> Target | None:
        state, reason = self._state(host, at)
        return None if state is None else Target(source=source, port=None, state=state, reason=reason)

    def _state(self, host: Host, at: float) -> tuple[TargetState | None, str]:
        """None: it has let go of it. An agent that was not seen yet may be about to connect."""
        away = self._ledger.away(host, at)
        gone = "" if host.connected else "its agent is not connected"
        match host.status:
            case "DRAINING" if host.busy:
                words = self._ledger.words(host) or "it still has tasks"
                return TargetState.DRAINING, "; ".join(filter(None, (words, gone)))
            case "DRAINING" if left := len(self._ledger.left[host.arn]):
                return TargetState.DRAINING, f"{left} task{'' if left == 1 else 's'} stopping"
            case "DRAINING":
                return None, ""
            case "REGISTERING":
                return TargetState.INITIAL, host.why or "it registers"
            case "ACTIVE" if host.connected or (away is not None and away < FLAP):
                return TargetState.HEALTHY, gone
            case "ACTIVE" if away is None:
                return TargetState.INITIAL, gone
            case "ACTIVE":
                return TargetState.UNHEALTHY, f"{gone}, for {away or 0.0:.0f} s"
            case _:
                return TargetState.UNHEALTHY, ": ".join(filter(None, (host.status, host.why)))

    def register(self, source: str, registrations: Sequence[Registration], handles: Handles = NONE) -> tuple[Call, ...]:
        return _moves("ACTIVE", registrations, handles)

    def deregister(
        self, source: str, registrations: Sequence[Registration], handles: Handles = NONE
    ) -> tuple[Call, ...]:
        return _moves("DRAINING", registrations, handles)


def _moves(status: str, registrations: Sequence[Registration], handles: Handles) -> tuple[Call, ...]:
    rows = sorted({tuple(handles[one.instance].split(" ")) for one in registrations})
    clusters = sorted({cluster for cluster, _ in rows})
    return tuple(
        ECS.call("UpdateContainerInstancesState", cluster=cluster, containerInstances=list(some), status=status)
        for cluster in clusters
        for some in chunks([arn for other, arn in rows if other == cluster], HOSTS_PER_MOVE)
    )


async def _ports(ask: Ask, group: Body) -> dict[str, list[int]]:
    """The ports that the group's own target groups send to, by ARN."""
    sources = await TargetGroup().describe(ask, group.get("TargetGroupARNs", ()))
    return {source.id: [source.default_port] for source in sources if source.default_port}


def _with_way_out(failed: CallFailedError) -> CallFailedError:
    """Whether a group hosts tasks cannot be told, so that nothing begins: its owner may know that it does not."""
    way = f"{failed.fault.message.rstrip('.')} (--ecs off: ECS is not asked, the instances host no tasks of it)"
    return CallFailedError(failed.call, replace(failed.fault, message=way))


def _clusters(id: str) -> list[str]:
    return id.removeprefix(PREFIX).split(",")


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
