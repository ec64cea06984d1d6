"""Shared work: one call for all who wait, none of whom can take it from the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import anyio
import pytest

from async_rollout.aws.single_flight import Batch, Flights, chunks
from async_rollout.aws.together import Part, together
from async_rollout.errors import BrokenError, UnseenError
from async_rollout.sandbox.virtual import run_virtual


class Work:
    """A second of work that counts how often it began and how often it was ended early."""

    def __init__(self, error: Exception | None = None) -> None:
        self.began: list[float] = []
        self.ended_early = 0
        self._error = error

    async def __call__(self) -> float:
        self.began.append(anyio.current_time())
        try:
            await anyio.sleep(1)
        except anyio.get_cancelled_exc_class():
            self.ended_early += 1
            raise
        if self._error:
            raise self._error
        return self.began[-1]


async def at(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    await anyio.sleep(seconds)
    await work()


def test_askers_share_a_call_that_began_late_enough() -> None:
    async def main() -> Work:
        flights, work = Flights(), Work()
        async with anyio.create_task_group() as tasks:
            for begin in (0.0, 0.4, 0.9):
                tasks.start_soon(at, begin, lambda: flights.share("key", 0.0, work))
        await flights.share("key", 0.0, work)
        return work

    assert run_virtual(main).began == [0.0, 1.0]


def test_a_call_sent_before_the_askers_act_is_not_joined() -> None:
    async def main() -> Work:
        flights, work = Flights(), Work()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(at, 0.0, lambda: flights.share("key", 0.0, work))
            tasks.start_soon(at, 0.5, lambda: flights.share("key", 0.5, work))
            tasks.start_soon(at, 0.7, lambda: flights.share("key", 0.2, work))
        return work

    assert run_virtual(main).began == [0.0, 0.5]


@pytest.mark.parametrize("leaver", [0, 1])
def test_one_who_is_cancelled_takes_nothing_from_the_others(leaver: int) -> None:
    async def main() -> tuple[Work, list[float]]:
        flights, work = Flights(), Work()
        got: list[float] = []

        async def ask(patience: float) -> None:
            with anyio.move_on_after(patience):
                got.append(await flights.share("key", 0.0, work))

        async with anyio.create_task_group() as tasks:
            for number in (0, 1):
                tasks.start_soon(ask, 0.3 if number == leaver else 9.0)
        return work, got

    work, got = run_virtual(main)
    assert (work.began, work.ended_early, got) == ([0.0], 0, [0.0])


def test_the_last_to_leave_ends_the_call_and_the_next_begins_anew() -> None:
    async def main() -> Work:
        flights, work = Flights(), Work()
        with anyio.move_on_after(0.3):
            await flights.share("key", 0.0, work)
        await flights.share("key", 0.0, work)
        return work

    work = run_virtual(main)
    assert (work.began, work.ended_early) == ([0.0, pytest.approx(0.3)], 1)


def test_all_who_wait_get_the_error() -> None:
    async def main() -> int:
        flights, work = Flights(), Work(UnseenError("no answer"))
        failures = 0

        async def ask() -> None:
            nonlocal failures
            with pytest.raises(UnseenError):
                await flights.share("key", 0.0, work)
            failures += 1

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(ask)
        return failures

    assert run_virtual(main) == 3


def test_closing_ends_what_is_under_way_and_says_so() -> None:
    async def main() -> Work:
        flights, work = Flights(), Work()

        async def ask() -> None:
            with pytest.raises(BrokenError):
                await flights.share("key", 0.0, work)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await anyio.sleep(0.5)
            await flights.close()
        with pytest.raises(BrokenError):
            await flights.share("other", 0.0, work)
        return work

    work = run_virtual(main)
    assert (work.began, work.ended_early) == ([0.0], 1)


def test_who_is_cancelled_while_the_cloud_closes_is_just_cancelled() -> None:
    async def main() -> int:
        flights, work = Flights(), Work()

        async def end() -> None:
            await anyio.sleep(0.5)
            closing = asyncio.create_task(flights.close())
            await asyncio.sleep(0)
            tasks.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                await closing

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(flights.share, "key", 0.0, work)
            tasks.start_soon(end)
        return work.ended_early

    assert run_virtual(main) == 1


class Fetch:
    """Knows every key but "nobody"; "slow" takes ten seconds and "broken" fails."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, tuple[str, ...]]] = []

    async def __call__(self, keys: tuple[str, ...]) -> Mapping[str, str]:
        self.asked.append((anyio.current_time(), keys))
        await anyio.sleep(10 if "slow" in keys else 1)
        if "broken" in keys:
            raise UnseenError("no answer")
        return {key: key.upper() for key in keys if key != "nobody"}


def batch(fetch: Fetch, size: int = 9, window: float = 0.0) -> Batch[str, str]:
    return Batch(Flights(), fetch, split=partial(chunks, size=size), window=lambda: window)


def test_who_asks_at_the_same_moment_goes_together() -> None:
    async def main() -> Fetch:
        fetch = Fetch()
        shared = batch(fetch)
        async with anyio.create_task_group() as tasks:
            for key in ("a", "b", "a"):
                tasks.start_soon(shared.ask, [key])
            tasks.start_soon(at, 0.5, lambda: shared.ask(["c"]))
        return fetch

    assert run_virtual(main).asked == [(0.0, ("a", "b")), (0.5, ("c",))]


def test_a_departed_batch_is_not_joined_even_for_the_same_key() -> None:
    async def main() -> Fetch:
        fetch = Fetch()
        shared = batch(fetch)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(shared.ask, ["a"])
            tasks.start_soon(at, 0.5, lambda: shared.ask(["a"]))
        return fetch

    assert run_virtual(main).asked == [(0.0, ("a",)), (0.5, ("a",))]


def test_askers_out_of_step_gather_until_the_window_is_over() -> None:
    async def main() -> Fetch:
        fetch = Fetch()
        shared = batch(fetch, window=0.5)
        async with anyio.create_task_group() as tasks:
            for number in range(4):
                tasks.start_soon(at, number / 10, partial(shared.ask, [str(number)]))
        return fetch

    assert run_virtual(main).asked == [(0.0, ("0",)), (0.5, ("1", "2", "3"))]


def test_chunks_are_separate_so_a_slow_one_delays_only_its_own() -> None:
    async def main() -> dict[str, float]:
        shared = batch(Fetch(), size=1)
        done: dict[str, float] = {}

        async def ask(key: str) -> None:
            await shared.ask([key])
            done[key] = anyio.current_time()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, "slow")
            tasks.start_soon(ask, "a")
        return done

    assert run_virtual(main) == {"a": 1.0, "slow": 10.0}


def test_a_failing_chunk_fails_only_who_asked_for_it() -> None:
    async def main() -> dict[str, str]:
        shared = batch(Fetch(), size=1)
        got: dict[str, str] = {}

        async def bad() -> None:
            with pytest.raises(UnseenError):
                await shared.ask(["broken"])

        async def good() -> None:
            got.update(await shared.ask(["a", "nobody"]))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bad)
            tasks.start_soon(good)
        return got

    assert run_virtual(main) == {"a": "A"}


def test_a_batch_that_all_have_left_before_it_departs_asks_nothing() -> None:
    async def main() -> Fetch:
        fetch = Fetch()
        shared = batch(fetch, window=5.0)
        await shared.ask(["a"])
        with anyio.move_on_after(1):
            await shared.ask(["b"])
        await shared.ask(["c"])
        return fetch

    assert run_virtual(main).asked == [(0.0, ("a",)), (5.0, ("c",))]


def test_together_runs_at_once_and_ends_with_the_first_failure() -> None:
    async def main() -> tuple[float, int]:
        slow, broken = Work(), Work(UnseenError("first"))
        with pytest.raises(UnseenError, match="first"):
            await together(Part(broken), Part(lambda: at(5, slow)))
        return anyio.current_time(), len(slow.began)

    assert run_virtual(main) == (1.0, 0)


def test_together_keeps_each_value() -> None:
    async def main() -> tuple[float, float, float]:
        parts = Part(Work()), Part(Work())
        await together(*parts)
        return parts[0].value, parts[1].value, anyio.current_time()

    assert run_virtual(main) == (0.0, 0.0, 1.0)
