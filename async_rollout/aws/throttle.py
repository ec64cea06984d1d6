"""The one way out: draws from AWS's request buckets, limits each call in time, repeats what may be repeated.

An act is sent only while what it rests on is young, which is asked after the wait for a turn and after each pause.
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

from async_rollout.aws.bucket import HEADROOM, SHARE, Bucket
from async_rollout.aws.calls import AUTOSCALING, Body, Call, Rate, Reply
from async_rollout.aws.clock import AwsClock
from async_rollout.aws.faults import CallFailedError, Fault, FaultKind, fault_in, fault_of
from async_rollout.core.events import Throttled
from async_rollout.core.policy import SOON
from async_rollout.engine.clocks import Young
from async_rollout.engine.ports import Tell, Urgency

Send = Callable[[Call], Awaitable[Body]]
"""Puts one call on the wire, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """at: faults to repeat at. each: limit of one attempt, total: of all, seconds. attempts: at the most.

    doubts: after an attempt without an answer, no later no says that nothing was done.
    """

    at: frozenset[FaultKind]
    each: float
    total: float
    attempts: int = 6
    doubts: bool = False


PASSING = frozenset({FaultKind.BUSY, FaultKind.UNSENT, FaultKind.CONTENDED, FaultKind.LOST})
READ = Patience(at=PASSING, each=15.0, total=40.0)
SAME = Patience(at=PASSING, each=10.0, total=20.0)
"""An act that says how a thing shall be, and of which only the last word counts: done twice is done once."""
SIZE = Patience(at=PASSING - {FaultKind.LOST}, each=20.0, total=20.0)
"""An absolute size. A lost answer is not repeated: seconds later the same size may undo somebody's change."""
ONCE = Patience(at=frozenset({FaultKind.BUSY, FaultKind.UNSENT}), each=20.0, total=20.0)
"""The relative act: nothing is sent again that could have been done."""

CROWDED = SOON / 4
"""Seconds that a call waits for its turn where more groups are under way than the buckets carry. Measured with 200
groups of ten on half of them: at SOON itself a group takes 1.35 of its path, at a quarter of it 1.16, and all together
no longer."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0


TOO_LATE = Fault(kind=FaultKind.LATE, code="TooLate", message="what it rests on was too old when its turn came")


def _passes(fault: Fault) -> bool:
    """This attempt was surely not done; where one before it brought no answer, that one may have been."""
    return fault.kind in (FaultKind.BUSY, FaultKind.UNSENT, FaultKind.CONTENDED)


async def _turn(bucket: Bucket, urgency: Urgency, young: Young) -> bool:
    """Wait for it; False: what the call rests on is too old by now, and its token is another's."""
    await bucket.draw(urgency)
    if young():
        return True
    bucket.give_back()
    return False


class Throttle:
    """See the module's docstring. `calls` counts what was sent, by operation, repeats included.

    crowded_at: when a call that could not wait had waited for its turn so long that there are too many of them.
    """

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
        self.crowded_at = float("-inf")
        self._share = share
        self._buckets: dict[Rate, Bucket] = {}
        self._bucket(AUTOSCALING.rate("DescribeAutoScalingGroups"))  # there is no look without it

    def _bucket(self, rate: Rate) -> Bucket:
        """Made when it is first drawn from: which there are the calls say."""
        if rate not in self._buckets:
            self._buckets[rate] = Bucket(HEADROOM * rate.burst, HEADROOM * rate.refill, self._share)
        return self._buckets[rate]

    @property
    def slowest(self) -> float:
        """Calls a second that those buckets give which every group under way draws from."""
        return min(bucket.rate for rate, bucket in self._buckets.items() if rate.watched)

    @property
    def wait(self) -> float:
        """Seconds until all that waits now has gone."""
        return max(bucket.wait for bucket in self._buckets.values())

    async def ask(self, call: Call, patience: Patience = READ) -> Reply:
        """The answer to one call. Raises CallFailedError with the last fault; LATE where no attempt was made."""
        bucket = self._bucket(call.rate)
        came = anyio.current_time()
        may = await _turn(bucket, call.urgency, call.young)
        if call.urgency is not Urgency.PATIENT and anyio.current_time() - came > CROWDED:
            self.crowded_at = anyio.current_time()
        if not may:
            raise CallFailedError(call, TOO_LATE)
        ends, lost = anyio.current_time() + patience.total, False
        for attempt in range(1, patience.attempts + 1):
            answer = await self._attempt(call, min(patience.each, max(1.0, ends - anyio.current_time())))
            if isinstance(answer, Reply):
                return answer
            if answer.kind is FaultKind.BUSY:
                bucket.drain()
            pause = self._pause(attempt)
            lost = lost or answer.kind is FaultKind.LOST
            unsure = lost and (patience.doubts or _passes(answer))
            last = CallFailedError(call, replace(answer, kind=FaultKind.LOST) if unsure else answer)
            if answer.kind not in patience.at or attempt == patience.attempts or anyio.current_time() + pause >= ends:
                raise last
            self._say(call, answer, pause)
            await anyio.sleep(pause)
            if not await _turn(bucket, min(call.urgency, Urgency.USUAL), call.young):
                raise last
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
        reply = Reply(body=body, at=self._clock.read(body))
        no = call.api.rejected(call.operation, body)
        return reply if no is None else fault_in(no)

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
