"""What may be lost: streaks of looks, since when a stage holds, how hooks ended, what was sent.

Losing all of it costs a repeated check or a limit begun anew, never a law: what may not be lost stands in the journal.
`recall` folds each look into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from async_rollout.core.actions import Registration
from async_rollout.core.journal import Goal, Journal
from async_rollout.core.observation import Activity, Survey
from async_rollout.core.outcomes import ActOutcome, HookOutcome
from async_rollout.core.policy import GONE, OLD_RECORD
from async_rollout.core.spec import HookPoint
from async_rollout.core.stages import Known, Stage, Streak


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """This conductor. holder: host, boot and process, as the lease names them; intent: what it was started for."""

    run: str
    holder: str
    intent: Goal = Goal.REPLACE


@dataclass(frozen=True, slots=True)
class Ended:
    """The last end of one hook on one instance. tries: how often it has run."""

    outcome: HookOutcome
    at: float
    tries: int


@dataclass(frozen=True, slots=True)
class Since:
    """A stage, since when it holds, and in how many looks it was seen."""

    stage: Stage
    at: float
    looks: int = 1


@dataclass(frozen=True, slots=True)
class Odd:
    """Something unexplained: what, since when, in how many looks in a row."""

    what: str
    at: float
    looks: int = 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act that AWS refuses, in its words: since when, how often in these very words, last when. passing: for now."""

    act: str
    said: str
    at: float
    count: int = 1
    last: float = 0.0
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Launching:
    """The last launch that was asked for and not taken: to which desired capacity, how many. ok as in ActOutcome.

    counted: how many launches the record has that counts it. That record may not have been taken either.
    """

    to: int
    more: int
    ok: bool | None
    counted: int


@dataclass(frozen=True, slots=True)
class Peer:
    """Another's record, the newest version that was read; old answers do not count."""

    record: Journal
    at: float
    looks: int = 1


HookKey = tuple[HookPoint, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """See the module's docstring. Maps are never changed in place.

    health_at: AWS's time of the last look that asked every source. climbs: seconds that the last newcomers took from
    their launch until every source called them healthy. unfit: whom AWS refused to register. lingering: who of the
    departures still drained when every delay was over. shielded: since when who is protected from scale-in. marked: how
    often we marked whom healthy; accused: since when who is marked Unhealthy. tried: the highest serial
    written, perhaps without an answer. refusals: what AWS refuses, by act. launching: the last launch asked for, unless
    AWS took it; counted: launches of the last record that was to be written. unseen: when a look came later than was
    meant, and by how much. unfound: sources that AWS did not find, see `traffic`; shifted: since when a zone is in
    zonal shift.
    """

    me: Me
    began: float = 0.0
    at: float = 0.0
    looks: int = 0
    health_at: float = float("-inf")
    climbs: tuple[float, ...] = ()
    journal: Journal | None = None
    erased: Journal | None = None
    probed: float | None = None
    newest: int = 0
    tried: int = 0
    stale: Odd | None = None
    held: Odd | None = None
    peer: Peer | None = None
    torn: Odd | None = None
    settled: Odd | None = None
    desired: Odd | None = None
    minimum: Odd | None = None
    maximum: Odd | None = None
    hollow: Odd | None = None
    progress: Odd | None = None
    serving_since: Mapping[str, float] = field(default_factory=dict)
    streaks: Mapping[str, Streak] = field(default_factory=dict)
    stages: Mapping[str, Since] = field(default_factory=dict)
    removed: Mapping[str, Odd] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    unlisted: Mapping[str, int] = field(default_factory=dict)
    lingering: frozenset[str] = frozenset()
    proven: frozenset[str] = frozenset()
    running: frozenset[HookKey] = frozenset()
    ended: Mapping[HookKey, Ended] = field(default_factory=dict)
    sent: Mapping[Registration, float] = field(default_factory=dict)
    back: frozenset[Registration] = frozenset()
    unfit: frozenset[str] = frozenset()
    shielded: Mapping[str, float] = field(default_factory=dict)
    marked: Mapping[str, int] = field(default_factory=dict)
    accused: Mapping[str, float] = field(default_factory=dict)
    vanished: Mapping[str, float] = field(default_factory=dict)
    unfound: Mapping[str, Odd] = field(default_factory=dict)
    shifted: Odd | None = None
    survey: Survey | None = None
    scheduled: Mapping[str, float] = field(default_factory=dict)
    activities: tuple[Activity, ...] = ()
    activities_at: float = 0.0
    peak: int = 0
    reached: bool = False
    lowered: int = 0
    rewritten: int = 0
    resuspended: int = 0
    last: ActOutcome | None = None
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    launching: Launching | None = None
    counted: int = 0
    denied: ActOutcome | None = None
    denied_since: float | None = None
    unseen: tuple[tuple[float, float], ...] = ()

    def lost(self, since: float) -> float:
        """Seconds since then in which nobody looked: no limit counts them, since we know nothing of that time."""
        return sum(seconds for at, seconds in self.unseen if at > since)

    @property
    def blinded(self) -> bool:
        """The last look was an old answer and is left out; one that stays old is believed in the end."""
        return self.stale is not None and not OLD_RECORD.holds(self.stale, self.at)

    def known(self, id: str) -> Known:
        """What is remembered of one instance."""
        check = self.ended.get((HookPoint.UP_CHECK, id))
        passed = check is not None and check.outcome.ok
        return Known(self.streaks.get(id, Streak()), passed, id in self.proven)

    def is_gone(self, id: str) -> bool:
        """Whether an instance of a departure was out of sight often enough to be believed gone."""
        return self.missing.get(id, 0) >= GONE.looks

    def is_let_go(self, id: str) -> bool:
        """Whether so many whole looks in a row found an instance of a departure at no source that it is no gap."""
        return self.unlisted.get(id, 0) >= GONE.looks

    def stage(self, id: str) -> Stage | None:
        """The stage an instance was last seen in."""
        return self.stages[id].stage if id in self.stages else None
