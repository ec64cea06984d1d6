"""Groups that host ECS tasks, rolled through the real aws layer against the sandbox's ECS, on virtual time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import anyio

from async_rollout.aws.session import connect
from async_rollout.aws.traffic.ecs import EVERYWHERE, Ecs
from async_rollout.core.belief import Me
from async_rollout.core.events import Event, Waiting
from async_rollout.core.journal import Goal
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.ecs.clusters import a_cluster
from async_rollout.sandbox.faults import Fault, Faults
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import Happening, What
from async_rollout.sandbox.records import Physics
from async_rollout.sandbox.simulation import OWNER
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.simulation import UNWATCHED, InstantHooks, Others

QUICK = Physics(boot=25.0, warm=8.0, terminate=8.0)
LIMIT = 20_000.0


@dataclass
class Hosted:
    """One rollout of the group `web`: the world, what was told, and how each conductor ended."""

    world: World
    found: dict[str, str] = field(default_factory=dict)
    """Status of each host's row as the first conductor came, by instance."""
    events: list[Event] = field(default_factory=list)
    results: list[GroupResult] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def result(self) -> GroupResult:
        return self.results[-1]

    def happened(self, what: What, who: str = "") -> list[Happening]:
        return [one for one in self.world.record if one.what is what and (not who or one.who == who)]

    @property
    def killed(self) -> list[Happening]:
        """Tasks that were still there as their host ended."""
        return self.happened(What.TASK_LOST)

    @property
    def waited(self) -> str:
        return "\n".join(
            f"{wait.on}: {wait.why}" for one in self.events if isinstance(one, Waiting) for wait in one.waits
        )

    @property
    def statuses(self) -> dict[str, str]:
        """Of the rows of the group's members."""
        members = {one.id for one in self.world.members("web")}
        return {one.instance: one.status for one in self.world.state.hosts.values() if one.instance in members}


def hosts(world: World, size: int = 3, **more: Any) -> None:
    """The group `web` in the cluster `prod`."""
    a_group(world, size=size, maximum=2 * size, classic=0, target_groups=0, outdated=size, physics=QUICK, **more)
    a_cluster(world, "prod", groups=("web",))


def rolled(
    prepare: Callable[[World], object],
    *,
    ecs: Ecs | None = EVERYWHERE,
    goals: Sequence[Goal] = (Goal.REPLACE,),
    killed: float = LIMIT,
    rules: Sequence[Fault] = (),
    others: Others | None = None,
    seed: int = 1,
    **order: Any,
) -> Hosted:
    """goals: one conductor after the other; the first is killed so many seconds after it came."""

    async def main() -> Hosted:
        world = World(seed, loop_clock())
        prepare(world)
        run = Hosted(world)
        run.found = run.statuses
        async with anyio.create_task_group() as beside:
            if others is not None:
                beside.start_soon(others, world)
            for number, goal in enumerate(goals):
                async with connect(session=session(world, Faults(world, rules)), jitter=lambda: 0.5, ecs=ecs) as cloud:
                    me = Me(run=f"run{number}", holder=f"host{number}/boot/1", intent=goal)
                    spec = replace(UNWATCHED, **order)
                    told, halt = run.events.append, Halt()
                    rollout = Rollout(cloud, "web", spec, me, hooks=InstantHooks(), tell=told, halt=halt)
                    with anyio.move_on_after(killed if number == 0 else LIMIT):
                        run.results.append(await rollout.run())
                    run.calls.update(cloud.calls)
            beside.cancel_scope.cancel()
        return run

    return run_virtual(main)


def by_us(run: Hosted) -> list[str]:
    """Each change of a host's row by us, as "INSTANCE STATUS"."""
    return [f"{one.instance} {one.detail.split()[-1]}" for one in run.happened(What.HOST, OWNER)]


def short(run: Hosted) -> list[str]:
    """Services that had fewer healthy tasks than they are to have: none of a service that keeps all of them may."""
    kept = {one.arn for one in run.world.state.services.values() if one.minimum >= 100 and not one.daemon}
    return [f"{one.service}: {one.healthy} of {one.desired}" for one in run.world.ecs.history
            if one.service in kept and one.healthy < one.desired]  # fmt: skip


def moved(run: Hosted) -> int:
    """How many tasks of services, daemons left out, were stopped."""
    daemons = {f"service:{one.name}" for one in run.world.state.services.values() if one.daemon}
    ended = (one.detail.split() for one in run.happened(What.TASK))
    return sum(words[1] == "STOPPED" and words[0] not in daemons for words in ended)
