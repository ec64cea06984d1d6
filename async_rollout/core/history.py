"""What is remembered of one instance.

Losing it costs a repeated check or a limit begun anew, never a law: what may not be lost stands in the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from async_rollout.core.actions import Registration
from async_rollout.core.outcomes import HookOutcome
from async_rollout.core.policy import GONE, ILL
from async_rollout.core.spec import HookPoint
from async_rollout.core.stages import Stage


@dataclass(frozen=True, slots=True)
class Streak:
    """How many looks in a row were good (or bad), AWS's time of the last that counted, and of the first."""

    good: int = 0
    bad: int = 0
    at: float = 0.0
    since: float = 0.0


NO_STREAK = Streak()
"""Of one that was not looked at yet."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The last end of one hook on one instance. tries: how often it has run."""

    outcome: HookOutcome
    at: float
    tries: int


@dataclass(frozen=True, slots=True)
class Since:
    """A stage, and since when it holds."""

    stage: Stage
    at: float


@dataclass(frozen=True, slots=True)
class Odd:
    """Something watched: what, since when, in how many looks in a row."""

    what: str
    at: float
    looks: int = 1


@dataclass(frozen=True, slots=True)
class Sent:
    """The last call that AWS took for one registration: when, and whether it was registered back."""

    at: float
    back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One instance, as earlier looks and answers show it. Times are AWS's, epoch seconds; never changed in place.

    stage: the one it was last seen in, None for one that the last look did not show. streak: good or bad looks in a
    row. serving_since, protected_since, marked_since: since when it is seen InService, protected from scale-in, marked
    Unhealthy without a break; ready_since: proven without a break, as its looks and its up-check say. proven: it was
    ready once. absent: looks in a row that did not show it; unlisted: whole looks in a row in which no source listed
    it, once it is taken out. lingering: it still drained when every delay was over. removal: since when its terminate
    stands in the record. relisted: since when every source lists one again that was out of all when its before-command
    failed. lost_since: since when one that never served is gone or leaves, and not by us; end: EC2's code of how it
    ended, cause: Auto Scaling's words for it, each empty as long as that was not told; run_at: when EC2 last said that
    it runs it. failed: why it counts as a newcomer that failed, empty as long as it does not. unmarked: how often we
    marked it healthy again. unfit: AWS refused to register it. ill_since: since when it is ill, or was as it was last
    seen in its sources.
    running, ended: its commands. calls: what AWS took last for each of its registrations.
    """

    stage: Since | None = None
    streak: Streak = NO_STREAK
    serving_since: float | None = None
    protected_since: float | None = None
    marked_since: float | None = None
    ready_since: float | None = None
    proven: bool = False
    absent: int = 0
    unlisted: int = 0
    lingering: bool = False
    removal: Odd | None = None
    relisted: Odd | None = None
    lost_since: float | None = None
    end: str = ""
    run_at: float | None = None
    cause: str = ""
    failed: str = ""
    unmarked: int = 0
    unfit: bool = False
    ill_since: float | None = None
    running: frozenset[HookPoint] = frozenset()
    ended: Mapping[HookPoint, Ended] = field(default_factory=dict)
    calls: Mapping[Registration, Sent] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """The operator's up-check has called it up."""
        check = self.ended.get(HookPoint.UP_CHECK)
        return check is not None and check.outcome.ok

    @property
    def sick(self) -> bool:
        """It is ill, or was as it was last seen in its sources."""
        return self.ill_since is not None

    @property
    def is_clear(self) -> bool:
        """Its looks say one thing: one or two bad ones in a row may be gaps in the answers."""
        return self.streak.bad == 0 or self.streak.bad >= ILL.looks

    @property
    def is_gone(self) -> bool:
        """It was out of sight often enough to be believed gone."""
        return self.absent >= GONE.looks

    @property
    def is_let_go(self) -> bool:
        """So many whole looks in a row found it at no source that it is no gap."""
        return self.unlisted >= GONE.looks

    @property
    def back(self) -> frozenset[Registration]:
        """What AWS registered back, and was not asked to take out since."""
        return frozenset(where for where, sent in self.calls.items() if sent.back)

    def sent_at(self, where: Registration) -> float:
        """When AWS took the last call for this registration; 0 if it took none."""
        sent = self.calls.get(where)
        return sent.at if sent else 0.0


UNKNOWN = History()
"""Of an instance that nobody has seen."""


def counted_on(before: Odd | None, what: str | None, at: float) -> Odd | None:
    """Fold one look into something watched: the same again counts on, another begins anew, None ends it."""
    if what is None:
        return None
    if before is None or before.what != what:
        return Odd(what, at)
    return Odd(what, before.at, before.looks + (at > before.at))
