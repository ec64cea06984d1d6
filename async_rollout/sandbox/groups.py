"""Builds a group in a steady state: its sources, its template, its instances in service and healthy everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from async_rollout.sandbox.activities import done_before, stamp
from async_rollout.sandbox.launching import address
from async_rollout.sandbox.records import Group, Instance, Physics, Registration, Source, Template, TemplateRef
from async_rollout.sandbox.simulation import Simulation

HOUR = 3600.0


def _suspended(world: Simulation, processes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((process, f"User suspended at {stamp(world.now - HOUR)}") for process in processes)


def _same(group: Group) -> Group:
    return group


def a_group(
    world: Simulation,
    *,
    name: str = "web",
    size: int = 3,
    minimum: int | None = None,
    maximum: int | None = None,
    classic: int = 1,
    target_groups: int = 2,
    unheard: int = 0,
    delay: float = 30.0,
    interval: float = 10.0,
    zones: int = 3,
    outdated: int = 0,
    configuration: str | None = None,
    suspended: Sequence[str] = (),
    physics: Physics | None = None,
    edit: Callable[[Group], Group] = _same,
) -> Group:
    """A group as an owner would have left it an hour ago; minimum and maximum default to size.

    classic, target_groups: how many of each; unheard: target groups without a listener on top. delay: deregistration
    delay and draining timeout; interval: of the health checks. outdated: so many of its instances come from an older
    version. configuration: a launch configuration's name, in place of a launch template. edit: any further change of
    the record (hooks, tags, policies); it comes before the instances are made.
    """
    names = tuple(f"{world.region}{letter}" for letter in "abcdef"[:zones])
    group = Group(
        name=name,
        arn=_arn(world, "autoscaling", f"autoScalingGroup:{_uuid(world)}:autoScalingGroupName/{name}"),
        minimum=size if minimum is None else minimum,
        desired=size,
        maximum=size if maximum is None else maximum,
        zones=names,
        subnets=tuple(world.new_id("subnet") for _ in names),
        template=None if configuration else a_template(world, f"{name}-template"),
        configuration=configuration,
        classics=_classics(world, name, classic, names, delay, interval),
        target_groups=_target_groups(world, name, target_groups, unheard, names, delay, interval),
        suspended=_suspended(world, suspended),
        created_at=world.now - 24 * HOUR,
        physics=physics or Physics(),
    )
    if configuration:
        world.put_configuration(f"{configuration}-before")
    world.put_group(group := edit(group))
    for number in range(size):
        _settled(world, group, number, outdated=number < outdated)
    world.settle()
    return world.state.groups[name]


def _uuid(world: Simulation) -> str:
    digits = f"{world.rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _arn(world: Simulation, service: str, rest: str) -> str:
    return f"arn:aws:{service}:{world.region}:{world.account}:{rest}"


def a_template(world: Simulation, name: str, versions: int = 2) -> TemplateRef:
    """A launch template of so many versions, the last its default; the reference asks for $Default."""
    template = Template(
        id=world.new_id("lt"),
        name=name,
        images=tuple(world.new_id("ami") for _ in range(versions)),
        default=versions,
    )
    world.put_template(template)
    return TemplateRef(id=template.id, name=name, version="$Default")


def _classics(
    world: Simulation, name: str, count: int, zones: tuple[str, ...], delay: float, interval: float
) -> tuple[str, ...]:
    names = tuple(f"{name}-classic" + (f"-{number}" if number else "") for number in range(count))
    for one in names:
        world.put_source(
            Source(id=one, name=one, classic=True, delay=delay, drains=delay > 0, interval=interval, zones=zones)
        )
    return names


def _target_groups(
    world: Simulation, name: str, heard: int, unheard: int, zones: tuple[str, ...], delay: float, interval: float
) -> tuple[str, ...]:
    balancer = _arn(world, "elasticloadbalancing", f"loadbalancer/app/{name}-alb/{world.new_id('x', 16)[2:]}")
    arns = []
    for number in range(heard + unheard):
        title = f"{name}-targets-{number + 1}"
        source = Source(
            id=_arn(world, "elasticloadbalancing", f"targetgroup/{title}/{world.new_id('x', 16)[2:]}"),
            name=title,
            classic=False,
            port=8080 + number,
            delay=delay,
            interval=interval,
            balancer=balancer if number < heard else None,
            zones=zones,
        )
        world.put_source(source)
        arns.append(source.id)
    return tuple(arns)


def _settled(world: Simulation, group: Group, number: int, *, outdated: bool) -> None:
    """One instance that has served for minutes to an hour, each a minute younger than the one before."""
    since = world.now - HOUR + 60.0 * min(number, 50)
    one = Instance(
        id=world.new_id("i"),
        group=group.name,
        zone=group.zones[number % len(group.zones)],
        subnet=group.subnets[number % len(group.subnets)],
        lifecycle="InService",
        template=_launched_from(world, group, outdated=outdated),
        configuration=_configuration(group, outdated=outdated),
        instance_type=group.overrides[0].instance_type if group.overrides else group.instance_type,
        image=group.overrides[0].image if group.overrides else None,
        launched_at=since,
        attached_at=since,
        private_ip=address(world, "10.0"),
        public_ip=address(world, "203.0") if group.public else None,
        ec2="running",
        in_service_at=since + 60,
        app_up_at=since + 60,
        protected=group.new_protected,
    )
    world.put_instance(one)
    done_before(world, one, number)
    for id in group.source_ids:
        _registered(world, world.state.sources[id], one)


def _launched_from(world: Simulation, group: Group, *, outdated: bool) -> TemplateRef | None:
    if group.template is None:
        return None
    newest = world.state.templates[group.template.id].default
    return replace(group.template, version=str(newest - 1 if outdated else newest))


def _configuration(group: Group, *, outdated: bool) -> str | None:
    if group.configuration is None:
        return None
    return f"{group.configuration}-before" if outdated else group.configuration


def _registered(world: Simulation, source: Source, one: Instance) -> None:
    healthy = Registration(
        source=source.id, instance=one.id, port=source.port, state="healthy", reason="", at=one.in_service_at or 0.0
    )
    unused = replace(healthy, state="unused", reason="Target.NotInUse")
    world.put_registrations(source.id, one.id, (healthy if source.has_listener else unused,))
