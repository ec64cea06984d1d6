"""The tables of one world: what every read answers from.

Values are immutable, so a shallow copy is a true picture of one moment; stale reads are answered from such copies.
"""

from __future__ import annotations

from collections.abc import Mapping

from async_rollout.sandbox.ecs.records import Cluster, Definition, Host, Provider, Service, Task
from async_rollout.sandbox.records import Activity, Group, Instance, Registration, Source, Tag, Template

Registrations = Mapping[str, tuple[Registration, ...]]
"""By instance id: its registrations at one source, one a port."""


TABLES = (
    "groups", "rosters", "instances", "sources", "registrations", "templates", "configurations", "activities",
    "clusters", "providers", "hosts", "definitions", "services", "tasks", "placed",
)  # fmt: skip


class State:
    """All tables at the moment `at` (AWS's time, epoch seconds). Read only for everyone but the world's own modules.

    configurations: the image of each launch configuration, by its name, whether a group uses it or not. Of ECS:
    clusters and providers by name, all others by ARN; placed: the tasks of each host, its ARN, stopped ones until they
    are forgotten.
    """

    def __init__(self) -> None:
        self.at = 0.0
        self.groups: dict[str, Group] = {}
        self.rosters: dict[str, tuple[str, ...]] = {}
        self.instances: dict[str, Instance] = {}
        self.sources: dict[str, Source] = {}
        self.registrations: dict[str, Registrations] = {}
        self.templates: dict[str, Template] = {}
        self.configurations: dict[str, str] = {}
        self.activities: dict[str, tuple[Activity, ...]] = {}
        self.clusters: dict[str, Cluster] = {}
        self.providers: dict[str, Provider] = {}
        self.hosts: dict[str, Host] = {}
        self.definitions: dict[str, Definition] = {}
        self.services: dict[str, Service] = {}
        self.tasks: dict[str, Task] = {}
        self.placed: dict[str, tuple[str, ...]] = {}

    def copy(self) -> State:
        """A picture of this moment."""
        other = State()
        other.at = self.at
        for table in TABLES:
            setattr(other, table, dict(getattr(self, table)))
        return other

    def members(self, group: str) -> tuple[Instance, ...]:
        """The group's rows, in the order of their launch; Terminating ones included."""
        return tuple(self.instances[id] for id in self.rosters.get(group, ()))

    def sources_of(self, group: str) -> tuple[Source, ...]:
        """Its Classic Load Balancers, then its target groups, as far as they still exist."""
        return tuple(self.sources[id] for id in self.groups[group].source_ids if id in self.sources)

    def gone_sources(self, group: str) -> tuple[str, ...]:
        """Which of its sources are deleted: a group goes on naming them."""
        return tuple(id for id in self.groups[group].source_ids if id not in self.sources)

    def registered(self, source: str, instance: str | None = None) -> tuple[Registration, ...]:
        """Everything that a source lists (draining ones too), or only one instance's part of it."""
        here = self.registrations.get(source, {})
        if instance is not None:
            return here.get(instance, ())
        return tuple(one for several in here.values() for one in several)

    def is_shifted(self, source: str, instance: str) -> bool:
        """Its zone is in zonal shift there; an IP address has none."""
        one = self.instances.get(instance)
        return one is not None and source in self.sources and one.zone in self.sources[source].shifted

    def activities_of(self, group: str) -> tuple[Activity, ...]:
        """Newest first, those in progress before the ended ones, as AWS sorts them."""
        newest = sorted(self.activities.get(group, ()), key=lambda one: -one.started_at)
        return tuple(sorted(newest, key=lambda one: one.ended_at is not None))

    def tags(self, group: str) -> tuple[Tag, ...]:
        return self.groups[group].tags
