"""ECS at work on the world's tables: who writes them, who is told, whose scheduler comes round when.

The modules beside this one take a Room; `deeds.Ecs` is one with all that can be done to it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from async_rollout.sandbox.ecs.numbers import Numbers
from async_rollout.sandbox.ecs.records import Cluster, Host, Service, ServiceEvent, Task
from async_rollout.sandbox.ecs.timing import HostTroubles, Readings, Timing
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import AWS, Simulation

KEPT_EVENTS = 100
"""Of a service."""
REPEATS = 300.0
"""Seconds after which it says the same once more."""


class Room:
    """timing, readings: what a world may be told. troubles: by group. history: the truth of each service in numbers.

    attributes: those of a group's hosts beside AWS's own.
    stalled: ARNs of tasks that wait for their host's agent. failures: starts in a row that failed, by service;
    not_before: none is tried before that time.
    """

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.state = simulation.state
        self.rng = random.Random(f"ecs {simulation.seed}")  # apart: groups without a cluster keep their own chances
        self.timing = Timing()
        self.readings = Readings()
        self.troubles: dict[str, HostTroubles] = {}
        self.attributes: dict[str, dict[str, str]] = {}
        self.stalled: set[str] = set()
        self.failures: dict[str, int] = {}
        self.not_before: dict[str, float] = {}
        self.schedulers: list[Callable[[Room, str], None]] = []
        self.host_changed: list[Callable[[Room, Host], None]] = []
        self._due: dict[str, float] = {}
        self._live: dict[str, dict[str, None]] = {}
        self.numbers = Numbers(self)
        self.history = self.numbers.history

    @property
    def now(self) -> float:
        return self.simulation.now

    # --- chances

    def new_id(self) -> str:
        """32 hexadecimal digits."""
        return f"{self.rng.getrandbits(128):032x}"

    def arn(self, rest: str) -> str:
        return f"arn:aws:ecs:{self.simulation.region}:{self.simulation.account}:{rest}"

    def around(self, seconds: float) -> float:
        return seconds * self.rng.uniform(1 - self.timing.jitter, 1 + self.timing.jitter)

    # --- reading

    def clusters_of(self, group: str) -> list[Cluster]:
        """Those that the group's instances are told to join."""
        return [one for one in self.state.clusters.values() if group in one.groups]

    def hosts_in(self, cluster: str) -> list[Host]:
        """Every row that is listed, in the order of their registration."""
        return [one for one in self.state.hosts.values() if one.cluster == cluster and one.status != "INACTIVE"]

    def rows_of(self, instance: str) -> list[Host]:
        return [one for one in self.state.hosts.values() if one.instance == instance and one.status != "INACTIVE"]

    def tasks_on(self, host: str) -> list[Task]:
        """Those of which something is still there."""
        return [one for one in map(self.state.tasks.__getitem__, self.state.placed.get(host, ())) if not one.over]

    def tasks_of(self, service: str) -> list[Task]:
        """Those of which something is still there."""
        return [self.state.tasks[arn] for arn in self._live.get(service, ())]

    def services_in(self, cluster: str) -> list[Service]:
        return [one for one in self.state.services.values() if one.cluster == cluster]

    def is_draining(self, task: Task) -> bool:
        """Its host is DRAINING."""
        return task.host is not None and self.state.hosts[task.host].status == "DRAINING"

    def is_daemon(self, task: Task) -> bool:
        return task.service is not None and self.state.services[task.service].daemon

    def is_connected(self, task: Task) -> bool:
        return task.host is not None and self.state.hosts[task.host].connected

    # --- writing

    def put_host(self, host: Host) -> None:
        """All services of the cluster look again: a place may have come, or gone."""
        was = self.state.hosts.get(host.arn)
        self.state.hosts[host.arn] = replace(host, version=was.version + 1) if was else host
        self.simulation.touch("")
        for task in self.tasks_on(host.arn):
            self.numbers.task(task)
        for service in self.services_in(host.cluster):
            self.wake(service.arn)
        for told in self.host_changed:
            told(self, self.state.hosts[host.arn])

    def adopt(self, task: Task) -> None:
        """A task that is there already as the world begins: nobody is told."""
        self.state.tasks[task.arn] = task
        if task.host is not None:
            self.state.placed[task.host] = (*self.state.placed.get(task.host, ()), task.arn)
        if task.service is not None:
            self._live.setdefault(task.service, {})[task.arn] = None
            self.numbers.task(task)

    def put_task(self, task: Task) -> None:
        self.state.tasks[task.arn] = task
        if task.host is not None:
            here = self.state.placed.get(task.host, ())
            if task.arn not in here:
                self.state.placed[task.host] = (*here, task.arn)
            self._changed(self.state.hosts[task.host])
        if task.service is not None:
            live = self._live.setdefault(task.service, {})
            live[task.arn] = None
            if task.over:
                del live[task.arn]
            self.numbers.task(task)
            self.wake(task.service)
        if task.over:
            self.simulation.after(self.timing.listed, lambda: self._forget(task.arn))
            for service in self.services_in(task.cluster):
                self.wake(service.arn)

    def _changed(self, host: Host) -> None:
        self.simulation.touch("")  # no group's own numbers follow from it
        for told in self.host_changed:
            told(self, host)

    def _forget(self, arn: str) -> None:
        task = self.state.tasks.pop(arn, None)
        if task is not None and task.host in self.state.placed:
            self.state.placed[task.host] = tuple(one for one in self.state.placed[task.host] if one != arn)

    def put_service(self, service: Service) -> None:
        self.state.services[service.arn] = service
        self.simulation.touch("")
        self.numbers.service(service.arn)
        self.wake(service.arn)

    def say(self, service: str, words: str) -> None:
        """A line more in the service's events."""
        one = self.state.services[service]
        line = ServiceEvent(id=self.new_id(), at=self.now, message=f"(service {one.name}) {words}")
        self.state.services[service] = replace(one, events=(line, *one.events)[:KEPT_EVENTS])
        self.simulation.touch("")
        self.simulation.happened(What.SERVICE, AWS, detail=f"{one.name}: {words}")

    def repeat(self, service: str, words: str) -> bool:
        """Say it, unless the service has said the same a short while ago; whether it is said."""
        for line in self.state.services[service].events:
            if self.now - line.at < REPEATS and line.message.endswith(words):
                return False
        self.say(service, words)
        return True

    def told(self, what: What, task: Task, who: str = AWS) -> None:
        """A task's change, in the record."""
        host = self.state.hosts[task.host] if task.host else None
        detail = f"{task.group} {task.last} {task.arn.rpartition('/')[2]}{' ' + task.reason if task.reason else ''}"
        group, instance = (host.group, host.instance) if host else ("", "")
        self.simulation.happened(what, who, group, instance, detail)

    # --- the scheduler

    def wake(self, service: str, seconds: float | None = None) -> None:
        """Its scheduler comes round in so many seconds (None: `timing.react`); one that comes earlier is enough."""
        wait = self.timing.react if seconds is None else seconds
        due, at = self._due.get(service), self.now + wait
        if due is None or at < due:
            self._due[service] = self.simulation.after(wait, lambda: self._come_round(service))

    def _come_round(self, service: str) -> None:
        if self._due.get(service, self.now + 1) > self.now:
            return
        del self._due[service]
        for look in self.schedulers if service in self.state.services else ():
            look(self, service)

    # --- the truth

    def is_healthy(self, task: Task) -> bool:
        """RUNNING, and healthy at its target group; without one, it has run for a while."""
        if not task.runs or task.started_at is None:
            return False
        service = self.state.services.get(task.service or "")
        if service is None or service.target_group is None:
            return self.now - task.started_at >= self.timing.settles
        return self.target_state(task) == "healthy"

    def target_state(self, task: Task) -> str:
        """Of its registration at its service's target group, empty: it has none."""
        service = self.state.services[task.service or ""]
        id = task.ip or (self.state.hosts[task.host].instance if task.host else "")
        several = self.state.registered(service.target_group or "", id)
        mine = self.port_of(task)
        return next((one.state for one in several if one.port == mine), "")

    def port_of(self, task: Task) -> int | None:
        """Where it is reached: the container's own with an interface of its own."""
        return self.state.definitions[task.definition].port if task.ip else task.port

    def is_old(self, task: Task) -> bool:
        """It shall go: its host is DRAINING, or it belongs to an older deployment."""
        service = self.state.services[task.service or ""]
        return self.is_draining(task) or task.deployment != service.deployments[0].id
