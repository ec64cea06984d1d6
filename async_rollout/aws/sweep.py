"""Needs into calls: everything that one look asks, at once, each call shared with whoever asks the same.

The groups of all looks that wait go into one DescribeAutoScalingGroups; each traffic source is asked on its own, so
one that hangs holds up only the groups it belongs to. Nothing of an answer is kept but what does not change.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import anyio

from async_rollout.aws import versions
from async_rollout.aws.calls import Ask, Body, Call, Reply, autoscaling, pages
from async_rollout.aws.facts import Launches, Running, Templates
from async_rollout.aws.faults import CallFailedError
from async_rollout.aws.launching import unresolved
from async_rollout.aws.raw import with_whole_policies
from async_rollout.aws.single_flight import Batch, Flights
from async_rollout.aws.sources import NOTHING, Sources
from async_rollout.aws.survey import activities_of, forecasting, refreshing, survey_of
from async_rollout.aws.throttle import READ, Throttle
from async_rollout.aws.together import Part, together
from async_rollout.aws.translate import Extras, is_marked, observation_of
from async_rollout.core.actions import ROWS, EndOf, Need, Needs
from async_rollout.core.observation import Observation, Survey
from async_rollout.core.tags import PREFIX
from async_rollout.engine.ports import Urgency
from async_rollout.errors import UnknownGroupError

T = TypeVar("T")

NAMES = 50
"""Group names a call takes without saying MaxRecords."""
INSTANCES = 300
"""Instances a call should bring: the reply is parsed in one go on the loop, 0.065 ms each."""
GATHER, GATHER_LONGEST = 0.0115, 1.15
"""Between two sweeps, seconds a group: hundreds of groups out of step still make at most one sweep a second."""
IDLE, IDLE_LONGEST = 0.05, 5.0
"""Who only looks whether the rows have changed waits so many seconds a group for others to go with."""

HEAD = f"{PREFIX}head"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One group as AWS described it. at: AWS's time of the reply."""

    body: Body
    at: float


class Sweep:
    """All reads of one cloud."""

    def __init__(self, throttle: Throttle, flights: Flights, sources: Sources) -> None:
        self._throttle = throttle
        self._flights = flights
        self._sources = sources
        self._sizes: dict[str, int] = {}
        self._widths: dict[str, int] = {}
        self._watched: set[str] = set()
        self._turn = anyio.Lock()  # one answer wakes many: who thinks about it does so in a turn of the loop of his own
        self._bodies: dict[str, Body] = {}
        self._rows: Batch[str, Row] = Batch(flights, self._fetch, split=self._split, window=self.window)
        self._launches = Launches(throttle.ask, flights)
        self._running = Running(throttle.ask, flights)
        self._templates = Templates(throttle.ask, flights)

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency) -> tuple[Row, Observation]:
        """The group as it is now and all that the needs name, asked at once.

        Raises UnknownGroupError when AWS's answer lacks it.
        """
        self._watched.add(group)
        if urgency is not Urgency.STOP and (Need.TARGETS not in needs or Need.SURVEY in needs):
            urgency = Urgency.PATIENT
        ask = self._asker(group, after, urgency)
        guess = self._bodies.get(group)
        facts = Part(partial(self._facts, ask, group, needs, hurry=urgency is Urgency.STOP or needs != ROWS))
        known = guess or NOTHING
        early = Part(partial(self._sources.health, ask, known, needs), asks=bool(self._sources.wanted(known, needs)))
        try:
            await together(facts, early)
        except CallFailedError:
            self._bodies.pop(group, None)  # a source may be the group's no more: the next look reads first which are
            raise
        row, extras = facts.value
        self._bodies[group] = row.body
        health = await self._sources.rest(ask, guess, row.body, early.value, needs)
        async with self._turn:
            return row, observation_of(row.body, row.at, replace(extras, health=health))

    async def glance(self, group: str) -> Observation:
        """The group's row alone. Raises UnknownGroupError when AWS's answer lacks it."""
        row = await self._row(group, hurry=True)
        return observation_of(row.body, row.at, Extras())

    async def _row(self, group: str, *, hurry: bool) -> Row:
        found = await self._rows.ask([group], 0.0 if hurry else self._idle()) if group else {}
        if group not in found:
            self._bodies.pop(group, None)
            raise UnknownGroupError(f"no Auto Scaling group is named {group!r} in this account and region")
        return found[group]

    async def _facts(self, ask: Ask, group: str, needs: Needs, *, hurry: bool) -> tuple[Row, Extras]:
        """The row, and what the rows of its instances and sources lead to."""
        row = await self._row(group, hurry=hurry)
        rows = row.body.get("Instances", ())
        ids = [member["InstanceId"] for member in rows]
        booting = {member["InstanceId"] for member in rows if member.get("LifecycleState", "").startswith("Pending")}
        marked = [member["InstanceId"] for member in rows if is_marked(member)]
        aliases = sorted(unresolved(row.body))
        launches = Part(partial(self._launches.of, ids, booting), asks=self._launches.asks(ids, booting))
        left = [need.instance for need in needs if isinstance(need, EndOf)]
        running = Part(partial(self._running.of, (*marked, *left)), asks=self._running.asks((*marked, *left)))
        templates = Part(partial(self._templates.of, aliases), asks=self._templates.asks(aliases))
        sources = Part(partial(self._sources.told, ask, row.body, needs), asks=self._sources.asks(row.body, needs))
        survey = _part(survey_of, ask, group, needed=Need.SURVEY in needs)
        activities = _part(activities_of, ask, group, needed=Need.ACTIVITIES in needs)
        refresh = _part(refreshing, ask, group, needed=Need.REFRESH in needs)
        policies = _part(forecasting, ask, group, needed=Need.POLICIES in needs)
        wanted = versions.asked(needs)
        named = Part(partial(versions.versions_of, ask, row.body, wanted), asks=bool(wanted))
        await together(launches, running, templates, sources, survey, activities, refresh, policies, named)
        extras = Extras(
            sources=sources.value,
            launches=launches.value,
            down=running.value,
            left=tuple(left),
            templates=templates.value,
            survey=survey.value and await self._concerned(ask, row.body, survey.value),
            activities=activities.value,
            refresh=refresh.value,
            traits=policies.value or frozenset(),
            versions=named.value,
        )
        return row, extras

    async def _concerned(self, ask: Ask, body: Body, survey: Survey) -> Survey:
        """With what the traffic sources have to say, once it is known which there are."""
        concerns = await self._sources.concerns(ask, body)
        return replace(survey, objections=concerns.objections, told=concerns.told)

    async def under_way(self) -> tuple[str, ...]:
        """Names of all groups that hold a record of ours."""
        return await self._names(
            autoscaling("DescribeAutoScalingGroups", Filters=[{"Name": "tag-key", "Values": [HEAD]}])
        )

    async def names(self) -> tuple[str, ...]:
        """Names of all groups there are."""
        return await self._names(autoscaling("DescribeAutoScalingGroups", MaxRecords=100))

    async def _names(self, call: Call) -> tuple[str, ...]:
        replies = await pages(self._throttle.ask, call)
        return tuple(sorted(row["AutoScalingGroupName"] for page in replies for row in page.body["AutoScalingGroups"]))

    def _asker(self, group: str, after: float, urgency: Urgency) -> Ask:
        """Reads for one look: shared with those who ask the same, if that was sent at or after `after`."""

        async def ask(call: Call) -> Reply:
            whose = replace(call, group=group, urgency=urgency)
            return await self._flights.share(call.key, after, partial(self._throttle.ask, whose, READ))

        return ask

    def _idle(self) -> float:
        return min(IDLE_LONGEST, IDLE * len(self._watched))

    def widths(self) -> Collection[int]:
        """Of each group that was seen, how many calls a look at it makes at the most that draw from one bucket."""
        return self._widths.values()

    def window(self) -> float:
        """Seconds in which calls of several groups are gathered: none for one, and never long."""
        return min(GATHER_LONGEST, GATHER * len(self._watched))

    def _split(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        """Chunks by names and by the instances that were there the last time."""
        cut: list[list[str]] = [[]]
        held = 0
        for name in names:
            size = self._sizes.get(name, 1)
            if cut[-1] and (len(cut[-1]) == NAMES or held + size > INSTANCES):
                cut.append([])
                held = 0
            cut[-1].append(name)
            held += size
        return [tuple(chunk) for chunk in cut if chunk]

    async def _fetch(self, names: tuple[str, ...]) -> Mapping[str, Row]:
        group = names[0] if len(names) == 1 else ""
        call = replace(autoscaling("DescribeAutoScalingGroups", AutoScalingGroupNames=list(names)), group=group)
        replies = await pages(self._throttle.ask, call)
        rows = {
            body["AutoScalingGroupName"]: Row(body=with_whole_policies(reply.body, body), at=reply.at)
            for reply in replies
            for body in reply.body.get("AutoScalingGroups", ())
        }
        self._widths |= {name: self._sources.width(row.body) for name, row in rows.items()}
        self._sizes |= {name: len(row.body.get("Instances", ())) for name, row in rows.items()}
        return rows


def _part(question: Callable[[Ask, str], Awaitable[T]], ask: Ask, group: str, *, needed: bool) -> Part[T | None]:
    """What is asked of the group where the needs name it, else None."""

    async def answered() -> T | None:
        return await question(ask, group) if needed else None

    return Part(answered, asks=needed)
