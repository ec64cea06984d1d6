"""The real thing but for the network: a whole rollout through engine, aws layer, botocore, codec and world."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from async_rollout.aws.session import connect
from async_rollout.core.actions import Outcome, Verdict
from async_rollout.core.belief import Me
from async_rollout.core.journal import Goal
from async_rollout.core.spec import Hook, HookCall, RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.engine.ports import HookResult
from async_rollout.engine.rollout import Rollout
from async_rollout.sandbox.doors.wire import session
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.scenarios import build
from async_rollout.sandbox.simulation import EPOCH
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World


@pytest.mark.parametrize("probability", [0.0, 0.03])
def test_a_whole_rollout_goes_over_the_wire(probability: float) -> None:
    """Without faults, and with faults of every kind."""

    async def main() -> tuple[World, Group, Verdict]:
        world = build("at-max", seed=7, clock=loop_clock())
        found = world.group("web")
        lasting = (FaultKind.EXPIRED, FaultKind.DENIED)  # nobody renews or allows anything here
        passing = (kind for kind in FaultKind if kind not in (*lasting, FaultKind.EMPTY))  # a first one is no group
        faults = Faults(world, [Fault(kind=kind, probability=probability) for kind in passing])
        me = Me(run="r", holder="h/b/1", intent=Goal.REPLACE)
        async with connect(session=session(world, faults)) as cloud:
            rollout = Rollout(cloud, "web", RolloutSpec(), me, hooks=NoHooks(), tell=lambda _: None, halt=Halt())
            return world, found, (await rollout.run()).verdict

    random.seed(7)  # the aws layer's pauses are drawn from it
    world, found, verdict = run_virtual(main)
    assert verdict.outcome is Outcome.DONE
    assert world.group("web") == found
    assert all(one.launched_at > EPOCH for one in world.members("web"))
    if not probability:
        assert min(one.serving for one in world.history) == 3


class NoHooks:
    """There are none to run."""

    async def run(self, hook: Hook, call: HookCall, limit: float, say: Callable[[str], None]) -> HookResult:
        raise AssertionError("no hook was asked for")
