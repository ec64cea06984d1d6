"""Async callables as hooks: their answer, their faults, their limit."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from async_rollout.core.spec import HookCall
from async_rollout.engine.hooks import ShellHooks
from support.processes import CALL, silent


@pytest.mark.parametrize(
    ("answer", "ok", "code"),
    [(None, True, 0), (True, True, 0), (0, True, 0), ("done", True, 0), (False, False, 1), (3, False, 3)],
)
async def test_an_async_hook_answers(answer: object, ok: bool, code: int) -> None:
    async def hook(call: HookCall) -> object:
        assert call is CALL
        return answer

    result = await ShellHooks().run(hook, CALL, 5, silent)
    assert (result.ok, result.code) == (ok, code)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ValueError("no\nleader\x1b[2J"), "ValueError: no leader"),
        (SystemExit(3), "SystemExit: 3"),
        (TimeoutError("its own"), "TimeoutError: its own"),
        (asyncio.CancelledError(), "the hook cancelled itself"),
    ],
)
async def test_an_async_hook_that_raises_is_a_result(fault: BaseException, said: str) -> None:
    async def hook(_: HookCall) -> None:
        raise fault

    result = await ShellHooks().run(hook, CALL, 5, silent)
    assert (result.ok, result.code, result.timed_out, result.said) == (False, 1, False, said)


async def test_an_async_hook_past_its_limit_is_cancelled() -> None:
    result = await ShellHooks().run(lambda _: anyio.sleep(60), CALL, 0.05, silent)
    assert (result.ok, result.code, result.timed_out) == (False, None, True)


async def test_cancelling_reaches_an_async_hook() -> None:
    gone = False

    async def hook(_: HookCall) -> None:
        nonlocal gone
        try:
            await anyio.sleep(60)
        finally:
            gone = True

    with anyio.move_on_after(0.05) as scope:
        await ShellHooks().run(hook, CALL, 50, silent)
    assert scope.cancelled_caught
    assert gone
