"""One of AWS's request buckets as a row of ranked waiters: who is more urgent goes first, then who came first.

Of each bucket a share is ours (`SHARE`); what is above it belongs to others in the account, and only a stop takes it.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from math import inf

import anyio

from async_rollout.engine.ports import Urgency

SHARE = 0.5
"""Of each bucket, where nothing else is said: consoles, autoscalers and pipelines draw from it too."""
HEADROOM = 0.97
"""Calls need unequal times to AWS: what was drawn evenly comes unevenly."""
SPARE = 0.25
"""Of our burst: left to those that cannot wait by those that can."""
PATIENCE = 8.0
"""Seconds that a patient call lets others go first."""
SLOWED, RECOVERY = 0.5, 0.05
"""What a throttled answer leaves of our rate, down to a tenth; and how much of it comes back each second."""
ROUNDED = 1e-6
"""Of a token: what rounding leaves lacking is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What a rank may draw. whole: what others have too; leaves: of our burst, so much stays for the other ranks."""

    whole: bool = False
    leaves: float = 0.0


RIGHTS: Mapping[Urgency, Right] = {
    Urgency.STOP: Right(whole=True),
    Urgency.FOLLOWING: Right(),
    Urgency.USUAL: Right(),
    Urgency.PATIENT: Right(leaves=SPARE),
}


@dataclass(slots=True)
class Tank:
    """Tokens that come back by and by."""

    burst: float
    refill: float
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def add(self, tokens: float) -> None:
        self.tokens = min(self.burst, self.tokens + tokens)

    def take(self, most: float) -> float:
        """So many of them, or all there are."""
        taken = min(most, max(0.0, self.tokens))
        self.tokens -= taken
        return taken


def _place(urgency: Urgency, number: int) -> tuple[Urgency, int]:
    return urgency, number


class _Waiter:
    """One call in the row."""

    def __init__(self, urgency: Urgency, number: int) -> None:
        self.place = _place(urgency, number)
        self.urgency = urgency
        self.turn = anyio.Event()


class Bucket:
    """A token bucket. burst, refill: all of it; share: of that, what is ours. A wait that is cancelled takes nothing.

    It slows down when AWS throttles, since then others draw more than was thought, and comes back by and by.
    """

    def __init__(self, burst: float, refill: float, share: float = 1.0) -> None:
        self._ours = Tank(max(1.0, share * burst), share * refill)  # less than one call would be none, for ever
        self._rest = Tank((1 - share) * burst, (1 - share) * refill)
        self._pace = 1.0
        self._at: float | None = None
        self._numbers = count()
        self._row: list[_Waiter] = []

    async def draw(self, urgency: Urgency = Urgency.USUAL) -> None:
        """Take one token when the turn has come."""
        if urgency is Urgency.PATIENT:
            with anyio.move_on_after(PATIENCE) as waiting:
                await self._turn(urgency)
            if not waiting.cancelled_caught:
                return
            urgency = Urgency.USUAL
        await self._turn(urgency)

    @property
    def rate(self) -> float:
        """Tokens a second that are ours now."""
        self._fill()
        return self._ours.refill * self._pace

    @property
    def wait(self) -> float:
        """Seconds until those that wait now have gone."""
        return len(self._row) / self.rate

    def give_back(self) -> None:
        """A token that was drawn and not used."""
        self._fill()
        self._ours.add(1.0)
        self._call_first()

    def drain(self) -> None:
        """AWS says it is empty: others draw from it too."""
        self._fill()
        self._ours.tokens = self._rest.tokens = 0.0
        self._pace = max(0.1, self._pace * SLOWED)

    async def _turn(self, urgency: Urgency) -> None:
        me = _Waiter(urgency, next(self._numbers))
        insort(self._row, me, key=lambda waiting: waiting.place)
        try:
            while (seconds := self._left(me)) > 0:
                with anyio.move_on_after(seconds):
                    await me.turn.wait()
                me.turn = anyio.Event()
            self._take(RIGHTS[urgency])
        finally:
            self._row.remove(me)
            self._call_first()

    def _left(self, me: _Waiter) -> float:
        """Seconds until its token is there; who is not the first waits to be called."""
        if self._row[0] is not me:
            return inf
        self._fill()
        right = RIGHTS[me.urgency]
        tokens = self._ours.tokens + right.whole * self._rest.tokens
        short = min(1 + right.leaves * self._ours.burst, self._ours.burst) - tokens
        refill = self._ours.refill + right.whole * self._rest.refill
        return short / (refill * self._pace) if short > ROUNDED else 0.0

    def _take(self, right: Right) -> None:
        lacks = 1.0 - self._ours.take(1.0)
        if right.whole:
            self._rest.take(lacks)

    def _call_first(self) -> None:
        if self._row:
            self._row[0].turn.set()

    def _fill(self) -> None:
        now = anyio.current_time()
        if self._at is not None:
            passed = now - self._at
            for tank in (self._ours, self._rest):
                tank.add(passed * tank.refill * self._pace)
            self._pace = min(1.0, self._pace + passed * RECOVERY)
        self._at = now
