"""Loops with a time of their own."""

import asyncio
import subprocess
import sys
import time

import anyio
import anyio.to_thread
import pytest

from async_rollout.sandbox.virtual import loop_clock, run_scaled, run_virtual


def test_an_hour_costs_nothing_and_timers_keep_their_order() -> None:
    async def main() -> list[tuple[str, float]]:
        seen: list[tuple[str, float]] = []

        async def sleeper(name: str, seconds: float) -> None:
            await anyio.sleep(seconds)
            seen.append((name, round(anyio.current_time(), 6)))

        async with anyio.create_task_group() as tasks:
            for name, seconds in (("hour", 3600.0), ("minute", 60.0), ("both", 60.0)):
                tasks.start_soon(sleeper, name, seconds)
        return seen

    began = time.monotonic()
    assert run_virtual(main) == [("minute", 60.0), ("both", 60.0), ("hour", 3600.0)]
    assert time.monotonic() - began < 5.0


def test_a_limit_strikes_at_its_virtual_time() -> None:
    async def main() -> float:
        with anyio.move_on_after(50.0):
            await anyio.sleep_forever()
        return anyio.current_time()

    assert run_virtual(main) == pytest.approx(50.0)


@pytest.mark.parametrize("to_thread", [asyncio.to_thread, anyio.to_thread.run_sync])
def test_time_stands_still_while_a_thread_works(to_thread) -> None:
    async def main() -> tuple[str, float]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep, 1000.0)
            await to_thread(time.sleep, 0.05)
            at = anyio.current_time()
            tasks.cancel_scope.cancel()
        return "done", at

    assert run_virtual(main) == ("done", 0.0)


def test_time_flows_as_the_walls_while_a_child_lives() -> None:
    async def main() -> tuple[bytes, float]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep, 1000.0)
            done = await anyio.run_process([sys.executable, "-c", "print('here')"])
            at = anyio.current_time()
            tasks.cancel_scope.cancel()
        return done.stdout.strip(), at

    said, at = run_virtual(main)
    assert said == b"here"
    assert 0.0 < at < 30.0


def test_a_limit_on_a_hung_child_strikes() -> None:
    async def main() -> str:
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=subprocess.PIPE)
        try:
            with anyio.fail_after(0.2):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()
            return "struck"
        return "ended"

    assert run_virtual(main) == "struck"


def test_errors_come_out_and_the_next_loop_begins_at_zero() -> None:
    async def broken() -> None:
        await anyio.sleep(10)
        raise ValueError("as it should")

    with pytest.raises(ValueError, match="as it should"):
        run_virtual(broken)

    async def clock() -> float:
        return loop_clock()()

    assert run_virtual(clock) == 0.0


def test_a_scaled_loop_is_faster_than_the_wall_by_its_speed() -> None:
    async def main() -> float:
        await anyio.sleep(100.0)
        return anyio.current_time()

    began = time.monotonic()
    assert run_scaled(main, 1000.0) >= 100.0
    assert 0.1 <= time.monotonic() - began < 5.0
