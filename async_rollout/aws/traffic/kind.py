"""What a kind of traffic source declares of itself: all that the rest of this program ever knows of it.

The defaults are those of a kind that a group names in its own row, that is addressed by instance ids, and that lets go
of an instance when its delay is over.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from async_rollout.aws.calls import Api, Ask, Body, Call
from async_rollout.aws.traffic.health import Health
from async_rollout.core.actions import Registration
from async_rollout.core.observation import Source

Handles = Mapping[str, str]
"""By instance id, what the service calls it, where that is something else."""
NONE: Handles = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerns:
    """What a kind has to say of a group before its first change, a sentence each, with what to do.

    objections: why not to begin. told: what the owner ought to know.
    """

    objections: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    @classmethod
    def of(cls, several: Iterable[Concerns]) -> Concerns:
        """All of them as one, in their order."""
        all = tuple(several)
        return cls(
            objections=tuple(text for one in all for text in one.objections),
            told=tuple(text for one in all for text in one.told),
        )


class Kind(ABC):
    """One kind. `api` says how its service is called, by which request buckets, and what in a 200 is a no.

    reads, changes: the operations that it calls, which a policy has to allow.
    """

    name: ClassVar[str]
    noun: ClassVar[str] = "load balancer"
    """What people call one, before its name."""
    api: ClassVar[Api]
    reads: ClassVar[tuple[str, ...]]
    changes: ClassVar[tuple[str, ...]]
    lists_all: ClassVar[bool] = True
    """Whether its health names every registered instance, asked for or not."""
    meets_booting: ClassVar[bool] = False
    """Whether it may know an instance, and give it work, before that is in service."""
    asks: ClassVar[int] = 1
    """Calls that a look at the health of one source takes."""
    turn: ClassVar[int] = 0
    """Sources of a lower turn are left first, and entered again last; those of the same turn at the same time."""
    discovers: ClassVar[bool] = False
    """Whether its sources are found by asking for them (`discover`), as the group's row does not name them."""
    moves_work: ClassVar[bool] = False
    """Whether it moves work off one that is taken out to others: `Health.unsettled` says what is on its way."""
    by_handle: ClassVar[bool] = False
    """Whether an act addresses an instance by the handle that the last look found (`Health.handles`)."""

    def opened(self) -> Kind:
        """The same for one more cloud: a kind that remembers what it saw begins with nothing."""
        return self

    def owns(self, identifier: str, type: str | None) -> bool:
        """Whether it is one of its sources that a group's row names so.

        type: AWS's word of TrafficSources, None where AWS gave none.
        """
        return False

    async def discover(self, ask: Ask, group: Body) -> Sequence[str]:
        """Ids of a group's sources, as the other methods take them; group: its row as AWS described it.

        Asked by the first look and by each survey. One that was found stays a source of the group, since an empty
        answer may be a gap; that it is no more its `health` says.
        """
        return ()

    async def concerns(self, ask: Ask, group: Body, ids: Sequence[str]) -> Concerns:
        """What stands against a rollout, or beside it. group: its row; ids: of its sources of this kind, or none.

        Asked by each survey, so it may take some calls.
        """
        return Concerns()

    @abstractmethod
    async def describe(self, ask: Ask, ids: Sequence[str]) -> tuple[Source, ...]:
        """What holds of these sources for a whole run; of one that AWS does not find, that it is gone."""

    @abstractmethod
    async def health(self, ask: Ask, id: str, members: Sequence[str]) -> Health | None:
        """How one source sees its instances now. members: the group's instances that may be registered.

        An instance that it has let go of is not among the targets. None: AWS does not find the source.
        """

    @abstractmethod
    def register(self, source: str, registrations: Sequence[Registration], handles: Handles = NONE) -> tuple[Call, ...]:
        """The calls that put instances in. handles: of each, where the kind addresses them by handle."""

    @abstractmethod
    def deregister(
        self, source: str, registrations: Sequence[Registration], handles: Handles = NONE
    ) -> tuple[Call, ...]:
        """The calls that take instances out, or begin to."""

    def source(self, id: str, name: str, **more: Any) -> Source:
        """One of its sources. more: the other fields of Source."""
        of_kind = {"kind": self.name, "noun": self.noun, "turn": self.turn, "moves_work": self.moves_work}
        return Source(id=id, name=name, **{**of_kind, **more})

    @property
    def permissions(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What a policy has to allow: to look, and to change."""
        return tuple(map(self.api.permission, self.reads)), tuple(map(self.api.permission, self.changes))
