"""What can be told: one frozen dataclass an event, one union.

Events come from `narrate` (what changed between two looks), the engine (acts, hooks, waiting) and the aws layer
(throttled, retried). `group` is the group's name, `at` AWS's time in epoch seconds (0.0 where no look was had);
account, region and run are put on where they leave (`core.origin`), so whoever makes an event leaves them out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from async_rollout.core.actions import Verdict, Wait
from async_rollout.core.origin import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled(Origin):
    """The group takes part; its turn may come later. old: so many to replace, 0 if unknown; why: what it waits for."""

    group: str
    at: float
    old: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStarted(Origin):
    """The group is ours. old: instances to replace, in order; resumed: a killed run's record was taken over.

    total: so many were there when the first run began; replaced_before: gone already; toward: what it rolls back to;
    watched: seconds that the first new one has to stay well for longer than others, 0.0 once one has.
    """

    group: str
    at: float
    base: int
    floor: int
    ceiling: int
    old: tuple[str, ...]
    resumed: bool = False
    restoring: bool = False
    total: int = 0
    replaced_before: int = 0
    toward: str = ""
    watched: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChanged(Origin):
    """An instance came into a new stage of its life; was is None when it is seen for the first time."""

    group: str
    at: float
    instance: str
    stage: str
    was: str | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced(Origin):
    """One more old instance is gone, its hooks through. left: how many are still to go."""

    group: str
    at: float
    instance: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewcomerFailed(Origin):
    """A new instance counts as one that failed, and why; with it so many have, and at most the run turns back."""

    group: str
    at: float
    instance: str
    why: str
    failed: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryPassed(Origin):
    """The first new instance has stayed well for long enough: more of them come."""

    group: str
    at: float
    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted(Origin):
    """One act was answered (done, unknown, refused). action, why: in words, AWS's too; again: the same no as before."""

    group: str
    at: float
    action: str
    answer: str
    why: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HookStarted(Origin):
    """A hook began."""

    group: str
    at: float
    instance: str
    point: str
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSaid(Origin):
    """One line of a hook's output, safe to show."""

    group: str
    at: float
    instance: str
    point: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEnded(Origin):
    """A hook ended; code None: it timed out or could not start."""

    group: str
    at: float
    instance: str
    point: str
    ok: bool
    code: int | None
    seconds: float
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(Origin):
    """What the group waits for, and why. Told when that changes and every 30 s."""

    group: str
    at: float
    waits: tuple[Wait, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityChanged(Origin):
    """Desired, minimum or maximum are other than in the look before. ours: it is what we asked for."""

    group: str
    at: float
    minimum: int
    desired: int
    maximum: int
    base: int
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Origin):
    """The promise in numbers, told when one of them changes: available never below floor, total never above ceiling.

    total: booting and serving; out: draining or leaving, which max_draining bounds.
    """

    group: str
    at: float
    available: int
    floor: int
    total: int
    ceiling: int
    out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalChanged(Origin):
    """The goal became to put everything back. toward: what it is rolled back to after that; empty: it is not."""

    group: str
    at: float
    cause: str
    code: int
    toward: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Origin):
    """Something the owner ought to know; the rollout goes on."""

    group: str
    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled(Origin):
    """AWS asked for fewer calls, or an answer was lost; the call is tried again."""

    group: str
    at: float
    call: str
    why: str
    again_in: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutEnded(Origin):
    """The group's rollout is over. replaced: old instances gone; seconds: by the loop's clock.

    replaced_before: how many more of the total had gone before this process took over. failed: new ones that counted
    as failed in this run; parked: who is left in Standby by it, or by the run that it took over from.
    """

    group: str
    at: float
    verdict: Verdict
    replaced: tuple[str, ...] = ()
    total: int = 0
    seconds: float = 0.0
    missed: tuple[str, ...] = ()
    replaced_before: int = 0
    failed: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEnd(Origin):
    """One group's own exit code. Two groups of one name differ in their account or region."""

    group: str
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetEnded(Origin):
    """All groups are over. code: the exit code for all; ends: each group's own."""

    at: float
    code: int
    ends: tuple[GroupEnd, ...] = ()
    group: str = ""

    @property
    def codes(self) -> dict[str, int]:
        """The exit codes by the groups' names, as releases before 0.2.0 had them; `ends` says more."""
        _warn("FleetEnded.codes", "FleetEnded.ends")
        return {end.group: end.code for end in self.ends}


@dataclass(frozen=True, slots=True, kw_only=True)
class Called(Origin):
    """What was sent to AWS while the command ran, by operation, repeats included. Told once, at its end."""

    calls: dict[str, int] = field(default_factory=dict)
    at: float = 0.0
    group: str = ""


Event = (
    RolloutStarted
    | Enrolled
    | StageChanged
    | Replaced
    | NewcomerFailed
    | CanaryPassed
    | Acted
    | HookStarted
    | HookSaid
    | HookEnded
    | Waiting
    | CapacityChanged
    | Counted
    | GoalChanged
    | Warned
    | Throttled
    | RolloutEnded
    | FleetEnded
    | Called
)

_RENAMED = {"Turned": "GoalChanged"}  # names of releases before 0.2.0; they go with 0.3.0


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is {new} since 0.2.0, and goes with 0.3.0", DeprecationWarning, stacklevel=3)


if not TYPE_CHECKING:  # a type checker shall know no other names than those above

    def __getattr__(name: str) -> object:
        if name not in _RENAMED:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        _warn(name, _RENAMED[name])
        return globals()[_RENAMED[name]]
