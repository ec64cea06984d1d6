"""Which traffic sources each group has, what holds of them for a whole run, and how they see its instances now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

from async_rollout.aws.calls import Ask, Body
from async_rollout.aws.moves import Place
from async_rollout.aws.together import Part, together
from async_rollout.aws.traffic import Named, kind_of, named
from async_rollout.aws.traffic.health import Health
from async_rollout.aws.traffic.kind import NONE, Concerns, Handles, Kind
from async_rollout.core.actions import HealthOf, Need, Needs
from async_rollout.core.observation import Source
from async_rollout.errors import BrokenError

Answers = Mapping[str, Health | None]
"""By source; None where AWS does not find it."""
NOTHING: Body = MappingProxyType({})


class Sources:
    """All of one cloud. Each group's row names some; others were found, and stay the group's from then on."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = kinds
        self._described: dict[str, Source] = {}
        self._found: dict[str, dict[str, Kind]] = {}
        self._handles: dict[tuple[str, str], Handles] = {}

    def of(self, body: Body) -> tuple[Named, ...]:
        """The sources of a group as far as they are known. body: its row, empty where it was never read."""
        found = self._found.get(body.get("AutoScalingGroupName", ""), {})
        return (*named(body, self._kinds), *(Named(id=id, kind=kind) for id, kind in found.items()))

    def asks(self, body: Body, needs: Needs) -> bool:
        """Whether `told` has anything to ask."""
        return self._discovers(body, needs) or any(one.id not in self._described for one in self.of(body))

    def _discovers(self, body: Body, needs: Needs) -> bool:
        new = body["AutoScalingGroupName"] not in self._found
        return any(kind.discovers for kind in self._kinds) and (Need.SURVEY in needs or (new and Need.TARGETS in needs))

    async def told(self, ask: Ask, body: Body, needs: Needs) -> tuple[Source, ...]:
        """What holds of each source, asked once; which sources there are is read anew each time.

        Those that the row names are asked for while others are still looked for.
        """
        described = Part(partial(self._describe, ask, self._fresh(body)))
        discovers = self._discovers(body, needs)
        await together(described, *([Part(partial(self._discover, ask, body))] if discovers else []))
        known = self._described | described.value
        if discovers:
            known |= await self._describe(ask, [one for one in self._fresh(body) if one.id not in known])
        return tuple(known[one.id] for one in self.of(body) if one.kind is not None)

    def _fresh(self, body: Body) -> list[Named]:
        return [one for one in self.of(body) if one.kind is not None and one.id not in self._described]

    async def _describe(self, ask: Ask, fresh: Sequence[Named]) -> dict[str, Source]:
        """By id, what holds of sources; what is gone is asked for again."""
        new = {kind: [one.id for one in fresh if one.kind is kind] for kind in self._kinds}
        parts = [Part(partial(kind.describe, ask, ids)) for kind, ids in new.items() if ids]
        await together(*parts)
        told = {source.id: source for part in parts for source in part.value}
        self._described |= {id: source for id, source in told.items() if not source.gone}
        return told

    async def _discover(self, ask: Ask, body: Body) -> None:
        parts = {kind: Part(partial(kind.discover, ask, body)) for kind in self._kinds if kind.discovers}
        await together(*parts.values())
        found = {id: kind for kind, part in parts.items() for id in part.value}
        self._found[body["AutoScalingGroupName"]] = self._found.get(body["AutoScalingGroupName"], {}) | found

    async def concerns(self, ask: Ask, body: Body) -> Concerns:
        """What the kinds have to say of a group before its first change. Of what `told` has found."""
        ids = {kind: [one.id for one in self.of(body) if one.kind is kind] for kind in self._kinds}
        parts = [Part(partial(kind.concerns, ask, body, of_kind)) for kind, of_kind in ids.items()]
        await together(*parts)
        return Concerns.of(part.value for part in parts)

    async def health(self, ask: Ask, body: Body, needs: Needs) -> Answers:
        """Of the sources that the needs name."""
        return await _asked(ask, self.wanted(body, needs), body)

    def wanted(self, body: Body, needs: Needs) -> list[tuple[str, Kind]]:
        """The sources whose health the needs name."""
        sources = [(one.id, one.kind) for one in self.of(body) if one.kind is not None]
        return [one for one in sources if Need.TARGETS in needs or HealthOf(one[0]) in needs]

    async def rest(self, ask: Ask, guess: Body | None, body: Body, early: Answers, needs: Needs) -> Answers:
        """Health was asked beside the row, of the members and sources known before: what that missed is asked now.

        guess: the row known before, None if there was none; early: what was answered.
        """
        left = [one for one in self.wanted(body, needs) if one[0] not in early]
        left += [one for one in self.wanted(body, needs) if one not in left and _missed(one[1], guess, body)]
        late = await _asked(ask, left, body)
        known = {one.id for one in self.of(body)}
        whole = {id: health for id, health in (*early.items(), *late.items()) if id in known}
        self._looked(body["AutoScalingGroupName"], whole)
        return whole

    def _looked(self, group: str, health: Answers) -> None:
        for id, told in health.items():
            if told is None:
                self._described.pop(id, None)  # from now on every look asks whether it is there
            self._handles[group, id] = told.handles if told else NONE

    def place(self, group: str, source: str) -> Place:
        """Where an act goes that is about one of the group's sources. Raises BrokenError for one of no kind."""
        kind = self._found.get(group, {}).get(source) or kind_of(source, kinds=self._kinds)
        if kind is None:
            raise BrokenError(f"traffic source {source} is of no kind that can be changed")
        return Place(kind=kind, handles=self._handles.get((group, source), NONE))

    def width(self, body: Body) -> int:
        """How many calls a look makes at the most that draw from one bucket: each kind has one of its own."""
        kinds = Counter(one.kind for one in self.of(body) if one.kind is not None)
        return max((kind.asks * number for kind, number in kinds.items()), default=0)


def _missed(kind: Kind, guess: Body | None, body: Body) -> bool:
    """Whether it was asked of the members known before, and they are not all of those there are."""
    known = () if guess is None else registrable(guess, kind)
    return not kind.lists_all and not set(known).issuperset(registrable(body, kind))


def registrable(body: Body, kind: Kind) -> list[str]:
    """Members that such a source can know: those that boot it may not know as yet, and nobody knows who is gone."""
    unknown = ("Terminated",) if kind.meets_booting else ("Pending", "Terminated")
    rows = body.get("Instances", ())
    return [one["InstanceId"] for one in rows if not one.get("LifecycleState", "").startswith(unknown)]


async def _asked(ask: Ask, sources: Sequence[tuple[str, Kind]], body: Body) -> Answers:
    parts = {id: Part(partial(kind.health, ask, id, registrable(body, kind))) for id, kind in sources}
    await together(*parts.values())
    return {id: part.value for id, part in parts.items()}
