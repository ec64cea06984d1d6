"""What one group has told so far: nothing is told twice, and its end knows the numbers."""

from __future__ import annotations

import anyio

from async_rollout.core.actions import Verdict, Wait
from async_rollout.core.events import Event, NewcomerFailed, Replaced, RolloutStarted, StageChanged, Waiting
from async_rollout.core.outcomes import HookOutcome
from async_rollout.core.spec import HookPoint
from async_rollout.core.standby import kept_aside
from async_rollout.engine.ports import Tell
from async_rollout.engine.result import GroupResult, quoted

OBJECTED = "a guard held it back: "
"""How the warning begins that tells of an act which a law forbids."""
TELL_AGAIN = 30.0
"""Seconds: what is waited for is told when it changes, and so often."""


class Told:
    """replaced: ids of the old instances that are gone; replaced_before: how many were gone when this run began.

    failed: ids of new ones that counted as failed; parked: of whom is put aside in Standby.
    """

    def __init__(self, group: str, tell: Tell) -> None:
        self._group, self._tell = group, tell
        self._waits: tuple[tuple[str, ...], float] = ((), -TELL_AGAIN)
        self._total = self.replaced_before = 0
        self.replaced: list[str] = []
        self.failed: list[str] = []
        self.parked: tuple[str, ...] = ()
        self._commands: dict[tuple[HookPoint, str], HookOutcome] = {}

    @property
    def total(self) -> int:
        """How many there were to replace when the first run began, as far as that is known."""
        return max(self._total, self.replaced_before + len(self.replaced))

    def say(self, event: Event) -> None:
        """Tell one event. That an instance is replaced is seen again: what ends a departure is written late."""
        match event:
            case Replaced(instance=id) if id in self.replaced:
                return
            case Replaced(instance=id):
                self.replaced.append(id)
            case NewcomerFailed(instance=id):
                self.failed.append(id)
            case StageChanged(instance=id, stage=stage):
                self.parked = kept_aside(self.parked, id, stage)
            case RolloutStarted(total=total, replaced_before=before):
                self._total, self.replaced_before = total, before
        self._tell(event)

    def command(self, outcome: HookOutcome) -> None:
        """Keep how a command ended: what it said is told at the end, when its instance may be long gone."""
        self._commands[outcome.point, outcome.instance] = outcome

    def result(self, verdict: Verdict, *, missed: tuple[str, ...], seconds: float) -> GroupResult:
        """Its end. missed: scheduled actions that fell into the run; seconds: how long it took."""
        return GroupResult(
            group=self._group,
            verdict=quoted(verdict, self._commands.values()),
            replaced=tuple(self.replaced),
            total=self.total,
            replaced_before=self.replaced_before,
            missed=missed,
            seconds=seconds,
            failed=tuple(self.failed),
            parked=self.parked,
        )

    def waits(self, at: float, waits: tuple[Wait, ...]) -> None:
        """Tell what is waited for, where it is something else than before, or was told long ago. at: AWS's time."""
        key, now = tuple(wait.on + wait.why for wait in waits), anyio.current_time()
        if waits and (key != self._waits[0] or now - self._waits[1] >= TELL_AGAIN):
            self.say(Waiting(group=self._group, at=at, waits=waits))
            self._waits = (key, now)
