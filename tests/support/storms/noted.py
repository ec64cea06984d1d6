"""What a witness writes down: deeds of ours with the truth of their moment, and what others want."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from async_rollout.core.journal import Departure, Goal, Journal
from async_rollout.sandbox.records import Group, Instance


class Sizes(NamedTuple):
    """A group's three."""

    minimum: int
    desired: int
    maximum: int


def sizes_of(group: Group) -> Sizes:
    return Sizes(group.minimum, group.desired, group.maximum)


@dataclass(frozen=True, kw_only=True)
class Removal:
    """One instance is taken out of a source, terminated or put into Standby by us.

    record: what stands in the tags at that moment.
    first: it was not out before. out: whom we have taken out so far and not registered back, this one too; going: those
    of them who are still there. held: since when it is registered (or draining) at each source that still lists it.
    unasked: the group names no source.
    """

    at: float
    what: str
    id: str
    actor: str
    instance: Instance
    record: Journal | None
    desired: int
    fresh_served: bool
    outdated: bool
    first: bool
    out: frozenset[str]
    going: frozenset[str]
    held: tuple[float, ...]
    unasked: bool = False

    @property
    def known_ill(self) -> bool:
        """Where there is no source to ask, a mark Unhealthy is all that anybody can know of it."""
        return self.unasked and self.instance.health != "Healthy"

    @property
    def ended(self) -> bool:
        """EC2 has ended it: nobody can take it out any more."""
        return self.instance.ec2 == "terminated"

    @property
    def surplus(self) -> bool:
        """It goes because it is one too many of ours."""
        return self.departure is not None and self.departure.surplus

    @property
    def departure(self) -> Departure | None:
        return self.record.departure(self.id) if self.record else None

    @property
    def goal(self) -> Goal | None:
        return self.record.goal if self.record else None


@dataclass(frozen=True, kw_only=True)
class Sized:
    """We set desired or the maximum. out: in service and in a departure; left: in one, and in service no more; since:
    when each member was launched that desired counts; began: the rollout of our record, epoch seconds."""

    at: float
    actor: str
    what: str
    before: int
    after: int
    maximum: int
    out: int
    left: frozenset[str]
    exist: int
    since: tuple[float, ...]
    began: int


@dataclass(frozen=True, kw_only=True)
class Launched:
    """We asked for a launch that is answered. came: so many instances; record: what stood in the tags then."""

    at: float
    token: str
    zone: str
    count: int
    came: int
    record: Journal | None


@dataclass(frozen=True, kw_only=True)
class Processes:
    """We suspended or resumed."""

    at: float
    actor: str
    resumed: bool
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the owner wants, as far as it can be known: between low and high."""

    at: float
    low: int
    high: int


@dataclass(frozen=True, kw_only=True)
class Head:
    """A record was written, by which run, and whether it replaces all that is older than its cutoff."""

    at: float
    run: str
    replaces: bool
    cutoff: float | None


@dataclass(frozen=True, kw_only=True)
class Word:
    """Somebody else, or a policy or scheduled action, set sizes. record: what stood in the tags then."""

    at: float
    was: Sizes
    now: Sizes
    record: Journal | None

    @property
    def in_flight(self) -> bool:
        """By our record more was asked for than was there: what was set may look like ours, or be written over."""
        return self.record is not None and (self.record.asked > self.was.desired or bool(self.record.open))


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A scheduled action that fell due and did not fire. ours: as we had suspended that."""

    at: float
    name: str
    ours: bool


@dataclass(frozen=True, kw_only=True)
class Fired:
    """A scheduled action that fired. holder: whose record stood then, empty if nobody's; leased: its lease lasted."""

    at: float
    name: str
    holder: str
    leased: bool


@dataclass(frozen=True, kw_only=True)
class CaughtUp:
    """We set all sizes, as scheduled meanwhile. maximum: the owner's of then; low, high: between them was wanted."""

    at: float
    actor: str
    was: Sizes
    now: Sizes
    maximum: int
    low: int
    high: int
    record: Journal | None


@dataclass(kw_only=True)
class Log:
    """All of it, in order. holders: whose record stood in the tags since when; heads: what it said. serving: who served
    since when. takeovers: when whose record was written over, and by which run. departures: whoever was to be taken
    out, by our records. shifted: since when one that is well takes no traffic for a zonal shift, or none does. words,
    lost, fired, caught_up: of those who set sizes.
    """

    removals: list[Removal] = field(default_factory=list)
    sized: list[Sized] = field(default_factory=list)
    launched: list[Launched] = field(default_factory=list)
    processes: list[Processes] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    holders: list[tuple[float, str]] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    takeovers: list[tuple[float, Journal, str]] = field(default_factory=list)
    serving: list[tuple[float, frozenset[str]]] = field(default_factory=list)
    departures: set[str] = field(default_factory=set)
    shifted: list[tuple[float, bool]] = field(default_factory=list)
    suspended: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    sizes: dict[str, int] = field(default_factory=dict)
    own_maximum: int = 0
    maximum_at: float = float("-inf")
    taken: set[str] = field(default_factory=set)
    words: list[Word] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    fired: list[Fired] = field(default_factory=list)
    caught_up: list[CaughtUp] = field(default_factory=list)
    released: list[float] = field(default_factory=list)
    forged: bool = False
    deleted: bool = False
