"""One group's looks: each young enough to be acted on, and patience while AWS cannot be seen.

Blind for long, alarms and schedules are let run; blind beyond the limits, the rollout ends with its record standing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from async_rollout.core.actions import ROWS, Needs, Outcome, Verdict
from async_rollout.core.events import Event, Warned
from async_rollout.core.observation import Observation
from async_rollout.core.policy import GROUP_GONE, OLDEST_LOOK
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.clocks import Clocks
from async_rollout.engine.parting import BLIND_FOR, InVain, Note, blind_end, gone_end, let_live
from async_rollout.engine.ports import GroupCloud, Urgency
from async_rollout.errors import CredentialsError, UnknownGroupError, UnseenError

FIRST_LOOK = 120.0
"""So long the first look is tried for; later the limits hold."""
LONGEST_PAUSE = 30.0
"""Seconds between two looks that fail, at the most."""
AGAIN = 0.5
"""Stopping, so many seconds pass before what did not come through is tried again: as a throttled call's first pause."""


class Lookout:
    """say: takes what is to be told; note: what was done while blind; pause: waits so long, or till more happens."""

    def __init__(
        self, cloud: GroupCloud, group: str, spec: RolloutSpec, clocks: Clocks,
        *, say: Callable[[Event], None], pause: Callable[[float], Awaitable[None]], note: Note,
    ) -> None:  # fmt: skip
        self._cloud, self._group, self._spec, self._clocks = cloud, group, spec, clocks
        self._say, self._pause, self._note = say, pause, note
        self._asked_at = clocks()
        self._blind, self._gone = InVain(), InVain()
        self._row: Observation | None = None
        self._absent = 0
        self._stopping = False
        self._usual = anyio.CancelScope()

    def stop(self) -> None:
        """From now on the group's own row is enough, and at once: a look under way is given up for it."""
        self._stopping = True
        self._usual.cancel()

    def young(self) -> bool:
        """Whether the last look may still be acted on."""
        return self._clocks().since(self._asked_at) <= OLDEST_LOOK

    async def let_live(self, run: str) -> Observation | None:
        """Alarms and schedules run, if this run's record stands; the newest row, None if none was ever seen so."""
        self._asked_at = self._clocks()
        self._row = await let_live(self._cloud, self._group, run, self._note, self.young) or self._row
        return self._row

    async def look(self, needs: Needs, after: float, before: Snapshot | None) -> Observation | Verdict:
        """One observation; blind, it tries again with more patience each time, as long as the limits allow."""
        delay = self._spec.interval
        while True:
            try:
                observation = await self._fresh(needs, after)
            except UnknownGroupError as gone:
                if end := await self._vanished(gone, before):
                    return end
            except (CredentialsError, UnseenError) as error:
                code = 4 if isinstance(error, CredentialsError) else 1
                if end := await self._unseen(str(error), code, before):
                    return end
            else:
                self._blind.tried(well=True)
                self._gone.tried(well=True)
                self._absent, self._row = 0, None
                return observation
            await self._pause(AGAIN if self._stopping else delay)
            delay = min(2 * delay, LONGEST_PAUSE)

    async def _fresh(self, needs: Needs, after: float) -> Observation:
        """A look that may be acted on. A process that was stopped in the middle of one must look again."""
        observation = None if self._stopping else await self._unless_stopped(needs, after)
        if observation is None:
            self._asked_at = self._clocks()
            observation = await self._cloud.look(self._group, ROWS, after, Urgency.STOP)
        if not self.young():
            raise UnseenError(f"the answer took longer than {OLDEST_LOOK:.0f} s, too long to act on it")
        return observation

    async def _unless_stopped(self, needs: Needs, after: float) -> Observation | None:
        self._asked_at = self._clocks()
        with anyio.CancelScope() as self._usual:
            return await self._cloud.look(self._group, needs, after)
        return None

    async def _vanished(self, gone: UnknownGroupError, before: Snapshot | None) -> Verdict | None:
        """Later an answer or two without the group may be empty pages, or as many as answers are stale for.

        Before it is given up it is asked for once more, and let live if it is there.
        """
        if before is None:
            return Verdict(outcome=Outcome.REFUSED, code=3, why=str(gone))
        self._absent, seconds = self._absent + 1, self._gone.tried()
        if not GROUP_GONE.reached(looks=self._absent, seconds=seconds):
            return None
        self._row = None
        if before.belief.journal is not None and await self.let_live(before.belief.me.run) is not None:
            return None  # it is there
        return gone_end(str(gone), before.observation)

    async def _unseen(self, why: str, code: int, before: Snapshot | None) -> Verdict | None:
        """Without any look yet there is nothing to wait for; later the record waits with us."""
        seconds = self._blind.tried()
        at = before.observation.at if before else 0.0
        self._say(Warned(group=self._group, at=at, text=f"AWS cannot be seen: {why}"))
        if before is None and (code == 4 or seconds > FIRST_LOOK):
            return Verdict(outcome=Outcome.REFUSED, code=4 if code == 4 else 3, why=why)
        if before is not None and before.belief.journal and seconds > BLIND_FOR:
            await self.let_live(before.belief.me.run)
        if seconds > self._spec.limits.credentials:
            return blind_end(why, code, self._row or (before.observation if before else None))
        return None
