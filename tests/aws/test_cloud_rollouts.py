"""Whole rollouts of several groups through one real cloud: aioboto3's own clients, the wire door, virtual time."""

from __future__ import annotations

import anyio

from async_rollout.aws.session import connect
from async_rollout.core.actions import Outcome
from async_rollout.core.belief import Me
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from support.simulation import InstantHooks


def rolled(*faults: Fault) -> tuple[dict[str, int], float, list[Outcome]]:
    """The demo's three groups, rolled at once by the engine: calls made, seconds taken, how each ended."""
    outcomes: list[Outcome] = []

    async def main() -> tuple[dict[str, int], float, list[Outcome]]:
        sandbox = Sandbox("demo", clock=loop_clock())
        for fault in faults:
            sandbox.faults.add(fault)
        names = list(sandbox.world.state.groups)
        before = [sandbox.world.group(name) for name in names]
        async with connect(session=sandbox.session(), jitter=lambda: 0.5) as cloud:

            async def roll(name: str) -> None:
                me = Me(run=f"run-{name}", holder="host/boot/1")
                engine = Rollout(cloud, name, RolloutSpec(), me, hooks=InstantHooks(), tell=lambda _: None, halt=Halt())
                outcomes.append((await engine.run()).verdict.outcome)

            async with anyio.create_task_group() as tasks:
                for name in names:
                    tasks.start_soon(roll, name)
            took = anyio.current_time()
        for group, name in zip(before, names, strict=True):
            left = sandbox.world.group(name)
            assert (left.minimum, left.desired, left.maximum) == (group.minimum, group.desired, group.maximum)
            assert (left.suspended_names, left.tags) == (group.suspended_names, group.tags)
            versions = [one.template.version for one in sandbox.world.state.members(name) if one.template]
            assert versions == ["2"] * group.desired
        return dict(cloud.calls), took, outcomes

    return run_virtual(main)


def test_whole_rollouts_go_through_and_the_same_way_twice() -> None:
    first = rolled()
    assert first[2] == [Outcome.DONE] * 3
    assert first == rolled()


def test_whole_rollouts_get_over_faults_of_every_kind() -> None:
    kinds = (FaultKind.THROTTLE, FaultKind.ERROR_500, FaultKind.HTML_503, FaultKind.LOST_ANSWER, FaultKind.RESET)
    assert rolled(*(Fault(kind=kind, probability=0.02) for kind in kinds))[2] == [Outcome.DONE] * 3
