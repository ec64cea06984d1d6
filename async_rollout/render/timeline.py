"""A run as it went, out of its events: a bar an instance, the promise over time, commands, acts and faults. Pure."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from async_rollout.core.actions import Verdict
from async_rollout.core.events import (
    Acted,
    CanaryPassed,
    Counted,
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
    Warned,
)
from async_rollout.core.wording import told_of
from async_rollout.render.board import Key, key_of

SAID_KEPT = 20
"""Last lines kept of what one command said."""
STEADY = ("serving", "available", "standby", "parked")
"""Stages in which nothing is waited for."""
GONE = "gone"
_DETAIL = re.compile(r"(?: for| to| from)? (?:i-|\d|\().*", re.DOTALL)


@dataclass(slots=True)
class Span:
    """One stage of one instance; end None: it lasts."""

    stage: str
    begin: float
    end: float | None = None
    why: str = ""


@dataclass(slots=True)
class Bar:
    """One instance. old: it was to be replaced."""

    instance: str
    old: bool
    spans: list[Span] = field(default_factory=list)


@dataclass(slots=True)
class Hook:
    """One run of one command. code None: it timed out or could not start; seconds None: its end was not told."""

    point: str
    instance: str
    begin: float
    attempt: int = 1
    ok: bool = False
    code: int | None = None
    seconds: float | None = None
    said: deque[str] = field(default_factory=lambda: deque(maxlen=SAID_KEPT))


@dataclass(slots=True)
class Timeline:
    """One group. counts: the promise whenever it changed; acts: how often each was answered how.

    before: so many of the told had been replaced by the runs that this one took over from. failed, parked: new ones
    that failed, and who is left in Standby, as its end has them.
    """

    name: str
    begin: float = 0.0
    end: float = 0.0
    run: str = ""
    base: int = 0
    floor: int = 0
    ceiling: int = 0
    old: tuple[str, ...] = ()
    bars: dict[str, Bar] = field(default_factory=dict)
    counts: list[Counted] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    acts: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    notes: list[tuple[float, str]] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    verdict: Verdict | None = None
    cause: str = ""
    missed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()
    before: int = 0
    told: int = 0

    @property
    def done(self) -> int:
        """How many are replaced, by this run and by those before."""
        return self.before + len(self.replaced)

    @property
    def total(self) -> int:
        """How many there were to replace."""
        return max(self.told, len(self.old) + self.before, self.done)

    def steps(self) -> Iterator[tuple[Bar, Span, float]]:
        """Every stage in which something was waited for, with its seconds."""
        for bar in self.bars.values():
            for span in bar.spans:
                if span.stage not in STEADY:
                    yield bar, span, (self.end if span.end is None else span.end) - span.begin


def add(lines: dict[Key, Timeline], event: Event) -> None:
    """Take one more event into the timelines of all groups."""
    if isinstance(event, FleetEnded) or not event.group:
        return
    line = lines.setdefault(key_of(event), Timeline(name=event.group))
    if event.at > 0:
        line.begin, line.end = min(line.begin or event.at, event.at), max(line.end, event.at)
    _add(line, event)


def _add(line: Timeline, event: Event) -> None:
    match event:
        case RolloutStarted():
            _begun(line, event)
        case StageChanged():
            _moved(line, event)
        case Counted():
            if not line.counts or replace(line.counts[-1], at=event.at) != event:
                line.counts.append(event)
        case HookStarted() | HookSaid() | HookEnded():
            _hooked(line, event)
        case Replaced(instance=id):
            line.replaced.append(id)
        case Acted(action=action, answer=answer, why=why):
            line.acts[_kind(action), answer] += 1
            if answer != "done":
                line.faults[f"{answer}: {why or action}"] += 1
        case Throttled(call=call, why=why):
            line.faults[f"{call} was asked again: {why}"] += 1
        case Warned(at=at, text=text):
            line.notes.append((at, text))
        case NewcomerFailed(at=at, instance=id, why=why, failed=failed, most=most):
            line.notes.append((at, f"{id} failed, {failed} of {most} new ones that turn the run back: {why}"))
        case CanaryPassed(at=at, instance=id):
            line.notes.append((at, f"{id} has stayed well, the canary: more new ones come"))
        case GoalChanged(at=at, cause=cause, toward=toward):
            line.cause = cause
            then = f"; then to be rolled back to {told_of(toward)}" if toward else ""
            line.notes.append((at, f"turned back: {cause}{then}"))
        case RolloutEnded():
            line.verdict, line.missed = event.verdict, event.missed
            line.failed, line.parked = event.failed, event.parked
            line.replaced = list(dict.fromkeys((*line.replaced, *event.replaced)))


def _begun(line: Timeline, event: RolloutStarted) -> None:
    line.run, line.base, line.floor, line.ceiling = event.run, event.base, event.floor, event.ceiling
    line.old = tuple(dict.fromkeys((*line.old, *event.old)))
    if event.toward:
        line.notes.append((event.at, f"rolls back to {told_of(event.toward)}"))
    line.before, line.told = max(0, event.replaced_before - len(line.replaced)), event.total
    for id in event.old:
        bar = line.bars.setdefault(id, Bar(instance=id, old=True))
        bar.old = True
        if not bar.spans:
            bar.spans.append(Span("serving", line.begin))


def _moved(line: Timeline, event: StageChanged) -> None:
    bar = line.bars.setdefault(event.instance, Bar(instance=event.instance, old=event.instance in line.old))
    if bar.spans:
        bar.spans[-1].end = event.at
    if event.stage != GONE:
        bar.spans.append(Span(event.stage, event.at, why=event.why))


def _hooked(line: Timeline, event: HookStarted | HookSaid | HookEnded) -> None:
    match event:
        case HookStarted(point=point, instance=id, at=at, attempt=attempt):
            line.hooks.append(Hook(point=point, instance=id, begin=at, attempt=attempt))
        case HookSaid(line=said):
            _running(line, event.point, event.instance, event.at).said.append(said)
        case HookEnded():
            hook = _running(line, event.point, event.instance, event.at)
            hook.ok, hook.code, hook.seconds = event.ok, event.code, event.seconds


def _running(line: Timeline, point: str, instance: str, at: float) -> Hook:
    """The last run of that command; one whose start was not told begins here."""
    for hook in reversed(line.hooks):
        if (hook.point, hook.instance) == (point, instance):
            return hook
    line.hooks.append(Hook(point=point, instance=instance, begin=at))
    return line.hooks[-1]


def _kind(action: str) -> str:
    """`terminate i-0ab…` and `terminate i-0cd…` are one kind of act: what stands before ids and numbers."""
    return _DETAIL.sub("", action)
