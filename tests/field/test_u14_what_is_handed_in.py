"""U14: a listener that would have to be awaited, a plain function as hook, hooks in a dict."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest

import async_rollout as ar
from async_rollout.engine.hooks import ShellHooks
from async_rollout.engine.ports import HookResult
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.scenarios import build
from support.processes import CALL, silent


async def awaited(event: object) -> None:
    raise AssertionError("nobody awaits it")


class Awaited:
    async def __call__(self, event: object) -> None:
        raise AssertionError("nobody awaits it")


def groups() -> tuple[ar.GroupRef, ...]:
    return (ar.GroupRef(PortCloud(build("at-max")), "web"),)


@pytest.mark.parametrize("tell", [awaited, Awaited(), partial(awaited), "print", 3])
@pytest.mark.parametrize("verb", [ar.roll_out, ar.restore])
async def test_u14_a_listener_that_nobody_could_tell_is_refused_at_once(verb: Any, tell: Any) -> None:
    asked = groups()
    with pytest.raises(ar.UsageError, match="tell"):
        await verb(asked, tell=tell)
    assert not asked[0].cloud.world.calls


async def test_u14_nor_is_it_taken_by_a_cloud() -> None:
    with pytest.raises(ar.UsageError, match="tell"):
        async with ar.connect(region="eu-west-1", tell=awaited):
            raise AssertionError("it was opened")


@pytest.mark.parametrize("hooks", [{"up_check": "true"}, ar.Hooks(up_check="true"), "true"])
async def test_u14_hooks_in_the_place_of_their_runner_are_refused(hooks: Any) -> None:
    with pytest.raises(ar.UsageError, match="RolloutSpec"):
        await ar.roll_out(groups(), hooks=hooks)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hooks": {"up_check": "true"}},
        {"hooks": None},
        {"limits": {"launch": 60}},
        {"scope": "everything"},
        {"on_failure": "restore"},
    ],
)
def test_u14_an_order_takes_its_own_classes(wrong: dict[str, Any]) -> None:
    with pytest.raises(ar.UsageError, match=next(iter(wrong))):
        ar.RolloutSpec(**wrong)


@pytest.mark.parametrize("hook", [3, ["leave-consul"], {"sh": "true"}])
def test_u14_a_hook_is_a_command_or_can_be_called(hook: Any) -> None:
    with pytest.raises(ar.UsageError, match="before-terminate hook"):
        ar.Hooks(before_terminate=hook)


@pytest.mark.parametrize("wrong", ["web", ["web"], [("cloud", "web")]])
@pytest.mark.parametrize("verb", [ar.roll_out, ar.restore, ar.plan, ar.status])
async def test_u14_a_group_is_a_group_of_a_cloud(verb: Any, wrong: Any) -> None:
    with pytest.raises(ar.UsageError, match="cloud.groups"):
        await verb(wrong)


@pytest.mark.parametrize(("answer", "ok"), [(None, True), (0, True), (True, True), (False, False), (2, False)])
async def test_u14_a_plain_function_works_as_a_hook(answer: object, ok: bool) -> None:
    ran = []

    def plain(call: ar.HookCall) -> object:
        ran.append((call, threading.current_thread() is threading.main_thread()))
        return answer

    assert (await ShellHooks().run(plain, CALL, 5, silent)).ok is ok
    assert ran == [(CALL, False)], "in a thread: it must not hold up the loop"


async def test_u14_a_plain_function_that_raises_has_failed() -> None:
    def plain(call: ar.HookCall) -> None:
        raise OSError("no route")

    result = await ShellHooks().run(plain, CALL, 5, silent)
    assert (result.ok, result.said) == (False, "OSError: no route")


async def test_u14_a_function_that_hands_back_a_coroutine_is_awaited() -> None:
    async def later(call: ar.HookCall) -> bool:
        await anyio.lowlevel.checkpoint()
        return False

    assert not (await ShellHooks().run(lambda call: later(call), CALL, 5, silent)).ok


async def test_u14_a_plain_function_is_waited_for_until_its_limit_and_holds_up_nobody() -> None:
    over, ticks = threading.Event(), 0

    def hanging(call: ar.HookCall) -> None:
        over.wait(10)

    async def tick() -> None:
        nonlocal ticks
        while True:
            await anyio.sleep(0.01)
            ticks += 1

    results: list[HookResult] = []
    began = time.monotonic()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tick)
        results.append(await ShellHooks().run(hanging, CALL, 0.3, silent))
        tasks.cancel_scope.cancel()
    over.set()
    assert results[0].timed_out and time.monotonic() - began < 5
    assert ticks > 3
