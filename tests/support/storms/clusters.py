"""The cluster that a storm's group hosts: its services, and what goes wrong with its hosts."""

from __future__ import annotations

from dataclasses import dataclass

from async_rollout.sandbox.ecs.clusters import a_cluster, a_definition, a_service
from async_rollout.sandbox.ecs.timing import HostTroubles
from async_rollout.sandbox.world import World

CLUSTER = "prod"


@dataclass(frozen=True, kw_only=True)
class Serves:
    """One service. served: it stands behind a target group; quits: seconds that its tasks take to end once told to."""

    name: str
    desired: int = 2
    minimum: int = 100
    maximum: int = 200
    served: bool = False
    network: str = "bridge"
    quits: float = 5.0
    daemon: bool = False

    def begin(self, world: World) -> None:
        """Its tasks run in the cluster, as they have for long."""
        port = 8080 if self.served else None
        definition = a_definition(world, self.name, port=port, network=self.network, quits=self.quits)
        shape = {} if self.daemon else {"minimum": self.minimum, "maximum": self.maximum, "desired": self.desired}
        a_service(
            world, CLUSTER, self.name, definition=definition, target_group=self.served, daemon=self.daemon,
            **shape,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """services: of the cluster. lost, silent, refused: so many new hosts never join, have no agent, or may not join.

    broken: launch template versions on whose hosts no task starts. flapping: of which hosts, by their number, the
    agent is away again and again, each so many seconds for so many.
    """

    services: tuple[Serves, ...]
    lost: int = 0
    silent: int = 0
    refused: int = 0
    broken: frozenset[str] = frozenset()
    flapping: tuple[tuple[int, float, float], ...] = ()

    def begin(self, world: World, group: str) -> None:
        """The group's instances are hosts of the cluster."""
        a_cluster(world, CLUSTER, groups=(group,))
        for one in self.services:
            one.begin(world)
        troubles = world.ecs.troubles_of(group)
        troubles.lost, troubles.silent, troubles.refused = self.lost, self.silent, self.refused
        troubles.broken = self.broken
        members = [one.id for one in world.members(group)]
        for number, every, seconds in self.flapping:
            world.ecs.agent_flaps(members[number % len(members)], every, seconds)


def calmed(world: World, group: str) -> None:
    """Agents are back, tasks start again, and whoever ran one by hand has ended it."""
    if not world.state.clusters:
        return
    world.ecs.troubles[group] = HostTroubles()
    for host in list(world.state.hosts.values()):
        if host.ended_at is None:
            world.ecs.agent_back(host.instance)
    for task in list(world.state.tasks.values()):
        if task.service is None and not task.over:
            world.ecs.stop_task(task.cluster, task.arn, "it is done", who="human")
