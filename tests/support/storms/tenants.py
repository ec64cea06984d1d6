"""What people, and agents, do to the cluster that a storm's group hosts."""

from __future__ import annotations

from async_rollout.sandbox.ecs.records import Host, Service
from async_rollout.sandbox.simulation import HUMAN
from support.storms.clusters import CLUSTER
from support.storms.owners import GROUP
from support.storms.witness import Witness


def _host(world: Witness, luck: float, *statuses: str) -> Host | None:
    """One of a running instance."""
    hosts = [one for one in world.state.hosts.values() if one.status in statuses and one.ended_at is None]
    return hosts[int(luck * len(hosts))] if hosts else None


def _service(world: Witness, luck: float) -> Service | None:
    services = [one for one in world.state.services.values() if not one.daemon]
    return services[int(luck * len(services))] if services else None


def agent(world: Witness, luck: float) -> None:
    """An agent is gone for a while: half a minute, or a quarter of an hour."""
    if host := _host(world, luck, "ACTIVE", "DRAINING"):
        world.ecs.agent_gone(host.instance, 30.0 + 900.0 * luck * luck)


def agent_for_good(world: Witness, luck: float) -> None:
    """Nobody mends it."""
    if host := _host(world, luck, "ACTIVE", "DRAINING"):
        world.ecs.agent_gone(host.instance)


def deployed(world: Witness, luck: float) -> None:
    if service := _service(world, luck):
        world.ecs.sets_service(service.arn, force=True)


def rescaled(world: Witness, luck: float) -> None:
    if service := _service(world, luck):
        world.ecs.sets_service(service.arn, desired=service.desired + 1 if luck > 0.4 else max(1, service.desired - 1))


def drained(world: Witness, luck: float) -> None:
    """Somebody drains a host, and most of the time has it back after a while."""
    if host := _host(world, luck, "ACTIVE"):
        world.ecs.drains(host.instance, who=HUMAN)
        if luck < 0.7:
            world.after(1_500.0 * luck, lambda: _back(world, host.arn))


def _back(world: Witness, arn: str) -> None:
    if (host := world.state.hosts[arn]).status == "DRAINING" and host.ended_at is None:
        world.ecs.drains(host.instance, "ACTIVE", who=HUMAN)


def activated(world: Witness, luck: float) -> None:
    """Somebody sets a host ACTIVE that drains, whoever drains it."""
    if host := _host(world, luck, "DRAINING"):
        world.ecs.drains(host.instance, "ACTIVE", who=HUMAN)


def ran(world: Witness, luck: float) -> None:
    """A task by itself, for some minutes or for long."""
    if world.state.definitions:
        definition = min(world.state.definitions)
        made, _ = world.ecs.run_task(CLUSTER, definition, who=HUMAN)
        for task in made:
            world.after(60.0 + 3_000.0 * luck * luck, lambda arn=task.arn: world.ecs.exits(arn))  # type: ignore[misc]


def exited(world: Witness, luck: float) -> None:
    """A container ends by itself."""
    tasks = [one.arn for one in world.state.tasks.values() if one.runs]
    if tasks:
        world.ecs.exits(tasks[int(luck * len(tasks))])


def registered_again(world: Witness, luck: float) -> None:
    """As after a reboot: a second row, and what ran under the first one is lost."""
    host = _host(world, luck, "ACTIVE")
    if host and GROUP in world.state.groups:
        world.ecs.registers_again(host.instance)
