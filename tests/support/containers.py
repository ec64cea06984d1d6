"""A group whose instances are the hosts of a cluster, on a clock that is moved by hand or in a virtual loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.ecs.clusters import a_cluster
from async_rollout.sandbox.ecs.records import Host, Task
from async_rollout.sandbox.faults import Fault, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.clients import clients


@dataclass(frozen=True)
class Dock:
    """A world with the group "web" in the cluster "prod"."""

    clock: ManualClock
    world: World

    @property
    def hosts(self) -> list[Host]:
        """Every row that is listed, now."""
        self.world.advance()
        return self.world.ecs.hosts_in("prod")

    def wait(self, seconds: float) -> None:
        self.clock.move(seconds)
        self.world.advance()

    def drain(self, *hosts: Host, status: str = "DRAINING") -> None:
        done, failed = self.world.ecs.set_state("prod", [host.arn for host in hosts], status)
        assert (len(done), failed) == (len(hosts), ())

    def on(self, host: Host) -> list[Task]:
        """What of which something is there."""
        self.world.advance()
        return self.world.ecs.tasks_on(host.arn)

    def states(self, service: str) -> dict[str, int]:
        """How many tasks it has of each "desiredStatus lastStatus"."""
        self.world.advance()
        found: dict[str, int] = {}
        for task in self.world.ecs.tasks_of(service):
            key = f"{task.desired} {task.last}"
            found[key] = found.get(key, 0) + 1
        return found

    def lowest(self, service: str) -> int:
        """The fewest healthy ones that it ever had."""
        self.world.advance()
        return min(one.healthy for one in self.world.ecs.history if one.service == service)

    def highest(self, service: str) -> int:
        """The most that were ever RUNNING or on their way there."""
        self.world.advance()
        return max(one.running + one.pending for one in self.world.ecs.history if one.service == service)

    def count(self, what: What) -> int:
        return sum(one.what is what for one in self.world.record)


def a_dock(size: int = 3, seed: int = 1, **group: Any) -> Dock:
    """The group has no load balancers of its own, and room for as many hosts more."""
    clock = ManualClock()
    world = World(seed, clock)
    a_group(world, size=size, maximum=2 * size, classic=0, target_groups=0, **group)
    a_cluster(world)
    return Dock(clock, world)


def books(world: World) -> None:
    """Every task is where its host has it, no host is fuller than it is large, the numbers are what is counted anew."""
    state = world.state
    for host in world.ecs.hosts_in("prod"):
        here = world.ecs.tasks_on(host.arn)
        assert all(task.host == host.arn for task in here)
        assert sum(state.definitions[task.definition].cpu for task in here) <= host.cpu
        assert all(number == 1 for number in Counter(task.port for task in here if task.port).values())
    for service in state.services.values():
        alive = [one.arn for one in state.tasks.values() if one.service == service.arn and not one.over]
        assert sorted(alive) == sorted(task.arn for task in world.ecs.tasks_of(service.arn))
        now = world.ecs.numbers.now(service.arn)
        tasks = world.ecs.tasks_of(service.arn)
        assert (now.running, now.pending) == (sum(one.runs for one in tasks), sum(one.coming for one in tasks))
        assert now.stopping == sum(not one.wanted for one in tasks)
        assert now.healthy == sum(map(world.ecs.is_healthy, tasks))
        assert now.old == sum(one.wanted and world.ecs.is_old(one) for one in tasks)
        assert now.desired == service.desired


Story = Callable[[World, Any], Awaitable[None]]


def tell_of(story: Story, build: Callable[[World], object], *rules: Fault) -> World:
    """A world that `build` filled, and a story told through clients, one of ECS (`aws.ecs`) among them."""

    async def main() -> World:
        world = World(1, loop_clock())
        build(world)
        async with clients(world, Faults(world, rules), also=("ecs",)) as aws:
            told: SimpleNamespace = aws
            await story(world, told)
        return world

    return run_virtual(main)
