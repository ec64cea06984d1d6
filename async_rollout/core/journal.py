"""What may not be lost: the record, a departure for each instance on its way out. `tags` keeps it in the group."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce

from async_rollout.core.choices import Scaling
from async_rollout.core.spec import HookPoint, RolloutSpec
from async_rollout.core.templates import Back, Templates

LANES_MAX = 18
"""One CreateOrUpdateTags call takes 25 tags: eighteen departures, and seven that a record may have beside."""

SUSPENDED_BY_US = ("AZRebalance", "AlarmNotification", "ScheduledActions", "ReplaceUnhealthy")
QUICK = ("ScheduledActions", "AlarmNotification")
"""What runs again even while an instance is out: the other two would act on it (RULES §7)."""
FOLLOWED = tuple(name for name in SUSPENDED_BY_US if name not in QUICK)
REQUIRED_RUNNING = ("Launch", "Terminate", "HealthCheck", "AddToLoadBalancer")


def to_suspend(spec: RolloutSpec) -> tuple[str, ...]:
    """The processes that do not run while instances are replaced."""
    return FOLLOWED if spec.scaling is Scaling.FOLLOW else SUSPENDED_BY_US


class Goal(StrEnum):
    """Where the rollout is heading."""

    REPLACE = "replace"
    RESTORE = "restore"


class Mark(StrEnum):
    """How far a hook of a departure is."""

    NOT = "n"
    BEGUN = "b"
    ENDED = "e"
    FAILED = "f"


class Removal(StrEnum):
    """Whether the call that takes it out of the group's count was recorded, and whether that shrinks DesiredCapacity.

    Terminated it is with keep, shrink and counted; put into Standby, for its owner, with parked and aside.
    """

    NOT = "n"
    KEEP = "k"
    SHRINK = "s"
    COUNTED = "c"
    """Shrunk, and the field was seen to have followed."""
    PARKED = "p"
    ASIDE = "a"
    """Parked, and the field was seen to have followed."""


COUNTED_AS = {Removal.SHRINK: Removal.COUNTED, Removal.PARKED: Removal.ASIDE}
"""Those that take a place out of DesiredCapacity, and what each becomes once the field was seen to have followed."""


OPEN_MAX = 4
"""Launches that may be open at once: one tag holds them, of 256 letters."""


class Way(StrEnum):
    """By which call new instances are asked for: one that answers with their ids, or desired capacity and hope."""

    ANSWERED = "a"
    DESIRED = "d"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLaunch:
    """A launch that was asked for, until all of it is to be seen. at: when it was recorded, epoch seconds.

    came: how many instances AWS says it brought, None as long as it has not answered.
    """

    token: str
    zone: str
    count: int
    at: int
    came: int | None = None

    @property
    def most(self) -> int:
        """So many it may bring."""
        return self.count if self.came is None else self.came


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """A scheduled action, by name as a tag holds it, and when it is due, epoch seconds."""

    at: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One instance on its way out. at: when its deregistration was recorded (until then: its opening), epoch seconds.

    missing: digests of the group's sources where it was not registered. odd: (digest, port) of registrations whose
    port is not the source's own. surplus: it is a new instance of ours too many. draining, before, after: how far its
    commands are; draining is ended where there is none, and as long as it is not, nothing was deregistered. stays: it
    was called back, and serves on.
    """

    id: str
    at: int
    private_ip: str | None = None
    public_ip: str | None = None
    missing: tuple[str, ...] = ()
    odd: tuple[tuple[str, int], ...] = ()
    draining: Mark = Mark.ENDED
    before: Mark = Mark.NOT
    after: Mark = Mark.NOT
    removal: Removal = Removal.NOT
    surplus: bool = False
    stays: bool = False

    @property
    def only_drains(self) -> bool:
        """It was taken out, and nothing more was done to it."""
        return self.draining is Mark.ENDED and self.before is Mark.NOT and self.removal is Removal.NOT

    @property
    def parks(self) -> bool:
        """It goes no further than into Standby."""
        return self.removal in (Removal.PARKED, Removal.ASIDE)

    @property
    def ends(self) -> bool:
        """Its terminate stands in the record."""
        return self.removal is not Removal.NOT and not self.parks

    @property
    def again(self) -> Departure:
        """This departure, whose commands that failed are to be tried again, as those that have begun."""
        failed = (point for point in MARKS if self.mark(point) is Mark.FAILED)
        return reduce(lambda found, point: found.marked(point, Mark.BEGUN), failed, self)

    def mark(self, point: HookPoint) -> Mark:
        """How far the command of one point is."""
        found: Mark = getattr(self, MARKS[point])
        return found

    def marked(self, point: HookPoint, mark: Mark) -> Departure:
        """This departure with the command of one point so far."""
        return replace(self, **{MARKS[point]: mark})  # type: ignore[arg-type]


MARKS = {
    HookPoint.BEFORE_DRAINING: "draining",
    HookPoint.BEFORE_TERMINATE: "before",
    HookPoint.AFTER_TERMINATE: "after",
}
"""In which field a departure keeps how far the command of a point is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why all is put back, or rolled back after that: the exit code to end with and a sentence."""

    code: int
    text: str

    @property
    def is_signal(self) -> bool:
        """It was stopped by Ctrl-C or SIGTERM: nothing is wrong with what it did."""
        return self.code in (130, 143)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The group as it was found."""

    minimum: int
    desired: int
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """The whole record. until: the lease ends, epoch seconds. cutoff None: the rollout has not begun to act yet.

    group: digest of the group's ARN. template: what it launched when cutoff was taken (`template_mark`). raised: the
    maximum that we wrote, 0 if none; raised_from: what stood there before, until ours was seen. suspended: processes
    that are ours to resume. launches: instances we asked for so far. lost: newcomers that failed. evened:
    launches to even out the zones. apart: by how many the fullest zone was fuller than the emptiest, as found. began:
    when cutoff was taken. commands: the points for which a command was given. way: how launches are asked for; open:
    those that are not to be seen yet, counted in asked and in launches; tokens: how many tokens were used.
    canary: the first new one of the run has stayed ready for long enough. scheduled: scheduled actions that fell due
    while we had them suspended, and those to come; caught_up: what they come to was set, or was about to be.
    lowered_at: when others were last found to have lowered desired, 0 if never.
    old: how many there were to replace when cutoff was taken, 0 if not known; replaced: how many of them are gone.
    templates: what the run has to do with what the group launches from, None: nothing. moves_work: some source of the
    group moves work off whom it lets go.
    """

    group: str
    run: str
    serial: int
    holder: str
    until: int
    found: Found
    base: int
    asked: int
    goal: Goal = Goal.REPLACE
    cause: Cause | None = None
    cutoff: float | None = None
    template: str = ""
    raised: int = 0
    raised_from: int = 0
    suspended: tuple[str, ...] = ()
    launches: int = 0
    lost: int = 0
    evened: int = 0
    apart: int = 0
    began: int = 0
    commands: tuple[HookPoint, ...] = ()
    old: int = 0
    replaced: int = 0
    way: Way = Way.DESIRED
    tokens: int = 0
    canary: bool = False
    scheduled: tuple[Due, ...] = ()
    caught_up: bool = False
    lowered_at: int = 0
    moves_work: bool = False
    open: tuple[OpenLaunch, ...] = ()
    departures: tuple[Departure, ...] = ()
    templates: Templates | None = None

    @property
    def due(self) -> str:
        """What the group is to launch from now; empty where that is nothing of ours."""
        return self.templates.due(restoring=self.goal is Goal.RESTORE) if self.templates else ""

    @property
    def back(self) -> Back:
        """How far a rollback is."""
        return self.templates.back if self.templates else Back.NOT

    def knows_maximum(self, seen: int) -> bool:
        """This maximum is the owner's or ours. Any other is somebody's new one, or an old answer."""
        return seen in (self.found.maximum, self.raised, self.raised_from)

    def departure(self, id: str) -> Departure | None:
        return next((departure for departure in self.departures if departure.id == id), None)

    def with_departure(self, departure: Departure) -> Journal:
        """This record with the departure put in, in the place of one of the same id."""
        others = tuple(one for one in self.departures if one.id != departure.id)
        return replace(self, departures=(*others, departure))

    def without_departure(self, id: str) -> Journal:
        return replace(self, departures=tuple(one for one in self.departures if one.id != id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """There is a record, but not one to act on. torn: tags of different serials, perhaps just being written.

    newer: a later release wrote it, and only that one may touch the group.
    """

    why: str
    torn: bool = False
    newer: bool = False


def digest(text: str, length: int = 8) -> str:
    """A short name for something long, of the tags' alphabet."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def template_mark(template: str) -> str:
    """A group's template as one word of the tags: readable, and unlike any other's."""
    return f"{re.sub(r'[^A-Za-z0-9.:-]', '.', template)[:40]}@{digest(template)}"
