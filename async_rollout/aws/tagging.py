"""Writing tags: the records of many groups go in one call, as far as they come together.

CreateOrUpdateTags takes tags of any groups. If AWS refuses a call for several, each is asked for alone: what is wrong
with one group is nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from async_rollout.aws.calls import autoscaling
from async_rollout.aws.faults import CallFailedError
from async_rollout.aws.flights import Batch, Flights
from async_rollout.aws.throttle import SAME, Throttle
from async_rollout.engine.ports import Answer, Done, Refused

TAGS_PER_CALL = 25

Rows = Sequence[Mapping[str, object]]
Judge = Callable[[CallFailedError], Answer]


class Tagging:
    """All tags of one cloud. judge: what a failed call means for an act; window: see `flights.Batch`."""

    def __init__(self, throttle: Throttle, flights: Flights, judge: Judge, window: Callable[[], float]) -> None:
        self._throttle, self._judge = throttle, judge
        self._pending: dict[str, Rows] = {}
        self._together: Batch[str, Answer] = Batch(flights, self._fetch, split=self._split, window=window)

    async def put(self, group: str, rows: Rows) -> Answer:
        """Write these tags of one group, at most a call's worth."""
        if group in self._pending:  # a second writer of the same group has rows of his own
            return await self._sent(group, rows)
        self._pending[group] = rows
        try:
            answers = await self._together.ask([group])
        finally:
            self._pending.pop(group, None)
        return answers[group] if group in answers else await self._sent(group, rows)

    def _split(self, groups: Sequence[str]) -> list[tuple[str, ...]]:
        cut: list[list[str]] = [[]]
        for group in groups:
            if sum(len(self._rows(one)) for one in (*cut[-1], group)) > TAGS_PER_CALL:
                cut.append([])
            cut[-1].append(group)
        return [tuple(chunk) for chunk in cut if chunk]

    def _rows(self, group: str) -> Rows:
        return self._pending.get(group, ())

    async def _fetch(self, groups: tuple[str, ...]) -> Mapping[str, Answer]:
        """One call for these; nothing is said of them if AWS refuses several at once."""
        rows = [row for group in groups for row in self._rows(group)]
        answer = await self._sent(groups[0] if len(groups) == 1 else "", rows)
        return {} if isinstance(answer, Refused) and len(groups) > 1 else dict.fromkeys(groups, answer)

    async def _sent(self, group: str, rows: Rows) -> Answer:
        call = autoscaling("CreateOrUpdateTags", Tags=list(rows))
        try:
            await self._throttle.ask(replace(call, group=group), SAME)
        except CallFailedError as failed:
            return self._judge(failed)
        return Done()
