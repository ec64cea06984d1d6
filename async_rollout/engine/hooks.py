"""The operator's own steps: shell commands under a guard, callables under a time limit.

Implements `engine.ports.HookRunner`. What a hook does wrong is a HookResult, never an exception; a shell command that
passes its limit, or whose rollout is cancelled or killed, dies with its whole process tree.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from inspect import isawaitable, iscoroutinefunction

import anyio
import anyio.to_thread

from async_rollout.core.spec import AsyncHook, Hook, HookCall, PlainHook
from async_rollout.engine.output import Output, safe
from async_rollout.engine.ports import HookResult
from async_rollout.engine.process import Process
from async_rollout.engine.tokens import environment, filled, misfit

GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL for a command that passed its limit, as docker stop has."""
APART = 0.01
"""Seconds between two that are started: a guard needs about so many of the processor until its command runs."""
HURRIED = 2.0
"""The same when the run is cancelled: a scheduler kills the tool itself some seconds after its SIGTERM."""


class ShellHooks:
    """Runs hooks. A command gets the tool's environment and what `engine.tokens` adds, and no input.

    What a command leaves running in the background is ended with it. An async callable must itself let go when it is
    cancelled. A plain function runs in a thread, which nothing can end: at its limit it is no longer waited for.
    python: the interpreter that runs the guard. grace: seconds between SIGTERM and SIGKILL.
    """

    def __init__(self, *, python: str = sys.executable, grace: float = GRACE) -> None:
        self._python, self._grace = python, grace
        self._turn, self._next = anyio.Lock(), float("-inf")

    async def run(self, hook: Hook, call: HookCall, limit: float, say: Callable[[str], None]) -> HookResult:
        """Run `hook` with at most `limit` seconds, and its grace; `say` gets each line of output."""
        began = anyio.current_time()
        if isinstance(hook, str):
            result = misfit_result(call) or await self._command(filled(hook, call), call, limit, say)
        else:
            result = await awaited(hook, call, limit)
        return replace(result, seconds=anyio.current_time() - began)

    async def _command(self, command: str, call: HookCall, limit: float, say: Callable[[str], None]) -> HookResult:
        output = Output(say)
        try:
            process = await self._started(command, call)
        except (OSError, ValueError) as error:
            return HookResult(ok=False, code=None, said=safe(f"the command could not be started: {error}"))
        with process:
            result = await self._within(limit, process, output)
            output.close()
        return replace(result, said=output.said() or result.said)

    async def _started(self, command: str, call: HookCall) -> Process:
        """A spawn holds the loop up until its exec, and its guard then wants the processor: not many at once."""
        async with self._turn:
            await anyio.sleep(max(0.0, min(APART, self._next - anyio.current_time())))
            self._next = anyio.current_time() + APART
            return Process(self._python, command, {**os.environ, **environment(call)})

    async def _within(self, limit: float, process: Process, output: Output) -> HookResult:
        """All that the command began is gone when this returns or raises."""
        try:
            with anyio.move_on_after(limit):
                return _result(await process.ended(output.feed))
            await process.end(self._grace, output.feed)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await process.end(HURRIED, _unheard)
            raise
        return HookResult(ok=False, code=None, timed_out=True)


def _result(code: int | None) -> HookResult:
    return HookResult(ok=code == 0, code=code, said="" if code is not None else "the command's guard was killed")


def _unheard(_: bytes) -> None:
    """Nobody asks any more what it says."""


def misfit_result(call: HookCall) -> HookResult | None:
    """A value of the wrong type: nothing is run."""
    why = misfit(call)
    return HookResult(ok=False, code=None, said=safe(why)) if why else None


async def awaited(hook: AsyncHook | PlainHook, call: HookCall, limit: float) -> HookResult:
    """Call a hook and await it. It failed if it raises, or returns False or a number that is not 0."""
    results: list[HookResult] = []

    async def in_its_own_task() -> None:
        results.append(await _called(hook, call))

    with anyio.move_on_after(limit) as scope:
        async with anyio.create_task_group() as tasks:  # so that a hook which cancels itself does not cancel us
            tasks.start_soon(in_its_own_task)
    if results:
        return results[0]
    if scope.cancelled_caught:
        return HookResult(ok=False, code=None, timed_out=True)
    return HookResult(ok=False, code=1, said="the hook cancelled itself")


def _is_async(hook: object) -> bool:
    """A coroutine function, or an object whose call is one; a plain one must not hold up the loop."""
    return iscoroutinefunction(hook) or iscoroutinefunction(getattr(hook, "__call__", None))  # noqa: B004 - which one


async def _called(hook: AsyncHook | PlainHook, call: HookCall) -> HookResult:
    try:
        answer = hook(call) if _is_async(hook) else await anyio.to_thread.run_sync(hook, call, abandon_on_cancel=True)
        if isawaitable(answer):
            answer = await answer
    except (Exception, SystemExit) as fault:  # noqa: BLE001 - whatever the operator's code raises is its result
        return HookResult(ok=False, code=1, said=safe(f"{type(fault).__name__}: {fault}"))
    code = 0 if answer is True else 1 if answer is False else answer if isinstance(answer, int) else 0
    return HookResult(ok=code == 0, code=code)
