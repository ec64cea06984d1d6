"""What a process remembers of a cluster's hosts, so that little is asked again; losing it costs calls, no more.

A row that was found once is described by its own ARN from then on: a list that leaves it out, as lists now and then do,
takes nobody for drained.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from async_rollout.aws.traffic.ecs.clusters import Found
from async_rollout.aws.traffic.ecs.drained import Tasks
from async_rollout.aws.traffic.ecs.hosts import Host
from async_rollout.aws.traffic.ecs.left import left_on
from async_rollout.aws.traffic.ecs.work import Service, Task

FRESH = 8.0
"""Seconds for which a host that two answers in a row have shown empty is not asked again: no service places a task on
one that drains, and a terminate rests on an answer that is younger than 10 s."""
ANSWERS = 2
FLAP = 300.0
"""Seconds that an agent may be away: AWS calls it normal that it connects anew several times a day, and no longer."""


@dataclass(slots=True)
class Ledger:
    """See the module's docstring.

    rows: by cluster and instance, as last described, each with when that was. met: hosts whose agent was once seen
    connected; gone: of each whose agent is not, since when each look has shown it so. left: by host, the tasks that
    were seen on it as it drained and are not known to be over. tasks: of a whole cluster, by host, as last asked for
    whichever group; told: when, by cluster; noted: of which of those times it was noted, by host. services: by
    cluster, those that had tasks on hosts of ours, as last seen; served: their names. empty: by host, when the two
    newest answers in a row showed no task on it. restless: by cluster and service, why it is not at rest, and when
    that was told. found: by group, what looking for its hosts has brought, as last asked.
    """

    rows: dict[tuple[str, str], tuple[tuple[Host, float], ...]] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)
    gone: dict[str, float] = field(default_factory=dict)
    left: dict[str, Tasks] = field(default_factory=dict)
    tasks: dict[str, Mapping[str, tuple[Task, ...]]] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)
    noted: dict[str, float] = field(default_factory=dict)
    services: dict[str, tuple[Service, ...]] = field(default_factory=dict)
    served: dict[str, frozenset[str]] = field(default_factory=dict)
    empty: dict[str, tuple[float, ...]] = field(default_factory=dict)
    restless: dict[str, dict[str, tuple[str, float]]] = field(default_factory=dict)
    found: dict[str, Found] = field(default_factory=dict)

    def unknown(self, cluster: str, members: Iterable[str]) -> list[str]:
        """Those of the instances of which no row is known in a cluster."""
        return [id for id in members if not self.rows.get((cluster, id))]

    def known(self, cluster: str, members: Iterable[str]) -> list[str]:
        """ARNs of the rows of the instances."""
        return [host.arn for id in members for host, _ in self.rows.get((cluster, id), ())]

    def saw(self, cluster: str, members: Iterable[str], hosts: Sequence[Host], at: float) -> tuple[Host, ...]:
        """Rows as they were described; with those that were there and are not, for a while, since that may be a gap."""
        self._note_agents(cluster, members, hosts, at)
        told = {host.arn for host in hosts}
        for id in members:
            was = self.rows.get((cluster, id), ())
            lacking = tuple((host, seen) for host, seen in was if host.arn not in told and at - seen < FLAP)
            self.rows[cluster, id] = (*((host, at) for host in hosts if host.id == id), *lacking)
        return tuple(host for id in members for host, _ in self.rows[cluster, id])

    def _note_agents(self, cluster: str, members: Iterable[str], hosts: Sequence[Host], at: float) -> None:
        looked = {host.arn: seen for id in members for host, seen in self.rows.get((cluster, id), ())}
        self.met |= {host.arn for host in hosts if host.connected}
        for host in hosts:
            if host.connected:
                self.gone.pop(host.arn, None)
            elif host.arn not in self.gone or at - looked.get(host.arn, at) >= FLAP:
                self.gone[host.arn] = at

    def unrest(self, cluster: str, services: Mapping[str, str], named: Collection[str], at: float) -> dict[str, str]:
        """Why services are not at rest, as they were described; with what an answer lacks, for a while.

        named: all services that the answer tells of.
        """
        was = self.restless.get(cluster, {})
        lacking = {name: one for name, one in was.items() if name not in named and at - one[1] < FLAP}
        self.restless[cluster] = {**{name: (why, at) for name, why in services.items()}, **lacking}
        return {name: why for name, (why, _) in self.restless[cluster].items()}

    def note(self, cluster: str, hosts: Iterable[Host]) -> None:
        """What was last asked of the whole cluster, for these hosts: each once, whichever group it was asked for."""
        at, tasks = self.told.get(cluster, 0.0), self.tasks.get(cluster, {})
        for host in hosts:
            if self.noted.get(host.arn) == at:
                continue
            self.noted[host.arn], here = at, tasks.get(host.arn, ())
            names = (one.service for one in here if one.service)
            self.served[cluster] = self.served.get(cluster, frozenset()).union(names)
            if host.status == "DRAINING":
                self.left[host.arn] = self.left.get(host.arn, frozenset()).union(one.arn for one in here)

    def is_empty(self, host: Host, at: float) -> bool:
        """Two answers have shown it so, the newer one just now."""
        shown = self.empty.get(host.arn, ())
        return len(shown) == ANSWERS and at - shown[-1] < FRESH and not self.left.get(host.arn)

    def counted(self, left: Mapping[str, Tasks], at: float) -> None:
        """What each host was just found to hold."""
        self.left |= left
        for arn, tasks in left.items():
            self.empty[arn] = () if tasks else (*self.empty.get(arn, ()), at)[-ANSWERS:]

    def words(self, host: Host) -> str:
        """Who was left on it when that was last asked; empty where it was not."""
        return left_on(self.tasks.get(host.cluster, {}).get(host.arn, ()), self.services.get(host.cluster, ()))

    def away(self, host: Host, at: float) -> float | None:
        """Seconds for which looks have shown its agent away; None if it never was there.

        Not since it was last seen there: who has not looked for long knows nothing of what was in between.
        """
        return at - self.gone.get(host.arn, at) if host.arn in self.met else None
