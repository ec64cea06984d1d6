"""The worlds and orders in which a rollout is stopped everywhere: small ones, each of a shape of its own.

Groups of one or two instances, quick checks and few looks: hundreds of kills in a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from async_rollout.core.spec import HookPoint, Hooks, RolloutSpec, Scope
from async_rollout.sandbox.ecs.clusters import a_cluster, a_definition, a_service
from async_rollout.sandbox.faults import Fault
from async_rollout.sandbox.groups import a_group, a_template
from async_rollout.sandbox.readings import Readings
from async_rollout.sandbox.records import Group, Override
from async_rollout.sandbox.records import Hook as LifecycleHook
from async_rollout.sandbox.simulation import Simulation
from async_rollout.sandbox.words import NO_CAPACITY
from async_rollout.sandbox.world import World
from support.simulation import BY_NUMBER

SPEC = replace(BY_NUMBER, check_interval=10.0)
EVERY_HOOK = Hooks(up_check="up", before_draining="tell", before_terminate="before", after_terminate="after")
"""Words for commands; the runner of the kills answers for them."""


DOCUMENTED = Readings()


@dataclass(frozen=True, kw_only=True)
class Story:
    """One world and one order. build: fills an empty world with the group `web`; old: how many are to be replaced.

    failing: points whose command fails. readings: of what AWS leaves open. next, faults: the order of whoever comes
    after the first one, if another, and what goes wrong with its calls.
    """

    build: Callable[[Simulation], object]
    spec: RolloutSpec = SPEC
    old: int = 1
    failing: tuple[HookPoint, ...] = ()
    readings: Readings = DOCUMENTED
    next: RolloutSpec | None = None
    faults: tuple[Fault, ...] = ()


def small(world: Simulation, *, failing: int = 0, **shape: object) -> None:
    """One instance behind one target group, whatever is not said otherwise."""
    wanted = {"size": 1, "classic": 0, "target_groups": 1, "delay": 20.0, "zones": 1, "maximum": 3} | shape
    a_group(world, **wanted)  # type: ignore[arg-type]
    world.troubles["web"].failing_launches, world.troubles["web"].launch_message = failing, NO_CAPACITY


def _hooked(group: Group) -> Group:
    hooks = (
        LifecycleHook(name="warm-caches", launching=True, heartbeat=300.0, completes_after=20.0),
        LifecycleHook(name="ship-logs", launching=False, heartbeat=300.0, completes_after=15.0),
    )
    return replace(group, hooks=hooks)


def mixed(world: Simulation) -> None:
    """A mixed instances policy with a template of its own for one of the types."""
    other = a_template(world, "web-arm")
    types = (Override(instance_type="t3.micro"), Override(instance_type="t4g.micro", template=other))
    small(world, outdated=1, edit=lambda group: replace(group, overrides=types))


def host(world: Simulation) -> None:
    """One host of a cluster, behind a target group of its own; its one service keeps all of its tasks."""
    small(world, delay=10.0)
    assert isinstance(world, World)
    a_cluster(world, "prod", groups=("web",))
    definition = a_definition(world, "shop", port=8080, quits=5.0)
    a_service(world, "prod", "shop", desired=2, definition=definition)


def of(spec: RolloutSpec = SPEC, old: int = 1, **shape: Any) -> Story:
    return Story(build=partial(small, **shape), spec=spec, old=old)


def by_elb(group: Group) -> Group:
    return replace(group, health_check_type="ELB", grace=60.0)


def in_public(group: Group) -> Group:
    return replace(group, public=True)


CHECKED = replace(SPEC, hooks=Hooks(up_check="up"))
FORCED = ("Launch", "AlarmNotification")
"""Suspended by the owner where `--force` is given."""

STORIES: Mapping[str, Story] = MappingProxyType(
    {
        "a host of tasks": Story(build=host),
        "at the maximum": of(maximum=1, minimum=1),
        "below the maximum": of(minimum=0, maximum=4),
        "at the minimum": of(minimum=1, maximum=4),
        "two": of(size=2, old=2, maximum=2),
        "health by EC2": of(edit=lambda group: replace(group, health_check_type="EC2")),
        "health by ELB": of(edit=by_elb),
        "the owner's suspensions": of(suspended=("ScheduledActions", "AZRebalance")),
        "behind nothing": of(CHECKED, target_groups=0),
        "behind everything": of(classic=1, target_groups=2, maximum=1),
        "a Classic Load Balancer only": of(classic=1, target_groups=0),
        "a target group without a listener": of(unheard=1),
        "lifecycle hooks": of(edit=_hooked),
        "a launch configuration": of(configuration="web-2026", outdated=1),
        "mixed instances": Story(build=mixed),
        "surge 2": of(replace(SPEC, max_surge=2), size=2, old=2, maximum=2),
        "in place": of(replace(SPEC, max_surge=0, max_unavailable=1), maximum=1),
        "in place, two": of(replace(SPEC, max_surge=0, max_unavailable=1), size=2, old=2, maximum=2),
        "strictly one after the other": of(replace(SPEC, max_draining=0), size=2, old=2, maximum=2),
        "surge and gap": of(replace(SPEC, max_unavailable=1), size=2, old=2, maximum=2),
        "every hook and a wait": of(replace(SPEC, hooks=EVERY_HOOK, wait_before_terminate=15.0), edit=in_public),
        "every hook, two": of(replace(SPEC, hooks=EVERY_HOOK), size=2, old=2, delay=0.0),
        "only the outdated half": of(replace(SPEC, scope=Scope.OUTDATED), size=2, outdated=1),
        "load balancers not asked": of(replace(SPEC, require_healthy_targets=False)),
        "forced": of(replace(SPEC, require_healthy_group=False), suspended=FORCED),
        "a launch that fails first": of(failing=1),
    }
)
"""Every story by name."""
