"""What is drawn for the table of ECS: a group of hosts in one cluster, the same for each way to roll it.

`shop` and `api` behind target groups, by ports and by addresses, `worker` behind none, here and there a daemon `logs`.
All but `api` keep all of their tasks (minimumHealthyPercent 100), and every host has room for many times its share. The
group belongs to a capacity provider with managed draining, without which a refresh would end tasks with their hosts;
managed scaling and termination protection are off, so that nobody but who rolls decides what goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from async_rollout.sandbox.ecs.clusters import a_cluster, a_definition, a_provider, a_service, a_target_group
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.world import World
from support.bench.fleet_runs import PHYSICS

GROUP, CLUSTER = "web", "prod"
WARM_UP = 60.0
"""Seconds of grace after InService, which is a refresh's warm-up too: longer than most hosts take to register."""
DELAY = 60.0
"""Deregistration delay of both target groups, seconds."""
NEW = "2"
"""The launch template's version that is rolled out."""


class Ill(StrEnum):
    """What is wrong with a draw.

    NOTHING: all goes well. RELEASE: no task starts on a host of the new version. FROZEN: a service whose percentages
    are 100 and 100, which nothing can move. PINNED: a service needs an attribute that new hosts do not have.
    """

    NOTHING = "nothing"
    RELEASE = "release"
    FROZEN = "frozen"
    PINNED = "pinned"


@dataclass(frozen=True, kw_only=True)
class Draw:
    """size: so many hosts, all old. daemon: one runs on each host, and goes last; so it is of every other seed."""

    seed: int
    size: int
    ill: Ill = Ill.NOTHING

    @property
    def daemon(self) -> bool:
        return self.seed % 2 == 0


def built(world: World, draw: Draw) -> Sequence[str]:
    """The group, its cluster and their tasks, at rest; returns the old instances."""
    size = draw.size
    a_group(
        world, name=GROUP, size=size, classic=0, target_groups=0, outdated=size, physics=PHYSICS,
        edit=lambda one: replace(one, grace=WARM_UP),
    )  # fmt: skip
    a_cluster(world, CLUSTER, groups=(GROUP,))
    _attributes(world, draw.ill)
    _services(world, size)
    if draw.daemon:
        a_service(world, CLUSTER, "logs", daemon=True)
    match draw.ill:
        case Ill.RELEASE:
            world.ecs.troubles_of(GROUP).broken = frozenset({NEW})
        case Ill.FROZEN:
            a_service(world, CLUSTER, "frozen", desired=size, maximum=100)
        case Ill.PINNED:
            a_service(world, CLUSTER, "pinned", desired=size, needs=(("stack", "blue"),))
    a_provider(world, CLUSTER, GROUP, scaling=False)
    return tuple(one.id for one in world.members(GROUP))


def _attributes(world: World, ill: Ill) -> None:
    """What an owner has given to the hosts by hand, and new ones do not have where they are to lack it."""
    world.ecs.attributes[GROUP] = {"stack": "blue"}
    if ill is Ill.PINNED:
        world.ecs.troubles_of(GROUP).lacks[NEW] = frozenset({"stack"})
    for arn, host in world.state.hosts.items():
        world.state.hosts[arn] = replace(host, attributes=(*host.attributes, ("stack", "blue")))


def _services(world: World, size: int) -> None:
    shop = a_definition(world, "shop", port=8080, quits=10.0)
    api = a_definition(world, "api", port=80, network="awsvpc", stop_timeout=60.0, quits=20.0)
    behind = (
        a_target_group(world, "shop-targets", delay=DELAY),
        a_target_group(world, "api-targets", delay=DELAY, ip=True),
    )
    a_service(world, CLUSTER, "shop", desired=2 * size, definition=shop, target_group=behind[0])
    a_service(world, CLUSTER, "api", desired=size, definition=api, target_group=behind[1], minimum=50)
    a_service(world, CLUSTER, "worker", desired=size)
