"""The board: everything said so far, folded into one picture of each group. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeVar, assert_never

from async_rollout.core.actions import Verdict, Wait
from async_rollout.core.events import (
    Acted,
    Called,
    CanaryPassed,
    CapacityChanged,
    Counted,
    Enrolled,
    Event,
    FleetEnded,
    GoalChanged,
    HookEnded,
    HookSaid,
    HookStarted,
    NewcomerFailed,
    Replaced,
    RolloutEnded,
    RolloutStarted,
    StageChanged,
    Throttled,
    Waiting,
    Warned,
)
from async_rollout.core.origin import Origin
from async_rollout.core.standby import kept_aside

K = TypeVar("K")
Key = tuple[str, str, str]
"""Account, region and name of a group: several accounts and regions may have one of the same name."""

GONE = "gone"
"""The stage of an instance that has left its group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The group's own three numbers."""

    minimum: int
    desired: int
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupBoard(Origin):
    """One group. Numbers are None until they were told; stages: of each instance that is on its way; at: AWS's time.

    account, region, run: whose it is, "" where that was not told.
    first_at: when it was first heard of; began_at: when its instances began to be replaced. counted: the promise in
    numbers; least, most: the fewest available, from when the floor was first held, and the most in all. replaced: by
    this run; before: by the runs that it took over from; told: of how many, as the record has it. replaced_at: when
    the last one was through. watched: seconds that the first new one is to stay well for longer than others; passed_at:
    when one had. turn: what it waits for to begin. rolling: it goes back to what it found. failed: new ones that
    failed; parked: whom the run has put into Standby. said: how the last attempt of each hook ended, by point and
    instance.
    """

    name: str
    at: float = 0.0
    first_at: float = 0.0
    began_at: float | None = None
    base: int | None = None
    floor: int | None = None
    ceiling: int | None = None
    sizes: Sizes | None = None
    counted: Counted | None = None
    least: int | None = None
    most: int = 0
    replaced_at: float | None = None
    watched: float = 0.0
    passed_at: float | None = None
    old: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    before: int = 0
    told: int = 0
    turn: str = ""
    stages: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    said: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    waits: tuple[Wait, ...] = ()
    restoring: bool = False
    rolling: bool = False
    cause: str = ""
    verdict: Verdict | None = None
    missed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def counts(self) -> Counter[str]:
        """How many instances are in each stage."""
        return Counter(self.stages.values())

    @property
    def took(self) -> float:
        """Seconds from when it was first heard of to the last that was: AWS's time, the one clock of every view."""
        return self.at - self.first_at if self.first_at else self.seconds

    @property
    def done(self) -> int:
        """How many are replaced, by this run and by those before."""
        return self.before + len(self.replaced)

    @property
    def total(self) -> int:
        """How many there are to replace, as far as is known."""
        return max(self.told, len(self.old) + self.before, self.done)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All groups, in the order in which they were first heard of."""

    groups: Mapping[Key, GroupBoard] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, event: Event) -> GroupBoard:
        """The picture of the group that an event is of; an empty one if nothing was said of it."""
        found = self.groups.get(key_of(event))
        return found or GroupBoard(account=event.account, region=event.region, name=event.group)


def key_of(event: Event) -> Key:
    """What tells the event's group from all others."""
    return event.account, event.region, event.group


def fold(board: Board, event: Event) -> Board:
    """The board after one more event."""
    if not event.group:
        return board
    was = board.of(event)
    now = replace(was, at=max(was.at, event.at), first_at=was.first_at or _first(event), run=event.run or was.run)
    return Board(groups=MappingProxyType({**board.groups, key_of(event): _folded(now, event)}))


def _first(event: Event) -> float:
    """A group that waits for its turn takes no time of its own yet."""
    return 0.0 if isinstance(event, Enrolled) else event.at


def folded(events: Iterable[Event]) -> Board:
    """The board after all of them."""
    board = Board()
    for event in events:
        board = fold(board, event)
    return board


def _folded(group: GroupBoard, event: Event) -> GroupBoard:
    match event:
        case Enrolled(old=old, why=why):
            return replace(group, told=max(group.told, old), turn=why)
        case RolloutStarted():
            return _started(group, event)
        case StageChanged(instance=id, stage=stage):
            parked = kept_aside(group.parked, id, stage)
            return replace(group, stages=_moved(group.stages, id, stage), parked=parked)
        case Replaced(instance=id):
            return replace(group, replaced=(*group.replaced, id), replaced_at=event.at)
        case Waiting(waits=waits):
            return replace(group, waits=waits)
        case CapacityChanged(minimum=low, desired=desired, maximum=high, base=base):
            return replace(group, sizes=Sizes(minimum=low, desired=desired, maximum=high), base=base)
        case Counted():
            return _counted(group, event)
        case HookEnded(point=point, instance=id, code=code, said=said):
            return replace(group, said=_with(group.said, (point, id), f"{code} {said}"))
        case GoalChanged(cause=cause):
            return replace(group, restoring=True, cause=cause, waits=())
        case RolloutEnded():
            return _ended(group, event)
        case NewcomerFailed(instance=id):
            return replace(group, failed=(*group.failed, id))
        case CanaryPassed():
            return replace(group, passed_at=event.at)
        case Acted() | HookStarted() | HookSaid() | Warned() | Throttled() | FleetEnded() | Called():
            return group
        case _:
            assert_never(event)


def _started(group: GroupBoard, event: RolloutStarted) -> GroupBoard:
    """A record of total 0 is of a release that did not count: what was told so far stands."""
    if event.total:
        group = replace(group, replaced=(), before=event.replaced_before, told=event.total, replaced_at=None)
    return replace(
        group,
        began_at=event.at if event.total or group.began_at is None else group.began_at,
        base=event.base,
        floor=event.floor,
        ceiling=event.ceiling,
        old=event.old,
        restoring=event.restoring,
        rolling=bool(event.toward),
        watched=event.watched,
        passed_at=None,
    )


def _counted(group: GroupBoard, event: Counted) -> GroupBoard:
    """A resumed run has to prove its newcomers anew: until then what it counts is no low of its own."""
    held = group.least is not None or event.available >= event.floor
    least = min(event.available if group.least is None else group.least, event.available) if held else None
    group = replace(group, counted=event, floor=event.floor, ceiling=event.ceiling)
    return replace(group, least=least, most=max(group.most, event.total))


def _ended(group: GroupBoard, event: RolloutEnded) -> GroupBoard:
    """An end of a release that did not name them leaves who failed and who is parked as it was told before."""
    return replace(
        group,
        verdict=event.verdict,
        replaced=event.replaced,
        before=event.replaced_before,
        told=event.total,
        missed=event.missed,
        failed=event.failed or group.failed,
        parked=event.parked or group.parked,
        seconds=event.seconds,
        waits=(),
    )


def _with(known: Mapping[K, str], key: K, value: str) -> Mapping[K, str]:
    return MappingProxyType({**known, key: value})


def _moved(known: Mapping[str, str], id: str, stage: str) -> Mapping[str, str]:
    """What is gone is forgotten."""
    return MappingProxyType(
        {instance: at for instance, at in known.items() if instance != id} | ({} if stage == GONE else {id: stage})
    )
