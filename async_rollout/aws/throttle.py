"""The one way out: draws from AWS's request buckets, limits each call in time, repeats what may be repeated.

Nobody else retries (botocore's own retries are off). How long and at what a call is repeated is its `Patience`:
reads at anything that passes, acts only where the call was certainly not done.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import anyio

from async_rollout.aws.calls import Body, Call, Reply
from async_rollout.aws.clock import AwsClock
from async_rollout.aws.faults import CallFailedError, Fault, FaultKind, fault_of
from async_rollout.core.events import Throttled
from async_rollout.engine.ports import Tell

Send = Callable[[Call], Awaitable[Body]]
"""Puts one call on the wire, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """at: faults to repeat at. each: limit of one attempt, total: of all, seconds. attempts: at the most."""

    at: frozenset[FaultKind]
    each: float
    total: float
    attempts: int = 6


PASSING = frozenset({FaultKind.BUSY, FaultKind.UNSENT, FaultKind.CONTENDED, FaultKind.LOST})
READ = Patience(at=PASSING, each=15.0, total=40.0)
SAME = Patience(at=PASSING, each=10.0, total=20.0)
"""An act that says how a thing shall be, and of which only the last word counts: done twice is done once."""
SIZE = Patience(at=PASSING - {FaultKind.LOST}, each=20.0, total=20.0)
"""An absolute size. A lost answer is not repeated: seconds later the same size may undo somebody's change."""
ONCE = Patience(at=frozenset({FaultKind.BUSY, FaultKind.UNSENT}), each=20.0, total=20.0)
"""The relative act: nothing is sent again that could have been done."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0

RATES = {
    "autoscaling": (40.0, 10.0),
    "elbv2 reads": (40.0, 10.0),
    "elb reads": (40.0, 10.0),
    "elbv2 writes": (20.0, 4.0),
    "elb writes": (20.0, 4.0),
    "ec2": (100.0, 20.0),
    "sts": (100.0, 20.0),
}
"""Burst and refill a second. ELB, EC2: AWS's guides on request throttling. Auto Scaling publishes none: as ELB's."""


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


class Bucket:
    """A token bucket. Who comes first is served first; a wait that is cancelled gives its token back.

    It slows down when AWS throttles, since then others draw more than was thought, and comes back by and by.
    """

    def __init__(self, burst: float, refill: float) -> None:
        self._burst = self._tokens = burst
        self._refill = refill
        self._pace = 1.0
        self._at: float | None = None
        self._patient = anyio.Lock()

    async def draw(self, *, patient: bool = False) -> None:
        """Take one token, waiting for it if need be; patient: only what is left over, for a while."""
        if patient:
            await self._let_others_go()
        self._fill()
        self._tokens -= 1
        if self._tokens >= 0:
            return
        try:
            await anyio.sleep(-self._tokens / (self._refill * self._pace))
        except anyio.get_cancelled_exc_class():
            self._tokens += 1
            raise

    def drain(self) -> None:
        """AWS says it is empty: others draw from it too."""
        self._fill()
        self._tokens = min(self._tokens, 0.0)
        self._pace = max(0.1, self._pace * SLOWED)

    async def _let_others_go(self) -> None:
        with anyio.move_on_after(PATIENCE):
            async with self._patient:
                while (short := self._short()) > 0:  # noqa: ASYNC110 - others draw meanwhile
                    await anyio.sleep(short / (self._refill * self._pace))

    def _short(self) -> float:
        """Tokens that lack until a patient one may draw; what rounding leaves is none."""
        self._fill()
        short = 1 + SPARE * self._burst - self._tokens
        return short if short > 1e-6 else 0.0

    def _fill(self) -> None:
        now = anyio.current_time()
        if self._at is not None:
            passed = now - self._at
            self._tokens = min(self._burst, self._tokens + passed * self._refill * self._pace)
            self._pace = min(1.0, self._pace + passed * RECOVERY)
        self._at = now


def bucket_name(call: Call) -> str:
    """Which of AWS's buckets a call draws from."""
    if call.service in ("elb", "elbv2"):
        return f"{call.service} {'reads' if call.reads else 'writes'}"
    return call.service


def _passes(fault: Fault) -> bool:
    """This attempt was surely not done; where one before it brought no answer, that one may have been."""
    return fault.kind in (FaultKind.BUSY, FaultKind.UNSENT, FaultKind.CONTENDED)


class Throttle:
    """See the module's docstring. `calls` counts what was sent, by operation, repeats included."""

    def __init__(
        self,
        send: Send,
        *,
        clock: AwsClock,
        tell: Tell | None = None,
        jitter: Callable[[], float] = random.random,
        share: float = SHARE,
    ) -> None:
        self.calls: Counter[str] = Counter()
        self._send = send
        self._clock = clock
        self._tell = tell
        self._jitter = jitter
        self._buckets = {
            name: Bucket(share * HEADROOM * burst, share * HEADROOM * refill) for name, (burst, refill) in RATES.items()
        }

    async def ask(self, call: Call, patience: Patience = READ) -> Reply:
        """The answer to one call. Raises CallFailedError with the last fault."""
        bucket = self._buckets[bucket_name(call)]
        await bucket.draw(patient=call.patient)
        ends, lost = anyio.current_time() + patience.total, False
        for attempt in range(1, patience.attempts + 1):
            answer = await self._attempt(call, min(patience.each, max(1.0, ends - anyio.current_time())))
            if isinstance(answer, Reply):
                return answer
            if answer.kind is FaultKind.BUSY:
                bucket.drain()
            pause = self._pause(attempt)
            lost = lost or answer.kind is FaultKind.LOST
            if answer.kind not in patience.at or attempt == patience.attempts or anyio.current_time() + pause >= ends:
                raise CallFailedError(
                    call, replace(answer, kind=FaultKind.LOST) if lost and _passes(answer) else answer
                )
            self._say(call, answer, pause)
            await anyio.sleep(pause)
            await bucket.draw()
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _attempt(self, call: Call, limit: float) -> Reply | Fault:
        self.calls[call.operation] += 1
        try:
            with anyio.fail_after(limit):
                body = await self._send(call)
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            return fault
        return Reply(body=body, at=self._clock.read(body))

    def _pause(self, attempt: int) -> float:
        """Doubling, capped, and half of it random, so that many do not come back at once."""
        longest: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))
        return longest * (0.5 + 0.5 * self._jitter())

    def _say(self, call: Call, fault: Fault, pause: float) -> None:
        if self._tell is None:
            return
        why = f"{fault.code}: {fault.message}"
        event = Throttled(group=call.group, at=self._clock.now(), call=call.operation, why=why, again_in=pause)
        with suppress(Exception):  # a listener's fault is the engine's to name; it must not break a call
            self._tell(event)
