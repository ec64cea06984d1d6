"""The hooks of one rollout, running beside its loop: started, told of, and their end handed back."""

from __future__ import annotations

from collections.abc import Callable

from anyio.abc import TaskGroup

from async_rollout.core.actions import RunHook
from async_rollout.core.events import HookEnded, HookSaid, HookStarted
from async_rollout.core.outcomes import HookOutcome
from async_rollout.core.spec import Hook, HookCall, HookPoint, RolloutSpec
from async_rollout.engine.ports import HookResult, HookRunner, Tell
from async_rollout.errors import BrokenError


class HookTasks:
    """Children of the rollout's task group: they end when it ends. ended: takes each outcome."""

    def __init__(
        self, tasks: TaskGroup, spec: RolloutSpec, runner: HookRunner, tell: Tell, ended: Callable[[HookOutcome], None]
    ) -> None:
        self._tasks, self._spec, self._runner, self._tell, self._ended = tasks, spec, runner, tell, ended

    def start(self, group: str, hook: RunHook, at: float) -> None:
        """Begin one; it runs as long as its limit lets it."""
        point, command = hook.point.value, self._spec.hooks.at(hook.point)
        if command is None:
            raise BrokenError(f"no {point} command was given, and one was about to run for {hook.instance}")
        self._tell(HookStarted(group=group, at=at, instance=hook.instance, point=point, attempt=hook.attempt))
        self._tasks.start_soon(self._run, command, group, hook, at)

    async def _run(self, command: Hook, group: str, hook: RunHook, at: float) -> None:
        point, id = hook.point.value, hook.instance

        def said(line: str) -> None:
            self._tell(HookSaid(group=group, at=at, instance=id, point=point, line=line))

        result = await self._runner.run(command, _call(group, hook), self._limit(hook.point), said)
        self._tell(_told(group, hook, result, at))
        self._ended(_outcome(hook, result))

    def _limit(self, point: HookPoint) -> float:
        limits = self._spec.limits
        return limits.check_attempt if point is HookPoint.UP_CHECK else limits.hook


def _call(group: str, hook: RunHook) -> HookCall:
    return HookCall(
        point=hook.point,
        group=group,
        instance=hook.instance,
        private_ip=hook.private_ip,
        public_ip=hook.public_ip,
        attempt=hook.attempt,
        resumed=hook.resumed,
    )


def _told(group: str, hook: RunHook, result: HookResult, at: float) -> HookEnded:
    return HookEnded(
        group=group,
        at=at + result.seconds,
        instance=hook.instance,
        point=hook.point.value,
        ok=result.ok,
        code=result.code,
        seconds=result.seconds,
        said=result.said,
    )


def _outcome(hook: RunHook, result: HookResult) -> HookOutcome:
    return HookOutcome(
        point=hook.point,
        instance=hook.instance,
        ok=result.ok,
        code=result.code,
        timed_out=result.timed_out,
        said=result.said,
    )
