"""All that can be done to ECS: its calls, by who asks, and the deeds of outsiders. `World.ecs` is one.

Calls raise AwsError as ECS would; `who` is "owner" through a door. Clusters are named by name or ARN, hosts, tasks and
services by ARN or the last part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from async_rollout.sandbox.ecs import deployments, draining, hosts, placement, providers, scheduler, tasks
from async_rollout.sandbox.ecs.records import Cluster, Definition, Host, Service, Task
from async_rollout.sandbox.ecs.room import Room
from async_rollout.sandbox.ecs.timing import HostTroubles
from async_rollout.sandbox.ecs.words import no_cluster, no_definition, no_host, no_service, no_task, wrong
from async_rollout.sandbox.records import Instance
from async_rollout.sandbox.simulation import HUMAN, OWNER, Simulation
from async_rollout.sandbox.state import State

T = TypeVar("T")
Failed = tuple[tuple[str, str], ...]
"""(ARN, reason) of each that could not be told or done."""


def cluster(state: State, named: str | None) -> Cluster:
    """None: the one called "default"."""
    found = state.clusters.get((named or "default").rpartition("/")[2])
    if found is None or ((named or "").startswith("arn:") and named != found.arn):
        raise no_cluster()
    return found


def find(table: Mapping[str, T], kind: str, cluster: Cluster, named: str) -> T | None:
    """A row by its ARN, or by the last part of it. kind: "task", "service", "container-instance"."""
    if named.startswith("arn:"):
        return table.get(named)
    head = cluster.arn.partition(":cluster/")[0]
    return table.get(f"{head}:{kind}/{cluster.name}/{named}")


def definition(state: State, named: str) -> Definition:
    """By ARN, "family:revision", or a family's newest."""
    found = state.definitions.get(named)
    family, _, revision = named.rpartition("/")[2].partition(":")
    every = [one for one in state.definitions.values() if one.family == family and revision in ("", str(one.revision))]
    if found is None and (named.startswith("arn:") or not every):
        raise no_definition()
    return found or max(every, key=lambda one: one.revision)


class Ecs(Room):
    """A room with its doors open."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.schedulers.append(scheduler.look)
        self.host_changed += [draining.host_changed, providers.host_changed]
        simulation.instance_changed.append(self._instance_changed)
        simulation.targets_changed.append(self._target_changed)

    def _instance_changed(self, was: Instance | None, now: Instance) -> None:
        if self.state.clusters:
            hosts.instance_changed(self, was, now)
            draining.instance_changed(self, was, now)

    def _target_changed(self, source: str, id: str) -> None:
        self.numbers.target(source, id)
        for service in self.state.services.values():
            if service.target_group == source:
                self.wake(service.arn)

    # --- calls

    def set_state(self, named: str | None, rows: Sequence[str], status: str, *, who: str = OWNER) -> tuple[
        list[Host], Failed
    ]:  # fmt: skip
        """UpdateContainerInstancesState: who was changed, and who could not be."""
        with self.simulation.access():
            here, done, failed = cluster(self.state, named), [], []
            for one in rows:
                host = find(self.state.hosts, "container-instance", here, one)
                if host is None or host.status == "INACTIVE":
                    failed.append((one, "MISSING"))
                elif host.status not in ("ACTIVE", "DRAINING"):
                    failed.append((host.arn, "INACTIVE"))
                else:
                    done.append(hosts.set_state(self, host, status, who))
            return done, tuple(failed)

    def deregister(self, named: str | None, row: str, *, force: bool, who: str = OWNER) -> Host:
        """DeregisterContainerInstance."""
        with self.simulation.access():
            host = find(self.state.hosts, "container-instance", cluster(self.state, named), row)
            if host is None or host.status == "INACTIVE":
                raise no_host()
            return hosts.deregister(self, host, who, force=force)

    def stop_task(self, named: str | None, arn: str, reason: str, *, who: str = OWNER) -> Task:
        """StopTask."""
        with self.simulation.access():
            task = find(self.state.tasks, "task", cluster(self.state, named), arn)
            if task is None:
                raise no_task()
            tasks.stop(self, task, reason or "Task stopped by user", "UserInitiated", who)
            return self.state.tasks[task.arn]

    def run_task(
        self, named: str | None, defined: str, count: int = 1, *, who: str = OWNER
    ) -> tuple[list[Task], Failed]:
        """RunTask: standalone tasks, as far as there is a place for them."""
        with self.simulation.access():
            here, what = cluster(self.state, named), definition(self.state, defined)
            made: list[Task] = []
            for _ in range(count):
                host = placement.choose(self, here.name, what, None)
                if host is None:
                    break
                task = tasks.new(self, None, what, here.name, by=who)
                tasks.place(self, task, host, who)
                made.append(self.state.tasks[task.arn])
            return made, (() if len(made) == count else tuple(self._misfits(here, what)))

    def _misfits(self, here: Cluster, what: Definition) -> list[tuple[str, str]]:
        found = [(host.arn, placement.lacking(self, host, what, None)) for host in self.hosts_in(here.name)]
        reasons = {"cpu": "RESOURCE:CPU", "memory": "RESOURCE:MEMORY", "port": "RESOURCE:PORTS", "away": "AGENT"}
        return [(arn, reasons.get(lack, "ATTRIBUTE")) for arn, lack in found] or [(here.arn, "RESOURCE:*")]

    def update_service(
        self, named: str | None, service: str, *, desired: int | None = None, defined: str | None = None,
        minimum: int | None = None, maximum: int | None = None, force: bool = False, who: str = OWNER,
    ) -> Service:  # fmt: skip
        """UpdateService. force: a new deployment though nothing of the tasks changes."""
        with self.simulation.access():
            one = find(self.state.services, "service", cluster(self.state, named), service)
            if one is None:
                raise no_service()
            if desired is not None and (desired < 0 or one.daemon):
                raise wrong("The desired count must not be negative, nor given for a DAEMON service.")
            changed = replace(
                one,
                desired=one.desired if desired is None else desired,
                minimum=one.minimum if minimum is None else minimum,
                maximum=one.maximum if maximum is None else maximum,
            )
            new = definition(self.state, defined).arn if defined else one.definition
            self.put_service(changed)
            if force or new != one.definition:
                deployments.begin(self, changed, new)
            return self.state.services[one.arn]

    # --- outsiders

    def sets_service(self, service: str, *, desired: int | None = None, force: bool = False, who: str = HUMAN) -> None:
        """Somebody scales a service (its ARN), or deploys it once more."""
        name = service.split("/")[-2]
        self.update_service(name, service, desired=desired, force=force, who=who)

    def drains(self, instance: str, status: str = "DRAINING", *, who: str = HUMAN) -> None:
        """Somebody sets the hosts of an instance DRAINING, or ACTIVE again. LookupError: it has none."""
        with self.simulation.access():
            rows = self.rows_of(instance)
            if not rows:
                raise LookupError(f"{instance} is in no cluster")
            for host in rows:
                hosts.set_state(self, host, status, who)

    def agent_gone(self, instance: str, seconds: float | None = None) -> None:
        """The instance's agent is gone, for so many seconds or for ever."""
        with self.simulation.access():
            hosts.agent_gone(self, instance, seconds)

    def agent_back(self, instance: str) -> None:
        with self.simulation.access():
            for host in self.rows_of(instance):
                hosts.agent(self, host, connected=True)

    def agent_flaps(self, instance: str, every: float, seconds: float) -> None:
        """From now on the instance's agent is gone for so many seconds, each `every` seconds."""
        with self.simulation.access():
            hosts.agent_flaps(self, instance, every, seconds)

    def registers_again(self, instance: str) -> None:
        """The instance's agent registers it once more: a second row, beside one that is dead."""
        with self.simulation.access():
            hosts.registers_again(self, instance)

    def troubles_of(self, group: str) -> HostTroubles:
        """What shall go wrong with the group's hosts; to be changed."""
        return self.troubles.setdefault(group, HostTroubles())

    def provider_becomes(self, name: str, *, status: str = "ACTIVE", update: str = "") -> None:
        """A capacity provider's status ("INACTIVE": it is deleted) and updateStatus ("UPDATE_IN_PROGRESS")."""
        with self.simulation.access():
            self.state.providers[name] = replace(self.state.providers[name], status=status, update=update)
            self.simulation.version += 1

    def exits(self, arn: str) -> None:
        """A task's container ends by itself."""
        with self.simulation.access():
            if (task := self.state.tasks.get(arn)) is not None:
                tasks.exits(self, task)

    def protect(self, arn: str, seconds: float | None) -> None:
        """A task protects itself from scale-in, for so many seconds; None: no longer."""
        with self.simulation.access():
            until = None if seconds is None else self.now + seconds
            self.put_task(replace(self.state.tasks[arn], protected_until=until))
