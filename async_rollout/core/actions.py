"""What can be done, what the next look must show, and the decision that holds both.

`Decision.actions` is ordered and the order is a contract: they are done one after the other, each only if the one
before it was answered Done. A Record always stands before the act it writes down.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from async_rollout.core.journal import Journal
from async_rollout.core.spec import HookPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One instance at one traffic source; port None = the source's own (and always for Classic)."""

    source: str
    instance: str
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Write the journal into the group's tags; departures that it no longer names lose their tag."""

    journal: Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """Take every one of our tags off the group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Write the order to stop into the tags, for a live holder elsewhere; None takes it off again."""

    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A tag of our own that changes nothing: a look that shows it is no older than it. present False takes it off.

    at: when it is put up, AWS's time in whole epoch seconds, for others to see.
    """

    run: str
    at: int = 0
    present: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend:
    """Suspend these scaling processes; never an empty tuple (AWS takes that for all)."""

    processes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Resume these scaling processes; never an empty tuple (AWS takes that for all)."""

    processes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCapacity:
    """Absolute sizes; exactly one of the two is given."""

    desired: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTemplate:
    """What the group launches from, from now on, as AWS spells it: `lt-0abc:41`, `lt-0abc:$Latest`, `lc:web-41`.

    mixed: it is the template of a mixed instances policy, of which nothing else is sent.
    """

    spelled: str
    mixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSizes:
    """All three sizes at once, absolute: what scheduled actions come to that fell due while they were suspended."""

    minimum: int
    desired: int
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Launch so many instances in one zone, answered at once (LaunchInstances); desired capacity rises by them.

    The same three again launch nothing more for 8 h: AWS answers as it did the first time.
    """

    zone: str
    count: int
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deregister:
    """Take instances out of traffic sources, port by port."""

    registrations: tuple[Registration, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Put instances back into traffic sources, port by port."""

    registrations: tuple[Registration, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkHealthy:
    """SetInstanceHealth(Healthy): the mark is sticky and ReplaceUnhealthy would act on it."""

    instances: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminate:
    """Terminate one member; shrink lowers DesiredCapacity by one. The one relative call: sent once."""

    instance: str
    shrink: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterStandby:
    """Put one member into Standby; DesiredCapacity falls by one. Relative, as Terminate is: sent once."""

    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHook:
    """Start a hook beside the loop; its outcome comes with a later look."""

    point: HookPoint
    instance: str
    private_ip: str | None = None
    public_ip: str | None = None
    attempt: int = 1
    resumed: bool = False


CloudAction = (
    Record
    | Erase
    | Order
    | Probe
    | Suspend
    | Resume
    | SetCapacity
    | SetSizes
    | SetTemplate
    | Launch
    | Deregister
    | Register
    | MarkHealthy
    | Terminate
    | EnterStandby
)
Action = CloudAction | RunHook
APART = (Resume, SetTemplate)
"""No act after one of these rests on it: whether AWS takes it or not, they are done."""


class Need(StrEnum):
    """What the next look must show beside the group itself (which every look shows, journal included).

    REFRESH: whether an instance refresh is active, which SURVEY tells too. POLICIES: whether one scales by forecast.
    """

    TARGETS = "targets"
    SURVEY = "survey"
    ACTIVITIES = "activities"
    REFRESH = "refresh"
    POLICIES = "policies"


@dataclass(frozen=True, slots=True)
class HealthOf:
    """Health in this one source alone (its id): a part of what TARGETS asks."""

    source: str


@dataclass(frozen=True, slots=True)
class VersionOf:
    """Whether the group could launch from this: a version of its own template, or `lc:NAME`; empty: what it has."""

    what: str


@dataclass(frozen=True, slots=True)
class EndOf:
    """How one instance has ended that is no member any more, or is leaving (its id)."""

    instance: str


Needs = frozenset[Need | HealthOf | VersionOf | EndOf]
ROWS: Needs = frozenset()
"""The group alone."""
WHOLE: Needs = frozenset({Need.TARGETS})
"""The group, and its health everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One thing waited for. since and until are AWS's time; option names what raises the limit."""

    on: str
    why: str
    since: float
    until: float | None = None
    option: str = ""


class Outcome(StrEnum):
    """How a rollout of one group ended, with its exit code.

    DONE: all that was to go is replaced; 0.
    NOTHING: there was nothing to do; 0.
    RESTORED: all is put back, as it was ordered; 0.
    FAILED: it failed, and the group is left safe; the code says why.
    PAUSED: it failed, and all stays as it is, recorded; the code says why.
    REFUSED: nothing was changed; 3, or 4 for a permission.
    HELD: another run holds the group; 5.
    STUCK: not all could be put back; 10, or 4.
    STOPPED: by an order; 130, 143 or the code of that order.
    """

    DONE = "done"
    NOTHING = "nothing to do"
    RESTORED = "restored"
    FAILED = "failed"
    PAUSED = "paused"
    REFUSED = "refused"
    HELD = "held"
    STUCK = "stuck"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a rollout of one group ended.

    outcome: in one word.
    code: the exit code of the command line.
    why: one sentence; may be empty.
    left: what stays changed, a line each; empty where nothing does.
    next: what to type next: verbs of the command line (`run or restore`), or a sentence; empty where nothing is to do.
    """

    outcome: Outcome
    code: int
    why: str = ""
    left: tuple[str, ...] = ()
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """actions to do now in this order; needs of the next look; look_again: seconds to sleep before it, at the most.

    meant: the record as it would be now; the ends of departures are written with whatever is next.
    """

    actions: tuple[Action, ...] = ()
    meant: Journal | None = None
    needs: Needs = WHOLE
    waits: tuple[Wait, ...] = ()
    verdict: Verdict | None = None
    look_again: float = 0.0
