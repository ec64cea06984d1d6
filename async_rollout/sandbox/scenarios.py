"""Worlds to begin with, by name. Each is built into a steady state; its clock starts after that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from async_rollout.sandbox.ecs import scenarios as ecs
from async_rollout.sandbox.groups import a_group, a_template
from async_rollout.sandbox.records import Group, Hook, Override, Physics
from async_rollout.sandbox.simulation import Clock, Simulation
from async_rollout.sandbox.words import NO_CAPACITY, NO_IMAGE
from async_rollout.sandbox.world import World

Scenario = Callable[[World], object]
"""Fills an empty world."""


def demo(world: Simulation) -> None:
    """Three groups: behind everything, behind target groups only, behind nothing (it needs an up-check)."""
    quick = Physics(boot=25.0, warm=8.0, terminate=8.0)
    a_group(world, name="web", size=3, maximum=4, classic=1, target_groups=2, delay=20.0, outdated=3, physics=quick)
    a_group(world, name="api", size=4, minimum=2, maximum=8, classic=0, delay=20.0, outdated=4, physics=quick)
    a_group(
        world, name="batch", size=2, classic=0, target_groups=0, outdated=2, physics=quick,
        edit=lambda one: replace(one, grace=30.0),
    )  # fmt: skip


def _hooked(group: Group) -> Group:
    hooks = (
        Hook(name="warm-caches", launching=True, heartbeat=300.0, completes_after=20.0),
        Hook(name="ship-logs", launching=False, heartbeat=300.0, completes_after=15.0),
    )
    return replace(group, hooks=hooks)


def _mixed(world: Simulation) -> None:
    other = a_template(world, "web-arm")

    def edit(group: Group) -> Group:
        types = (Override(instance_type="t3.micro"), Override(instance_type="t4g.micro", template=other))
        return replace(group, overrides=types)

    a_group(world, outdated=3, edit=edit)


def _never_healthy(world: Simulation) -> None:
    a_group(world, outdated=3)
    world.troubles["web"].sick_versions = frozenset({"2"})


def _relapse(world: Simulation) -> None:
    """A release whose instances stop answering a minute after they began to."""
    a_group(world, size=6, maximum=9)
    world.troubles["web"].relapse = 60.0


def _bad_release(world: Simulation) -> None:
    """The group is on version 1 of its template; what is launched from version 2 stops answering after a minute."""

    def edit(group: Group) -> Group:
        return replace(group, template=replace(a_template(world, "web-release"), version="1"))

    a_group(world, size=3, maximum=6, outdated=3, delay=20.0, edit=edit)
    world.troubles["web"].relapse, world.troubles["web"].relapsing = 60.0, frozenset({"2"})


def _launch_failure(world: Simulation) -> None:
    a_group(world)
    world.troubles["web"].failing_launches = 2
    world.troubles["web"].launch_message = NO_CAPACITY


def _no_image(world: Simulation) -> None:
    a_group(world)
    world.troubles["web"].failing_launches = 10**6
    world.troubles["web"].launch_message = NO_IMAGE


def shapes(world: Simulation) -> None:
    """Every shape of a plain group at once, each behind a Classic Load Balancer and two target groups."""
    a_group(world, name="at-max")
    a_group(world, name="below-max", minimum=1, maximum=6)
    a_group(world, name="at-min", maximum=6)
    a_group(world, name="size-1", size=1)
    a_group(world, name="size-0", size=0, maximum=2)
    a_group(world, name="health-ec2", edit=lambda one: replace(one, health_check_type="EC2"))
    a_group(world, name="health-elb", edit=lambda one: replace(one, health_check_type="ELB", grace=60.0))
    a_group(world, name="suspended", suspended=("ScheduledActions", "AZRebalance"))


def many(world: Simulation, groups: int = 20, size: int = 5) -> None:
    """Groups web-001, web-002, ..., each behind two target groups."""
    for number in range(1, groups + 1):
        a_group(world, name=f"web-{number:03}", size=size, classic=0, target_groups=2)


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "demo": demo,
        "shapes": shapes,
        "at-max": lambda world: a_group(world),
        "below-max": lambda world: a_group(world, minimum=1, maximum=6),
        "at-min": lambda world: a_group(world, minimum=3, maximum=6),
        "size-1": lambda world: a_group(world, size=1),
        "size-0": lambda world: a_group(world, size=0, maximum=2),
        "health-ec2": lambda world: a_group(world, edit=lambda one: replace(one, health_check_type="EC2")),
        "health-elb": lambda world: a_group(world, edit=lambda one: replace(one, health_check_type="ELB", grace=60.0)),
        "suspended": lambda world: a_group(world, suspended=("ScheduledActions", "AZRebalance")),
        "mixed-instances": _mixed,
        "launch-configuration": lambda world: a_group(world, configuration="web-2026", outdated=3),
        "launch-hook": lambda world: a_group(world, edit=_hooked),
        "never-healthy": _never_healthy,
        "relapse": _relapse,
        "bad-release": _bad_release,
        "launch-failure": _launch_failure,
        "no-image": _no_image,
        "ecs": ecs.drains,
        "ecs-stuck": ecs.stuck,
        "ecs-provider": ecs.provider,
        "many": many,
    }
)
"""Every scenario by name; "many-50" is `many` with 50 groups."""


def build(name: str, *, seed: int = 0, clock: Clock | None = None, region: str = "eu-west-1") -> World:
    """A new world of that scenario, following `clock` (seconds; it stands still without one). KeyError if unknown."""
    world = World(seed, clock, region=region)
    base, _, count = name.rpartition("-")
    if base == "many" and count.isdigit():
        many(world, groups=int(count))
    else:
        SCENARIOS[name](world)
    return world
