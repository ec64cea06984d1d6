"""Builds clusters in a steady state: their hosts registered long ago, their services' tasks spread over them, healthy.

a_cluster(world, "prod", groups=("web",))
a_service(world, "prod", "shop", desired=6, port=8080, target_group=True)
"""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox.ecs import deployments, hosts, placement, providers, targets, tasks
from async_rollout.sandbox.ecs.records import Cluster, Definition, Provider, Service, Task
from async_rollout.sandbox.ecs.room import Room
from async_rollout.sandbox.groups import HOUR
from async_rollout.sandbox.records import Registration, Source
from async_rollout.sandbox.world import World


def a_cluster(world: World, name: str = "prod", *, groups: tuple[str, ...] = ("web",)) -> Cluster:
    """A cluster whose hosts are the instances of these groups; new ones join it by themselves."""
    room = world.ecs
    cluster = Cluster(name=name, arn=room.arn(f"cluster/{name}"), groups=groups)
    room.state.clusters[name] = cluster
    for group in groups:
        for one in world.members(group):
            host = replace(hosts.row(room, cluster, one), registered_at=one.launched_at + 60.0)
            room.state.hosts[host.arn] = host
    world.settle()
    return cluster


def a_provider(world: World, cluster: str = "prod", group: str = "web", *, name: str = "", **more: object) -> Provider:
    """A capacity provider of the group, of which the cluster's instances are. more: fields of Provider.

    Given after the services' tasks are there: a host without any is what managed scaling ends.
    """
    room, name = world.ecs, name or f"{group}-provider"
    made = Provider(name=name, arn=room.arn(f"capacity-provider/{name}"), group=group)
    providers.create(room, name, group, cluster, replace(made, **more))  # type: ignore[arg-type]
    world.settle()
    return room.state.providers[name]


def a_definition(world: World, family: str, **more: object) -> Definition:
    """The next revision of the family. more: fields of Definition."""
    room = world.ecs
    revision = 1 + sum(one.family == family for one in room.state.definitions.values())
    arn = room.arn(f"task-definition/{family}:{revision}")
    made = replace(Definition(arn=arn, family=family, revision=revision), **more)  # type: ignore[arg-type]
    room.state.definitions[arn] = made
    return made


def a_target_group(world: World, name: str, *, port: int = 80, delay: float = 30.0, ip: bool = False) -> Source:
    """Behind a load balancer of its own. ip: of the target type ip. delay: the deregistration delay."""
    head = f"arn:aws:elasticloadbalancing:{world.region}:{world.account}"
    id = world.ecs.new_id()[:16]
    source = Source(
        id=f"{head}:targetgroup/{name}/{id}",
        name=name,
        classic=False,
        port=port,
        delay=delay,
        balancer=f"{head}:loadbalancer/app/{name}-alb/{id}",
        by_address=ip,
    )
    world.put_source(source)
    return source


def a_service(
    world: World, cluster: str, name: str, *, desired: int = 2, definition: Definition | None = None,
    target_group: Source | bool = False, **more: object,
) -> Service:  # fmt: skip
    """A service whose tasks have run for an hour. more: fields of Service.

    definition: a new one of the service's name, serving on port 8080 behind a target group. target_group: True makes
    one, of the type that the definition's network asks for.
    """
    room = world.ecs
    behind = target_group is not False
    definition = definition or a_definition(world, name, port=8080 if behind else None)
    if target_group is True:
        target_group = a_target_group(world, f"{name}-targets", ip=definition.network == "awsvpc")
    service = Service(
        name=name,
        arn=room.arn(f"service/{cluster}/{name}"),
        cluster=cluster,
        desired=desired,
        target_group=target_group.id if isinstance(target_group, Source) else None,
        created_at=room.now - HOUR,
        deployments=(deployments.first(room, definition.arn, room.now - HOUR),),
    )
    service = replace(service, **more)  # type: ignore[arg-type]
    room.state.services[service.arn] = service
    _fill(room, service, definition)
    room.numbers.begin(service.arn)
    return room.state.services[service.arn]


def _fill(room: Room, service: Service, definition: Definition) -> None:
    """As many tasks as there is a place for, as the scheduler would place them; it comes round for the rest."""
    if service.daemon:
        fit = [one for one in room.hosts_in(service.cluster) if set(service.needs) <= set(one.attributes)]
        service = replace(service, desired=len(fit), minimum=0, maximum=100)
        room.state.services[service.arn] = service
    for _ in range(service.desired):
        host = placement.choose(room, service.cluster, definition, service)
        if host is None:
            room.wake(service.arn)
            return
        _running(room, tasks.new(room, service, definition, service.cluster), host.arn)


def _running(room: Room, task: Task, host: str) -> Task:
    """It has run there for an hour, and is healthy."""
    definition, here = room.state.definitions[task.definition], room.state.hosts[host]
    running = replace(
        task,
        host=host,
        last="RUNNING",
        created_at=room.now - HOUR,
        started_at=room.now - HOUR + definition.starts,
        port=placement.port(room, here, definition),
        ip=tasks.address(room) if definition.network == "awsvpc" else None,
    )
    room.adopt(running)
    source = targets.source_of(room, running)
    if source is not None:
        id = running.ip or here.instance
        port = room.port_of(running)
        healthy = Registration(
            source=source.id, instance=id, port=port, state="healthy", reason="", at=running.started_at or 0.0
        )
        others = room.state.registered(source.id, id)
        room.simulation.put_registrations(source.id, id, (*others, healthy))
    return running


def a_task(
    world: World, cluster: str, family: str = "job", *, host: str | None = None, ends_in: float | None = None,
    **more: object,
) -> Task:  # fmt: skip
    """A standalone task that has run for an hour, and will run for `ends_in` seconds more; None: for ever.

    host: a host's ARN, None: the emptiest. more: fields of Task.
    """
    room = world.ecs
    found = [one for one in room.state.definitions.values() if one.family == family]
    definition = found[-1] if found else a_definition(world, family)
    chosen = room.state.hosts[host] if host else placement.choose(room, cluster, definition, None)
    if chosen is None:
        raise ValueError(f"no host of {cluster} takes {family}")
    task = replace(tasks.new(room, None, definition, cluster, by="human"), **more)  # type: ignore[arg-type]
    running = _running(room, task, chosen.arn)
    if ends_in is not None:
        world.after(ends_in, lambda: world.ecs.exits(running.arn))
    return running
