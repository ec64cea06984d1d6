"""Whatever people do to a cluster and its group: its books balance at every moment, and left alone it comes to rest."""

from __future__ import annotations

import random
from contextlib import suppress
from itertools import pairwise

import pytest

from async_rollout.sandbox.ecs.clusters import a_definition, a_provider, a_service, a_task
from async_rollout.sandbox.words import AwsError
from support.containers import Dock, a_dock, books
from support.depth import deeper


def a_harbour(seed: int) -> Dock:
    dice = random.Random(seed)
    dock = a_dock(4, seed, minimum=1)
    own = a_definition(dock.world, "api", network="awsvpc", port=80)
    a_service(dock.world, "prod", "shop", desired=6, target_group=True, minimum=dice.choice([50, 100]))
    provider = "web-provider" if seed % 2 else ""
    a_service(dock.world, "prod", "api", desired=3, target_group=True, definition=own, provider=provider)
    a_service(dock.world, "prod", "worker", desired=2, distinct=True)
    a_service(dock.world, "prod", "logs", daemon=True)
    if provider:
        a_provider(dock.world, protection=dice.random() < 0.5)
    return dock


def deed(dock: Dock, dice: random.Random) -> None:
    """One thing that somebody might do."""
    world, ecs, hosts = dock.world, dock.world.ecs, dock.hosts
    host = dice.choice(hosts)
    tasks = list(world.state.tasks)
    service = dice.choice([one for one in world.state.services if not one.endswith("/logs")])
    match dice.randrange(13):
        case 0 | 1 | 2:
            ecs.set_state("prod", [one.arn for one in dice.sample(hosts, min(2, len(hosts)))], "DRAINING")
        case 3:
            ecs.set_state("prod", [host.arn], "ACTIVE")
        case 4:
            ecs.agent_gone(host.instance, dice.choice([20.0, 200.0]))
        case 5:
            world.kill(host.instance)
        case 6:
            world.terminate(host.instance, decrement=dice.random() < 0.3)
        case 7:
            world.set_desired_capacity("web", dice.randrange(2, 7))
        case 8:
            ecs.sets_service(service, desired=dice.randrange(6), force=dice.random() < 0.5)
        case 9:
            ecs.stop_task("prod", dice.choice(tasks), "")
        case 10:
            ecs.protect(dice.choice(tasks), dice.choice([100.0, None]))
        case 11:
            ecs.exits(dice.choice(tasks))
        case 12:
            if dice.random() < 0.5:
                ecs.run_task("prod", "shop")
            else:
                ecs.deregister("prod", host.arn, force=True)
                world.kill(host.instance)


@pytest.mark.parametrize("seed", deeper(range(60), 12))
def test_the_books_balance_and_the_cluster_comes_to_rest(seed: int) -> None:
    dice, dock = random.Random(seed), a_harbour(seed)
    for _ in range(40):
        with suppress(AwsError):
            deed(dock, dice)
        dock.wait(dice.choice([0.0, 1.0, 7.0, 40.0, 150.0]))
        if not dock.hosts:
            break
        books(dock.world)
    for host in dock.hosts:
        if host.ended_at is None and host.status == "DRAINING":
            dock.world.ecs.drains(host.instance, "ACTIVE")
    dock.world.set_desired_capacity("web", 6)
    dock.wait(3600.0)
    books(dock.world)
    for service in dock.world.state.services.values():
        now = dock.world.ecs.numbers.now(service.arn)
        assert (now.healthy, now.running, now.pending, now.stopping) == (service.desired, service.desired, 0, 0)
        assert service.steady and len(service.deployments) == 1
    for group, service in [(one.target_group, one) for one in dock.world.state.services.values() if one.target_group]:
        registered = dock.world.state.registered(group or "")
        assert sorted(one.state for one in registered) == ["healthy"] * service.desired


@pytest.mark.parametrize("seed", range(2))
def test_the_same_seed_gives_the_same_story(seed: int) -> None:
    def story() -> list[str]:
        dice, dock = random.Random(seed), a_harbour(seed)
        for _ in range(15):
            with suppress(AwsError):
                deed(dock, dice)
            dock.wait(60.0)
        return [f"{one.at} {one.what} {one.detail}" for one in dock.world.record]

    assert story() == story()


def test_a_lone_task_of_a_failing_image_is_tried_less_and_less_often() -> None:
    dock = a_dock(2)
    bad = a_definition(dock.world, "shop", fails="CannotPullContainerError: no such image")
    service = a_service(dock.world, "prod", "shop", desired=0, definition=bad)
    a_task(dock.world, "prod")
    dock.world.ecs.sets_service(service.arn, desired=1)
    dock.wait(3600.0)
    tried = [one for one in dock.world.record if one.detail.startswith("service:shop PENDING")]
    pauses = [late.at - early.at for early, late in pairwise(tried)]
    assert pauses[:6] == sorted(pauses[:6]) and min(pauses[6:]) > 600.0
    assert any("unable to consistently start tasks" in one.message for one in service_events(dock, service.arn))
    stopped = [one for one in dock.world.state.tasks.values() if one.code == "TaskFailedToStart"]
    assert stopped and all(one.reason.startswith("CannotPullContainerError") for one in stopped)


def service_events(dock: Dock, service: str) -> tuple[object, ...]:
    return dock.world.state.services[service].events


def test_on_hosts_of_a_bad_image_no_task_starts_and_the_old_ones_stay() -> None:
    dock = a_dock(3, outdated=3)
    service = a_service(dock.world, "prod", "shop", desired=3, target_group=True).arn
    old = dock.hosts
    dock.world.ecs.troubles_of("web").broken = frozenset({"2"})
    dock.world.set_desired_capacity("web", 4)
    dock.wait(150.0)
    dock.drain(old[0])
    dock.wait(1800.0)
    assert dock.lowest(service) == 3
    new = dock.hosts[-1]
    failed = [one for one in dock.world.state.tasks.values() if one.code == "TaskFailedToStart"]
    assert failed and {one.host for one in failed} == {new.arn}
