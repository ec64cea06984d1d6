"""Hooks beside the loop: what is told of them, which limit they get, and that their rollout hears of their end."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from async_rollout.core.actions import RunHook
from async_rollout.core.events import HookEnded, HookSaid, HookStarted
from async_rollout.core.outcomes import HookOutcome
from async_rollout.core.spec import Hook, HookCall, HookPoint, Hooks, Limits, RolloutSpec
from async_rollout.engine.hook_tasks import HookTasks
from async_rollout.engine.ports import HookResult
from async_rollout.errors import BrokenError
from async_rollout.sandbox.virtual import run_virtual
from support.fleets import Told

ID = "i-0123456789abcdef0"
SPEC = RolloutSpec(
    hooks=Hooks(up_check="check", before_terminate="leave", after_terminate="forget"),
    limits=Limits(hook=700.0, check_attempt=7.0),
)


class Runner:
    """Says a line, takes two seconds, and gives the result it was made with."""

    def __init__(self, result: HookResult) -> None:
        self.result = result
        self.asked: list[tuple[Hook, HookCall, float]] = []

    async def run(self, hook: Hook, call: HookCall, limit: float, say: Callable[[str], None]) -> HookResult:
        self.asked.append((hook, call, limit))
        say("a line")
        await anyio.sleep(2.0)
        return self.result


def sent(hook: RunHook, result: HookResult, spec: RolloutSpec = SPEC) -> tuple[Runner, Told, list[HookOutcome]]:
    runner, told, ends = Runner(result), Told(), []

    async def story() -> None:
        async with anyio.create_task_group() as tasks:
            HookTasks(tasks, spec, runner, told, ends.append).start("web", hook, 1_000.0)

    run_virtual(story)
    return runner, told, ends


@pytest.mark.parametrize(
    ("point", "command", "limit"),
    [
        (HookPoint.UP_CHECK, "check", 7.0),
        (HookPoint.BEFORE_TERMINATE, "leave", 700.0),
        (HookPoint.AFTER_TERMINATE, "forget", 700.0),
    ],
)
def test_each_point_has_its_command_and_its_limit(point: HookPoint, command: str, limit: float) -> None:
    hook = RunHook(point=point, instance=ID, private_ip="10.0.0.7", public_ip="::1", attempt=3, resumed=True)
    runner, _, _ = sent(hook, HookResult(ok=True))
    call = HookCall(
        point=point, group="web", instance=ID, private_ip="10.0.0.7", public_ip="::1", attempt=3, resumed=True
    )
    assert runner.asked == [(command, call, limit)]


@pytest.mark.parametrize(
    "result",
    [
        HookResult(ok=True, code=0, said="fine", seconds=2.0),
        HookResult(ok=False, code=3, said="no", seconds=2.0),
        HookResult(ok=False, code=None, timed_out=True, seconds=2.0),
    ],
)
def test_it_is_told_from_its_beginning_to_its_end_and_the_end_is_handed_back(result: HookResult) -> None:
    hook = RunHook(point=HookPoint.BEFORE_TERMINATE, instance=ID, attempt=2)
    _, told, ends = sent(hook, result)
    which = {"group": "web", "instance": ID, "point": "before-terminate"}
    assert told.events == [
        HookStarted(**which, at=1_000.0, attempt=2),
        HookSaid(**which, at=1_000.0, line="a line"),
        HookEnded(**which, at=1_002.0, ok=result.ok, code=result.code, seconds=2.0, said=result.said),
    ]
    assert told.times == [0.0, 0.0, 2.0]
    assert ends == [
        HookOutcome(
            point=HookPoint.BEFORE_TERMINATE, instance=ID, ok=result.ok, code=result.code,
            timed_out=result.timed_out, said=result.said,
        )
    ]  # fmt: skip


def test_a_command_that_was_never_given_is_a_fault_and_nothing_is_told_of_it() -> None:
    told = Told()

    async def story() -> None:
        async with anyio.create_task_group() as tasks:
            hook_tasks = HookTasks(tasks, RolloutSpec(), Runner(HookResult(ok=True)), told, lambda _: None)
            with pytest.raises(BrokenError, match="no up-check command was given"):
                hook_tasks.start("web", RunHook(point=HookPoint.UP_CHECK, instance=ID), 0.0)

    run_virtual(story)
    assert told.events == []
