"""Worlds whose group "web" hosts a cluster "prod": one that drains, one that does not, one with a capacity provider."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox.ecs.clusters import a_cluster, a_definition, a_provider, a_service, a_task
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Physics
from async_rollout.sandbox.world import World

QUICK = Physics(boot=25.0, warm=8.0, terminate=8.0)


def _hosts(world: World, size: int, *, minimum: int | None = None) -> None:
    a_group(
        world, name="web", size=size, minimum=minimum, maximum=2 * size, classic=0, target_groups=0, outdated=size,
        physics=QUICK, edit=lambda one: replace(one, grace=30.0),
    )  # fmt: skip
    a_cluster(world, "prod", groups=("web",))


def drains(world: World) -> None:
    """Tasks behind a load balancer by their ports and by their addresses, some behind none, and a daemon."""
    _hosts(world, 4)
    shop = a_definition(world, "shop", port=8080, quits=10.0)
    api = a_definition(world, "api", port=80, network="awsvpc", stop_timeout=60.0, quits=20.0)
    a_service(world, "prod", "shop", desired=8, definition=shop, target_group=True)
    a_service(world, "prod", "api", desired=4, definition=api, target_group=True, minimum=50)
    a_service(world, "prod", "worker", desired=3)
    a_service(world, "prod", "logs", daemon=True)


def stuck(world: World) -> None:
    """Everything that holds a drain up: one service each, a task that somebody ran, and one that is protected.

    frozen: 100 % both ways. rounded: one task, 150 %. pinned: an attribute that hosts of version 2 do not have. spread:
    one a host, as many as there are hosts. fixed: a port of the host.
    """
    _hosts(world, 3)
    world.ecs.attributes["web"] = {"stack": "blue"}
    world.ecs.troubles_of("web").lacks["2"] = frozenset({"stack"})
    for arn, host in world.state.hosts.items():
        world.state.hosts[arn] = replace(host, attributes=(*host.attributes, ("stack", "blue")))
    a_service(world, "prod", "frozen", desired=3, maximum=100)
    a_service(world, "prod", "rounded", desired=1, maximum=150)
    a_service(world, "prod", "pinned", desired=2, needs=(("stack", "blue"),))
    a_service(world, "prod", "spread", desired=3, distinct=True)
    fixed = a_definition(world, "fixed", port=8080, host_port=8080)
    a_service(world, "prod", "fixed", desired=2, definition=fixed, target_group=True)
    guarded = a_service(world, "prod", "guarded", desired=1)
    world.ecs.protect(world.ecs.tasks_of(guarded.arn)[0].arn, 4 * 3600.0)
    a_task(world, "prod", "migration")


def provider(world: World) -> None:
    """With managed draining, termination protection and scaling."""
    _hosts(world, 4, minimum=2)
    a_service(world, "prod", "shop", desired=8, target_group=True, provider="web-provider")
    a_service(world, "prod", "logs", daemon=True)
    a_provider(world, "prod", "web", protection=True)
