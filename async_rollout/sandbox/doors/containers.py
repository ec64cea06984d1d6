"""Clusters at the port door: a group's clusters as one more of its traffic sources, as the aws layer tells of them.

The truth is asked by ECS's calls, so it comes late, with gaps or not at all, as each answer may. What was seen is kept
in mind as that layer keeps it: a row that an answer lacks, an agent that was there a moment ago, tasks that still stop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from async_rollout.core import observation
from async_rollout.core.observation import TargetState
from async_rollout.sandbox.doors.acts import CLUSTERS
from async_rollout.sandbox.ecs.records import Host, Service
from async_rollout.sandbox.ecs.tables import tasks_of, tasks_on
from async_rollout.sandbox.faults import Faults
from async_rollout.sandbox.state import State
from async_rollout.sandbox.world import World

DRAIN_TIMEOUT = 1800.0
"""Seconds that a host may take to drain, beside what its load balancers take."""
FLAP = 300.0
"""Seconds that an agent, or a row, may be away before anybody minds."""
NONE_TOLD = 3
"""So often it must be said that no cluster has an instance: a list comes empty now and then."""
RETOLD, SELDOM = 60.0, 600.0
"""Seconds after which it is asked anew whose tasks are on the hosts: while one of them drains, and while none does."""
FINDING = ("ecs:ListClusters", "ecs:DescribeClusters", "ecs:ListContainerInstances")
ROWS = ("ecs:ListContainerInstances", "ecs:DescribeContainerInstances")
TASKS = ("ecs:ListTasks", "ecs:DescribeTasks")

UNLOOKED = "whether its instances host ECS tasks cannot be told: ecs:ListClusters is denied"

Read = Callable[..., Awaitable[list[State]]]
"""Calls made together, by name: the tables as each answer shows them."""
Tasks = frozenset[str]
"""ARNs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One answer: the source, with what has not come to rest, and each host's target by its instance."""

    source: observation.Source
    targets: dict[str, observation.Target]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A host as it was last described, and when. busy: by ECS's counts, which are of tasks that are meant to run."""

    host: Host
    busy: bool
    at: float


class Containers:
    """What one cloud knows of the world's clusters. Where the world has none, nothing is asked."""

    def __init__(self, world: World, faults: Faults, read: Read) -> None:
        self._world, self._faults, self._read = world, faults, read
        self._found: dict[str, str] = {}
        self._rows: dict[str, _Row] = {}
        self._met: set[str] = set()
        self._gone: dict[str, float] = {}
        self._left: dict[str, Tasks] = {}
        self._words: dict[str, str] = {}
        self._told: dict[str, float] = {}
        self._services: dict[str, frozenset[str]] = {}
        self._restless: dict[str, tuple[str, float]] = {}
        self._denied: set[str] = set()

    # --- which there are

    def of(self, group: str) -> tuple[observation.Source, ...]:
        """The group's source, without its health, where one was found."""
        return (source_of(self._found[group]),) if self._found.get(group) else ()

    async def find(self, group: str, *, anew: bool) -> None:
        """Look for the group's hosts, if that was not done before, or anew. One that was found stays."""
        if not self._world.state.clusters or (group in self._found and not anew):
            return
        self._denied.discard(group)
        if self._faults.withholds(FINDING):
            self._denied.add(group)
            self._found.setdefault(group, "")
            return
        for _ in range(1 if group in self._found else NONE_TOLD):
            if found := await self._looked_for(group):
                self._found[group] = found
                return
        self._found.setdefault(group, "")

    async def _looked_for(self, group: str) -> str:
        _, counted, listed = await self._read(*FINDING)
        members, clusters = self._world.state.rosters.get(group, ()), self._world.state.clusters
        filled = {host.cluster for host in counted.hosts.values() if host.status != "INACTIVE"}
        hosts = [host for host in listed.hosts.values() if host.instance in members and host.status != "INACTIVE"]
        arns = sorted({clusters[host.cluster].arn for host in hosts if host.cluster in filled})
        return CLUSTERS + ",".join(arns) if arns else ""

    def told(self, group: str) -> tuple[str, ...]:
        """What its owner is to know before the first change."""
        return (UNLOOKED,) if group in self._denied else ()

    # --- how they see the hosts

    async def health(self, group: str) -> Seen:
        """Each host by the row that counts. A drained one is not among the targets."""
        source, members = source_of(self._found[group]), self._registrable(group)
        names = [arn.rpartition("/")[2] for arn in source.id.removeprefix(CLUSTERS).split(",")]
        rows = _current(await self._seen(names, members))
        at = self._world.now
        for name in names:
            await self._ask_who_is_left(name, [row for row in rows if row.host.cluster == name], at)
        unsettled = await self._unrest(names)
        found = {row.host.instance: self._target(source.id, row, at) for row in rows}
        targets = {instance: target for instance, target in found.items() if target is not None}
        return Seen(source=source_of(source.id, seen_at=self._world.now, unsettled=tuple(unsettled)), targets=targets)

    def _registrable(self, group: str) -> frozenset[str]:
        """Those that boot too: their agents join, and they are given tasks, before they are in service."""
        rows = self._world.state.members(group)
        return frozenset(one.id for one in rows if not one.lifecycle.startswith("Terminated"))

    async def _seen(self, names: list[str], members: frozenset[str]) -> list[_Row]:
        """The rows of the members. One that an answer lacks stays as it was for a while."""
        listed, described = await self._read(*ROWS)
        at = self._world.now
        known = {arn for arn, row in self._rows.items() if row.host.instance in members}
        known |= {one.arn for one in listed.hosts.values() if one.instance in members and one.cluster in names}
        there = [described.hosts[arn] for arn in sorted(known) if arn in described.hosts]
        told = {one.arn: _Row(host=one, busy=_busy(described, one), at=at) for one in there if one.status != "INACTIVE"}
        self._note_agents(told, at)
        self._rows |= told
        return [row for arn, row in self._rows.items() if arn in known and (arn in told or at - row.at < FLAP)]

    def _note_agents(self, told: dict[str, _Row], at: float) -> None:
        """Since when looks have shown an agent away; who has not looked for long begins anew."""
        self._met |= {arn for arn, row in told.items() if row.host.connected}
        for arn, row in told.items():
            if row.host.connected:
                self._gone.pop(arn, None)
            elif arn not in self._gone or at - self._rows[arn].at >= FLAP:
                self._gone[arn] = at

    async def _ask_who_is_left(self, name: str, rows: list[_Row], at: float) -> None:
        """On hosts that drain: by name now and then, and each task of those that are counted empty."""
        draining = [row for row in rows if row.host.status == "DRAINING"]
        empty = [row.host.arn for row in draining if not row.busy]
        if rows and at - self._told.get(name, 0.0) >= (RETOLD if len(empty) < len(draining) else SELDOM):
            await self._tell(name, [row.host for row in rows], at)
        if empty:
            listed, described = await self._read(*TASKS)
            for arn in empty:
                going = _unended(described, self._left.get(arn, frozenset()))
                self._left[arn] = going or _unended(described, [one.arn for one in tasks_on(listed, arn)])

    async def _tell(self, name: str, hosts: list[Host], at: float) -> None:
        listed, _ = await self._read(*TASKS)
        for host in hosts:
            here = [task for task in tasks_on(listed, host.arn) if task.wanted]
            every = here if name in self._told else [one for one in listed.tasks.values() if one.host == host.arn]
            served = {one.service for one in every if one.service is not None}
            self._services[name] = self._services.get(name, frozenset()) | served
            self._words[host.arn] = _words(task.group for task in here)
            if host.status == "DRAINING":
                self._left[host.arn] = self._left.get(host.arn, frozenset()).union(one.arn for one in here)
        self._told[name] = at

    async def _unrest(self, names: list[str]) -> Iterable[tuple[str, str]]:
        """Daemons are left out: how many of them there are to be changes with each host."""
        known = sorted(arn for name in names for arn in self._services.get(name, ()))
        if not known:
            return ()
        (described,) = await self._read("ecs:DescribeServices")
        services = [described.services[arn] for arn in known if arn in described.services]
        at = self._world.now
        told = {one.name: ("; ".join(_restless(described, one)), at) for one in services if not one.daemon}
        lacking = {name: one for name, one in self._restless.items() if at - one[1] < FLAP}
        self._restless = {name: one for name, one in (lacking | told).items() if one[0]}
        return [(name, why) for name, (why, _) in self._restless.items()]

    def _target(self, source: str, row: _Row, at: float) -> observation.Target | None:
        state, reason = self._state(row.host, at, busy=row.busy)
        return None if state is None else observation.Target(source=source, port=None, state=state, reason=reason)

    def _state(self, host: Host, at: float, *, busy: bool) -> tuple[TargetState | None, str]:
        """None: it has let go of it. An agent that was not seen yet may be about to connect."""
        away = at - self._gone.get(host.arn, at) if host.arn in self._met else None
        gone = "" if host.connected else "its agent is not connected"
        match host.status:
            case "DRAINING" if busy:
                words = self._words.get(host.arn) or "it still has tasks"
                return TargetState.DRAINING, "; ".join(filter(None, (words, gone)))
            case "DRAINING" if left := len(self._left.get(host.arn, ())):
                return TargetState.DRAINING, f"{left} task{'' if left == 1 else 's'} stopping"
            case "DRAINING":
                return None, ""
            case "REGISTERING":
                return TargetState.INITIAL, host.reason or "it registers"
            case "ACTIVE" if host.connected or (away is not None and away < FLAP):
                return TargetState.HEALTHY, gone
            case "ACTIVE" if away is None:
                return TargetState.INITIAL, gone
            case "ACTIVE":
                return TargetState.UNHEALTHY, f"{gone}, for {away or 0.0:.0f} s"
            case _:
                return TargetState.UNHEALTHY, ": ".join(filter(None, (host.status, host.reason)))


def source_of(id: str, **more: Any) -> observation.Source:
    """As the kind declares itself. more: the fields that an answer tells."""
    name = ", ".join(arn.rpartition("/")[2] for arn in id.removeprefix(CLUSTERS).split(","))
    return observation.Source(
        id=id, kind="ecs", noun="ECS cluster", name=name, turn=1, moves_work=True,
        together=True, open_ended=True, option="--ecs-drain-timeout",
        drain_delay=DRAIN_TIMEOUT, **more,
    )  # fmt: skip


def _current(rows: Iterable[_Row]) -> list[_Row]:
    """Of each instance the row that counts: a connected one, then the newest."""
    ordered = sorted(rows, key=lambda one: (one.host.connected, one.host.registered_at, one.host.arn))
    return list({row.host.instance: row for row in ordered}.values())


def _busy(state: State, host: Host) -> bool:
    return any(task.runs or task.coming for task in tasks_on(state, host.arn))


def _unended(state: State, tasks: Iterable[str]) -> Tasks:
    return frozenset(arn for arn in tasks if arn in state.tasks and not state.tasks[arn].over)


def _words(groups: Iterable[str]) -> str:
    """Whose tasks they are, and how many."""
    counts = Counter(group.removeprefix("service:").replace("family:", "standalone ") for group in groups)
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _restless(state: State, service: Service) -> Iterator[str]:
    """Why it is not steady, as ECS counts it."""
    tasks = tasks_of(state, service.arn)
    running, pending = sum(task.runs for task in tasks), sum(task.coming for task in tasks)
    if running != service.desired:
        yield f"{running} of {service.desired} tasks run"
    if pending:
        yield f"{pending} pending"
    if len(service.deployments) != 1:
        yield f"{len(service.deployments)} deployments where one is usual"
    elif service.deployments[0].rollout != "COMPLETED":
        yield f"its deployment is {service.deployments[0].rollout}"
