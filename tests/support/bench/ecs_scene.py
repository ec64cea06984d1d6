"""Where hosts of ECS are rolled, and what the ways of others ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from async_rollout.sandbox.ecs.records import Host, Task
from async_rollout.sandbox.world import World


@dataclass(frozen=True, kw_only=True)
class EcsScene:
    """group, cluster: names. old: the instances that are there at first. Time is virtual."""

    world: World
    group: str
    cluster: str
    old: Sequence[str]

    @property
    def now(self) -> float:
        """The world's seconds."""
        return self.world.look().at

    async def within(self, true: Callable[[], bool], *, every: float, limit: float) -> bool:
        """Ask each `every` seconds, for so many seconds at most; whether it became true."""
        ends = self.now + limit
        while not true():
            if self.now >= ends:
                return False
            await asyncio.sleep(every)
        return True

    def left(self) -> list[str]:
        """The old ones that the group still has, that run, and that are not on their way out."""
        here = (self.world.instance(id) for id in self.old)
        return [one.id for one in here if one.member and not one.leaving and one.ec2 == "running"]

    def hosts(self, ids: Sequence[str]) -> list[Host]:
        """Rows of these instances."""
        self.world.look()
        return [host for id in ids for host in self.world.ecs.rows_of(id)]

    def wanted(self, host: Host) -> list[Task]:
        """What ListTasks lists of a host where nothing is said: tasks whose desiredStatus is RUNNING."""
        return [task for task in self.world.ecs.tasks_on(host.arn) if task.wanted]

    def over(self, tasks: Sequence[Task]) -> bool:
        """Each of them is STOPPED, or listed no more."""
        known = self.world.look().tasks
        return all(task.arn not in known or known[task.arn].over for task in tasks)

    def stable(self, services: Sequence[str]) -> bool:
        """As the waiter ServicesStable has it: one deployment, as many tasks running as are desired. By their ARNs."""
        known = self.world.look().services
        return all(
            len(known[arn].deployments) == 1 and self.world.ecs.numbers.now(arn).running == known[arn].desired
            for arn in services
        )


Way = Callable[[EcsScene], Coroutine[Any, Any, str]]
"""Replaces all old hosts; returns what was said where it did not come to that, empty: it did."""
