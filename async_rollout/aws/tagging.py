"""Writing tags: the records of many groups go in one call, as far as they come together.

CreateOrUpdateTags takes tags of any groups. If AWS refuses a call for several, each is asked for alone: what is wrong
with one group is nobody else's; and whose look has grown too old meanwhile is left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from async_rollout.aws.calls import Call, autoscaling
from async_rollout.aws.faults import CallFailedError
from async_rollout.aws.single_flight import Batch, Flights
from async_rollout.aws.throttle import SAME, Throttle
from async_rollout.aws.way import Way
from async_rollout.engine.ports import Answer, Done, Late, Refused

TAGS_PER_CALL = 25

Rows = Sequence[Mapping[str, object]]
Seat = tuple[Way, Rows]
Judge = Callable[[CallFailedError], Answer]


class Tagging:
    """All tags of one cloud. judge: what a failed call means for an act; window: see `single_flight.Batch`."""

    def __init__(self, throttle: Throttle, flights: Flights, judge: Judge, window: Callable[[], float]) -> None:
        self._throttle, self._judge = throttle, judge
        self._pending: dict[str, Seat] = {}
        self._together: Batch[str, Answer] = Batch(flights, self._fetch, split=self._split, window=window)

    async def put(self, way: Way, rows: Rows) -> Answer:
        """Write these tags of one group, at most a call's worth."""
        group = way.group
        if group in self._pending:  # a second writer of the same group has rows of his own
            return await self._sent(way.of(_call(rows)))
        self._pending[group] = way, rows
        try:
            answers = await self._together.ask([group])
        finally:
            self._pending.pop(group, None)
        return answers[group] if group in answers else await self._sent(way.of(_call(rows)))

    def _split(self, groups: Sequence[str]) -> list[tuple[str, ...]]:
        cut: list[list[str]] = [[]]
        for group in groups:
            if sum(len(rows) for _, rows in self._of((*cut[-1], group))) > TAGS_PER_CALL:
                cut.append([])
            cut[-1].append(group)
        return [tuple(chunk) for chunk in cut if chunk]

    def _of(self, groups: Sequence[str]) -> list[Seat]:
        """Of these the ones that still wait."""
        return [self._pending[group] for group in groups if group in self._pending]

    async def _fetch(self, groups: tuple[str, ...]) -> Mapping[str, Answer]:
        return await self._go(self._of(groups))

    async def _go(self, aboard: Sequence[Seat]) -> Mapping[str, Answer]:
        """One call for these; nothing is said of them if AWS refuses several at once."""
        if len(aboard) <= 1:
            return {way.group: await self._sent(way.of(_call(rows))) for way, rows in aboard}
        call = replace(
            _call([row for _, rows in aboard for row in rows]),
            urgency=min(way.urgency for way, _ in aboard),
            young=lambda: all(map(self._may_go, aboard)),
        )
        answer = await self._sent(call)
        if not isinstance(answer, Late):
            return {} if isinstance(answer, Refused) else {way.group: answer for way, _ in aboard}
        others = [seat for seat in aboard if self._may_go(seat)]
        late: dict[str, Answer] = {way.group: Late() for way, _ in aboard if way not in [other for other, _ in others]}
        return {**late, **(await self._go(others))}

    def _may_go(self, seat: Seat) -> bool:
        """Its look is young, and somebody still waits for the answer."""
        way, _ = seat
        return way.young() and self._pending.get(way.group) is seat

    async def _sent(self, call: Call) -> Answer:
        try:
            await self._throttle.ask(call, SAME)
        except CallFailedError as failed:
            return self._judge(failed)
        return Done()


def _call(rows: Rows) -> Call:
    return autoscaling("CreateOrUpdateTags", Tags=list(rows))
