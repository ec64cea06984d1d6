"""Who begins when: one after the other while all is well, no faster than AWS's buckets give, and past who is stuck."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio

from async_rollout.core.snapshot import Stop
from async_rollout.engine.halt import Halt
from async_rollout.engine.ports import Urgency
from async_rollout.engine.turns import PATIENCE, Turns
from async_rollout.sandbox.virtual import run_virtual


class Narrow:
    """A cloud whose looks draw from one bucket of so many a second. stuck: those that never come to an end.

    carried: so many groups at once.
    """

    def __init__(self, rate: float, stuck: tuple[str, ...] = (), carried: int = 100) -> None:
        self._carried = carried
        self._pause, self._stuck, self._free = 1 / rate, stuck, 0.0
        self.took: list[float] = []

    def carries(self, groups: int) -> bool:
        return groups <= self._carried

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


def taken(carried: int, *, groups: int = 5, stop: float = 1e9, restores: int = 0) -> tuple[list[float], list[int]]:
    """When each of so many groups, which take a minute each, had its turn; and what those that wait were told."""

    async def main() -> tuple[list[float], list[int]]:
        begun, told, halt = list[float](), list[int](), Halt()

        async def one(number: int) -> None:
            async with turns.taken(told.append, waits=number >= restores):
                begun.append(anyio.current_time())
                await anyio.sleep(60.0)

        async with anyio.create_task_group() as tasks:
            turns = Turns(Narrow(10.0, carried=carried), tasks, halt)  # type: ignore[arg-type]
            for number in range(groups):
                tasks.start_soon(one, number)
            await anyio.sleep(min(stop, 1000.0))
            halt.request(Stop.NOW)
        return begun, told

    return run_virtual(main)


def test_no_more_groups_begin_than_are_carried_and_the_others_say_so_once() -> None:
    begun, told = taken(2)
    assert max(sum(at - 60.0 < one <= at for one in begun) for at in begun) == 2
    assert begun == sorted(begun)
    assert told == [2, 2, 2]


def test_one_group_is_carried_whatever_the_buckets_say() -> None:
    begun, told = taken(0)
    assert [round(at) for at in begun] == [0, 60, 120, 180, 240]
    assert told == [1, 1, 1, 1]


def test_who_waits_only_a_moment_tells_nothing() -> None:
    assert taken(9)[1] == []


def test_who_comes_while_others_wait_says_so_at_once() -> None:
    async def main() -> list[float]:
        told: list[float] = []

        async def one(after: float, *, tells: bool) -> None:
            await anyio.sleep(after)
            async with turns.taken(lambda _: told.append(anyio.current_time()) if tells else None):
                await anyio.sleep(100.0)

        async with anyio.create_task_group() as tasks:
            turns = Turns(Narrow(10.0, carried=1), tasks, Halt())  # type: ignore[arg-type]
            tasks.start_soon(partial(one, 0.0, tells=False))
            tasks.start_soon(partial(one, 0.0, tells=False))
            tasks.start_soon(partial(one, 50.0, tells=True))
        return told

    assert run_virtual(main) == [50.0]


def test_a_stop_ends_the_wait_of_all() -> None:
    begun, _ = taken(1, stop=30.0)
    assert len(begun) == 5
    assert max(begun) < 30.0 + 3 * PATIENCE


def test_what_was_left_in_the_middle_waits_for_no_room() -> None:
    begun, _ = taken(1, restores=3)
    assert max(begun[:3]) <= PATIENCE + 1.0
    assert min(begun[3:]) >= 60.0
