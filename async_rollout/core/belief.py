"""What may be lost: streaks of looks, since when a stage holds, how hooks ended, what was sent.

Losing all of it costs a repeated check or a limit begun anew, never a law: what may not be lost stands in the journal.
`recall` folds each look into it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from async_rollout.core.activity import Activity
from async_rollout.core.history import UNKNOWN, Ended, History, Odd
from async_rollout.core.journal import Due, Goal, Journal
from async_rollout.core.observation import Observation, Scheduled, Source, Survey
from async_rollout.core.outcomes import ActOutcome
from async_rollout.core.policy import PROTECTED, UNFOUND
from async_rollout.core.restless import Restless
from async_rollout.core.stages import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """This conductor. holder: host, boot and process, as the lease names them; intent: what it was started for.

    rollback: and after that, to roll back.
    """

    run: str
    holder: str
    intent: Goal = Goal.REPLACE
    rollback: bool = False


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
    """The last launch that was asked for and is not to be seen: to which desired capacity, how many. ok: ActOutcome's.

    counted: how many launches the record has that counts it. That record may not have been taken either.
    """

    to: int
    more: int
    ok: bool | None
    counted: int


@dataclass(frozen=True, slots=True)
class LaunchAnswer:
    """What is known of a launch that AWS answers, by its token. at: AWS's time of the last word on it.

    since: of the first. came: how many instances it brought, None while nobody knows. sent: it was sent, so that it may
    have brought some. final: AWS answers it no more.
    """

    at: float
    since: float
    came: int | None = None
    sent: bool = True
    final: bool = False


@dataclass(frozen=True, slots=True)
class Mute:
    """Why AWS answers no launches here, in its words. denied: a permission is missing."""

    said: str
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Peer:
    """Another's record, the newest version that was read; old answers do not count."""

    record: Journal
    at: float
    looks: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """See the module's docstring. Maps are never changed in place.

    histories: one for each instance that is known, by id. blinded: the last look was an old answer, so it is left out;
    stale: since when they are. One that stays old is believed in the end. health_at: AWS's time of the last look that
    asked every source. climbs: seconds that the last newcomers took from their launch until every source called them
    healthy.
    peak: the highest desired capacity asked for, or read before the last look; span: the lowest and the highest read
    since the goal is what it is.
    tried: the highest serial written, perhaps without an answer. refusals: what AWS refuses, by act. launching: the
    last launch asked for, until it shows; counted: launches of the last record that was to be written. answers: of
    launches that AWS answers, by token; launches: the last of them as activities, newest first; dry_since: since when
    none of them has brought any; unrisen: more members are there than desired, and a launch is open; mute: why AWS
    answers none any more. failed_before: newcomers that had failed when the record became ours. unseen: when a look
    came later than was meant, and by how much. unfound: sources that AWS did not find, see `traffic`; shifted: since
    when a zone is in zonal shift; restless: of each source that was ever asked, what of its work has not come to rest.
    set_to: what the group was last told to launch from, and when; versions: what each
    `VersionOf` comes to. scheduled: the next time of each scheduled action, as AWS said it last; dormant: they
    were seen suspended by us; missed: those that fell due meanwhile; awake_since: since when they are seen to run, or
    were told to, None where they do not; fired: those of a record that fell due while they did; resized_at: when others
    were seen to have changed a size; sized: what the missed ones come to was set.
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
    blinded: bool = False
    held: Odd | None = None
    peer: Peer | None = None
    torn: Odd | None = None
    settled: Odd | None = None
    desired: Odd | None = None
    minimum: Odd | None = None
    maximum: Odd | None = None
    hollow: Odd | None = None
    progress: Odd | None = None
    histories: Mapping[str, History] = field(default_factory=dict)
    unfound: Mapping[str, Odd] = field(default_factory=dict)
    restless: Mapping[str, Restless] = field(default_factory=dict)
    shifted: Odd | None = None
    survey: Survey | None = None
    scheduled: Mapping[str, Scheduled] = field(default_factory=dict)
    dormant: bool = False
    missed: tuple[Scheduled, ...] = ()
    awake_since: float | None = None
    fired: frozenset[Due] = frozenset()
    resized_at: float = float("-inf")
    sized: bool = False
    activities: tuple[Activity, ...] = ()
    activities_at: float = 0.0
    peak: int = 0
    span: tuple[int, int] | None = None
    reached: bool = False
    lowered: int = 0
    rewritten: int = 0
    resuspended: int = 0
    last: ActOutcome | None = None
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    launching: Launching | None = None
    counted: int = 0
    answers: Mapping[str, LaunchAnswer] = field(default_factory=dict)
    launches: tuple[Activity, ...] = ()
    dry_since: float | None = None
    unrisen: Odd | None = None
    failed_before: int = 0
    mute: Mute | None = None
    set_to: tuple[str, float] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    denied: ActOutcome | None = None
    denied_since: float | None = None
    unseen: tuple[tuple[float, float], ...] = ()

    def lost(self, since: float) -> float:
        """Seconds since then in which nobody looked: no limit counts them, since we know nothing of that time."""
        return sum(seconds for at, seconds in self.unseen if at > since)

    def doubted(self, observation: Observation) -> tuple[Source, ...]:
        """Sources that AWS does not find in this look, and not for long enough to be believed."""
        gone = (source for source in observation.sources if source.gone)
        return tuple(source for source in gone if not UNFOUND.holds(self.unfound.get(source.id), observation.at))

    def history(self, id: str) -> History:
        """What is remembered of one instance."""
        return self.histories.get(id, UNKNOWN)

    def noted(self, id: str, **changes: Any) -> Belief:
        """The belief with fields of one history changed."""
        return replace(self, histories={**self.histories, id: replace(self.history(id), **changes)})

    def stage(self, id: str) -> Stage | None:
        """The stage in which the last look showed an instance."""
        since = self.history(id).stage
        return since.stage if since else None

    def stage_since(self, id: str) -> float:
        """Since when that stage holds; the last look's time for one that it did not show."""
        since = self.history(id).stage
        return since.at if since else self.at

    @property
    def stages(self) -> dict[str, Stage]:
        """The stage of each instance that the last look showed."""
        return {id: history.stage.stage for id, history in self.histories.items() if history.stage}

    def is_overdue(self, id: str) -> bool:
        """Protected without a break for as long as one is waited for."""
        since = self.history(id).protected_since
        return since is not None and self.at - since > PROTECTED

    @property
    def failures(self) -> int:
        """Newcomers that failed in this rollout so far, those that others have counted included."""
        return self.failed_before + sum(bool(history.failed) for history in self.histories.values())

    @property
    def ended(self) -> Iterator[Ended]:
        """How the commands ended, of each point and instance the last end."""
        for history in self.histories.values():
            yield from history.ended.values()
