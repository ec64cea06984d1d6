"""Who begins when: one after the other while all is well, no faster than AWS's buckets give, and past who is stuck."""

from __future__ import annotations

from typing import Any

import anyio

from async_rollout.engine.halt import Halt
from async_rollout.engine.ports import Urgency
from async_rollout.engine.turns import PATIENCE, Turns
from async_rollout.sandbox.virtual import run_virtual


class Narrow:
    """A cloud whose looks draw from one bucket of so many a second. stuck: those that never come to an end."""

    def __init__(self, rate: float, stuck: tuple[str, ...] = ()) -> None:
        self._pause, self._stuck, self._free = 1 / rate, stuck, 0.0
        self.took: list[float] = []

    def carries(self, groups: int) -> bool:
        return True

    async def look(self, group: str, needs: Any, after: float, urgency: Urgency = Urgency.USUAL) -> Any:
        if group in self._stuck:
            await anyio.sleep(1000.0)
        began = anyio.current_time()
        self._free = max(self._free, began) + self._pause
        await anyio.sleep(self._free - began)
        self.took.append(anyio.current_time() - began)


def looked(cloud: Any, groups: int) -> list[float]:
    """When each had its first look, all of them begun at once."""

    async def main() -> list[float]:
        ends: list[float] = []

        async def one(number: int) -> None:
            async with turns.taken(lambda _: None) as mine:
                await mine.look(f"group-{number}", frozenset(), 0.0)
                ends.append(anyio.current_time())

        async with anyio.create_task_group() as tasks:
            turns = Turns(cloud, tasks, Halt())
            for number in range(groups):
                tasks.start_soon(one, number)
        return ends

    return run_virtual(main)


def test_looks_never_queue_up_behind_a_narrow_bucket() -> None:
    cloud = Narrow(rate=0.4)
    assert len(looked(cloud, 60)) == 60
    assert max(cloud.took) < 15.0  # begun every two seconds, whatever came of it, the last would take a minute


def test_who_is_stuck_delays_the_others_by_his_patience_at_the_most() -> None:
    cloud = Narrow(rate=10.0, stuck=("group-0", "group-1"))
    ends = looked(cloud, 10)
    assert sorted(ends)[7] < PATIENCE + 2.0
