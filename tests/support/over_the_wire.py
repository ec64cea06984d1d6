"""A rollout through botocore's own clients and the codec, on virtual time: what the aws layer reads is what counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio

from async_rollout.aws.session import connect
from async_rollout.core.actions import Need
from async_rollout.core.belief import Me
from async_rollout.core.observation import Observation
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.faults import Fault, Faults
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.simulation import InstantHooks, Others


def rolled(
    prepare: Callable[[World], object],
    spec: RolloutSpec,
    seed: int = 1,
    *,
    others: Others | None = None,
    rules: Sequence[Fault] = (),
) -> tuple[World, GroupResult]:
    """The group `web` of a world, rolled over the wire. others: what other people do meanwhile. rules: of faults."""

    async def main() -> tuple[World, GroupResult]:
        world = World(seed, loop_clock())
        prepare(world)
        async with connect(session=session(world, Faults(world, rules)), jitter=lambda: 0.5) as cloud:
            me = Me(run="run", holder="host/boot/1")
            rollout = Rollout(cloud, "web", spec, me, hooks=InstantHooks(), tell=lambda _: None, halt=Halt())
            async with anyio.create_task_group() as beside:
                if others is not None:
                    beside.start_soon(others, world)
                result = await rollout.run()
                beside.cancel_scope.cancel()
            return world, result

    return run_virtual(main)


def seen(prepare: Callable[[World], object]) -> tuple[Observation, Observation]:
    """One whole look at the group `web`, over the wire and through the port."""

    async def main() -> tuple[Observation, Observation]:
        world = World(1, loop_clock())
        prepare(world)
        async with connect(session=session(world)) as cloud:
            wire = await cloud.look("web", frozenset(Need), anyio.current_time())
        return wire, await PortCloud(world).look("web", frozenset(Need), anyio.current_time())

    return run_virtual(main)
