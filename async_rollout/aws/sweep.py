"""Needs into calls: everything that one look asks, at once, each call shared with whoever asks the same.

The groups of all looks that wait go into one DescribeAutoScalingGroups; each traffic source is asked on its own, so
one that hangs holds up only the groups it belongs to. Nothing of an answer is kept but what does not change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from async_rollout.aws.calls import Ask, Body, Call, Reply, autoscaling, pages
from async_rollout.aws.facts import Launches, Templates
from async_rollout.aws.flights import Batch, Flights
from async_rollout.aws.launching import unresolved
from async_rollout.aws.survey import activities_of, survey_of
from async_rollout.aws.throttle import READ, Throttle
from async_rollout.aws.together import Part, together
from async_rollout.aws.traffic import KINDS, Kind, Named, named
from async_rollout.aws.traffic.health import Health
from async_rollout.aws.translate import Beside, sight_of
from async_rollout.core.actions import Need
from async_rollout.core.sight import Activity, Sight, Source, Survey
from async_rollout.core.tags import PREFIX
from async_rollout.errors import UnknownGroupError

NAMES = 50
"""Group names a call takes without saying MaxRecords."""
INSTANCES = 300
"""Instances a call should bring: the reply is parsed in one go on the loop, 0.065 ms each."""
GATHER, GATHER_LONGEST = 0.05, 1.0
"""Between two sweeps, seconds a group: hundreds of groups out of step still make at most one sweep a second."""

HEAD = f"{PREFIX}head"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One group as AWS described it. at: AWS's time of the reply."""

    body: Body
    at: float


class Sweep:
    """All reads of one cloud."""

    def __init__(self, throttle: Throttle, flights: Flights) -> None:
        self._throttle = throttle
        self._flights = flights
        self._sizes: dict[str, int] = {}
        self._described: dict[str, Source] = {}
        self._rows: Batch[str, Row] = Batch(flights, self._fetch, split=self._split, window=self._window)
        self._launches = Launches(throttle.ask, flights)
        self._templates = Templates(throttle.ask, flights)

    async def row(self, group: str) -> Row:
        """The group as it is now. Raises UnknownGroupError when AWS's answer lacks it."""
        found = await self._rows.ask([group]) if group else {}
        if group not in found:
            raise UnknownGroupError(f"no Auto Scaling group is named {group!r} in this account and region")
        return found[group]

    async def sight(self, row: Row, needs: frozenset[Need], after: float) -> Sight:
        """All else that the needs name, asked at once."""
        group = str(row.body["AutoScalingGroupName"])
        ask = self._asker(group, after)
        ids = [one["InstanceId"] for one in row.body.get("Instances", ())]
        launches = Part(partial(self._launches.of, ids))
        templates = Part(partial(self._templates.of, sorted(unresolved(row.body))))
        sources = Part(partial(self._sources, ask, named(row.body)))
        health = Part(partial(_health, ask, row.body, needed=Need.TARGETS in needs))
        survey = Part(partial(_survey, ask, group, needed=Need.SURVEY in needs))
        activities = Part(partial(_activities, ask, group, needed=Need.ACTIVITIES in needs))
        await together(launches, templates, sources, health, survey, activities)
        beside = Beside(
            sources=sources.value,
            health=health.value,
            launches=launches.value,
            templates=templates.value,
            survey=survey.value,
            activities=activities.value,
        )
        return sight_of(row.body, row.at, beside)

    async def under_way(self) -> tuple[str, ...]:
        """Names of all groups that hold a record of ours."""
        call = autoscaling("DescribeAutoScalingGroups", Filters=[{"Name": "tag-key", "Values": [HEAD]}])
        replies = await pages(self._throttle.ask, call)
        return tuple(sorted(row["AutoScalingGroupName"] for page in replies for row in page.body["AutoScalingGroups"]))

    def _asker(self, group: str, after: float) -> Ask:
        """Reads for one look: shared with those who ask the same, if that was sent at or after `after`."""

        async def ask(call: Call) -> Reply:
            whose = replace(call, group=group)
            return await self._flights.share(call.key, after, partial(self._throttle.ask, whose, READ))

        return ask

    async def _sources(self, ask: Ask, wanted: Sequence[Named]) -> tuple[Source, ...]:
        """What holds of each source, asked once; which sources there are is read anew each time."""
        new = {kind: [one.id for one in wanted if one.kind is kind and one.id not in self._described] for kind in KINDS}
        parts = [Part(partial(kind.describe, ask, ids)) for kind, ids in new.items() if ids]
        await together(*parts)
        self._described |= {source.id: source for part in parts for source in part.value}
        return tuple(self._described[one.id] for one in wanted if one.kind is not None)

    def _window(self) -> float:
        return min(GATHER_LONGEST, GATHER * len(self._sizes))

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
            one["AutoScalingGroupName"]: Row(body=one, at=reply.at)
            for reply in replies
            for one in reply.body.get("AutoScalingGroups", ())
        }
        self._sizes |= {name: len(row.body.get("Instances", ())) for name, row in rows.items()}
        return rows


def _registrable(body: Body) -> list[str]:
    """Members that a load balancer can know: not those that boot (unknown to it as yet) or are gone."""
    rows = body.get("Instances", ())
    return [
        one["InstanceId"] for one in rows if not one.get("LifecycleState", "").startswith(("Pending", "Terminated"))
    ]


async def _health(ask: Ask, body: Body, *, needed: bool) -> dict[str, Health]:
    if not needed:
        return {}
    members = _registrable(body)
    sources: list[tuple[str, Kind]] = [(one.id, one.kind) for one in named(body) if one.kind is not None]
    parts = {id: Part(partial(kind.health, ask, id, members)) for id, kind in sources}
    await together(*parts.values())
    return {id: part.value for id, part in parts.items()}


async def _survey(ask: Ask, group: str, *, needed: bool) -> Survey | None:
    return await survey_of(ask, group) if needed else None


async def _activities(ask: Ask, group: str, *, needed: bool) -> tuple[Activity, ...] | None:
    return await activities_of(ask, group) if needed else None
