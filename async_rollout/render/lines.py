"""An event in words: the lines that a person reads of it. Pure; every text from outside goes through `safe`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from async_rollout.core.actions import Wait
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
from async_rollout.core.wording import told_of
from async_rollout.render.board import GroupBoard, Sizes
from async_rollout.render.ending import ending
from async_rollout.render.safe import brief, safe
from async_rollout.render.words import lasting

WAITS_SHOWN = 2
"""So many of the things waited for are named in one line; of the rest only the number."""
UP_CHECK = "up-check"


def lines(before: GroupBoard, after: GroupBoard, event: Event, *, verbose: bool) -> Iterator[str]:
    """The lines of one event; before, after: its group's picture around it. verbose: nothing is left out."""
    match event:
        case RolloutStarted():
            yield _started(after, event)
        case Enrolled(why=why):
            if why:
                yield f"waits for its turn: {safe(why)}"
        case StageChanged():
            yield from _stage(event, verbose=verbose)
        case Replaced(instance=id, left=left):
            rest = "" if after.restoring else f", {left} to go"
            yield f"{safe(id)} replaced ({after.done} of {after.total}){rest}"
        case NewcomerFailed(instance=id, why=why, failed=failed, most=most):
            yield f"{safe(id)} failed, {failed} of {most} new ones that turn the run back: {brief(why)}"
        case CanaryPassed(instance=id):
            yield f"{safe(id)} has stayed well, the canary: more new ones come"
        case Acted():
            yield from _acted(event, verbose=verbose)
        case HookStarted() | HookSaid() | HookEnded():
            yield from _hook(before, event, verbose=verbose)
        case Waiting(waits=waits, at=at):
            yield from _waiting(waits, at)
        case CapacityChanged():
            yield _sizes(before, event)
        case Counted():
            if verbose:
                yield _counts(event)
        case GoalChanged(cause=cause, code=code, toward=toward):
            then = f", then rolled back to {safe(told_of(toward))}" if toward else ""
            yield f"turns back: {safe(cause)} (exit code {code}); from here everything is put back{then}"
        case Warned(text=text):
            yield f"warning: {safe(text)}"
        case Throttled(call=call, why=why, again_in=pause):
            yield f"{safe(call)} is asked again in {pause:.1f}s: {brief(why)}"
        case RolloutEnded():
            yield from _ended(after, event)
        case FleetEnded():
            yield from _fleet(event)
        case Called(calls=calls):
            if verbose:
                yield _calls(calls)
        case _:
            assert_never(event)


def _started(after: GroupBoard, event: RolloutStarted) -> str:
    verb = "puts back" if event.restoring else "goes on with" if event.resumed else "begins"
    bounds = f"floor {event.floor}, ceiling {event.ceiling}"
    if event.toward:
        return f"rolls back to {safe(told_of(event.toward))}: {len(event.old)} to go, {bounds}"
    if event.resumed or event.restoring:
        left = "" if event.restoring else f", {len(event.old)} to go"
        count = f"{after.done} of {after.total} replaced{left}; " if after.total else ""
        return f"{verb} run {safe(event.run)}: {count}{bounds}"
    return f"{verb} run {safe(event.run)}: {len(event.old)} old of {event.base}, {bounds}"


def _stage(event: StageChanged, *, verbose: bool) -> Iterator[str]:
    """When the record is gone at the end, all that was available just serves: no news."""
    if verbose or (event.was, event.stage) != ("available", "serving"):
        why = f": {safe(event.why)}" if event.why else ""
        yield f"{safe(event.instance)} {safe(event.stage)}{why}"


def _acted(event: Acted, *, verbose: bool) -> Iterator[str]:
    if verbose or (event.answer != "done" and not event.again):
        why = f": {safe(event.why)}" if event.why else ""
        yield f"{safe(event.answer)}: {safe(event.action)}{why}"


def _hook(before: GroupBoard, event: HookStarted | HookSaid | HookEnded, *, verbose: bool) -> Iterator[str]:
    """An up-check is repeated until it is good; an attempt that ends as the one before is no news."""
    who = f"{safe(event.instance)} {safe(event.point)}"
    match event:
        case HookStarted(attempt=attempt):
            if verbose or attempt == 1:
                yield f"{who} begins" + (f", attempt {attempt}" if attempt > 1 else "")
        case HookSaid(line=line):
            yield f"{who} | {safe(line)}"
        case HookEnded(code=code, said=said):
            same = before.said.get((event.point, event.instance)) == f"{code} {said}"
            if verbose or event.ok or not same or event.point != UP_CHECK:
                again = "" if event.ok or event.point != UP_CHECK else ", is repeated"
                yield f"{who} {_end(event)} after {lasting(event.seconds)}{again}"


def _end(event: HookEnded) -> str:
    if event.ok:
        return "ended well"
    return "timed out or could not start" if event.code is None else f"ended with {event.code}"


def _waiting(waits: tuple[Wait, ...], at: float) -> Iterator[str]:
    if waits:
        more = f"; and {len(waits) - WAITS_SHOWN} more" if len(waits) > WAITS_SHOWN else ""
        yield f"waits for {'; '.join(_wait(wait, at) for wait in waits[:WAITS_SHOWN])}{more}"


def _wait(wait: Wait, at: float) -> str:
    since = f", for {lasting(at - wait.since)}" if at - wait.since >= 1 else ""
    until = "" if wait.until is None else f", at most {lasting(wait.until - wait.since)}"
    option = f" ({safe(wait.option)})" if wait.option else ""
    return f"{safe(wait.on)}: {safe(wait.why)}{since}{until}{option}"


def _sizes(before: GroupBoard, event: CapacityChanged) -> str:
    """Only what changed; base beside the desired capacity, which holds our lift as well."""
    now = Sizes(minimum=event.minimum, desired=event.desired, maximum=event.maximum)
    was = before.sizes
    said = [
        *([f"desired {now.desired} (the owner's: {event.base})"] if was is None or was.desired != now.desired else []),
        *([f"maximum {now.maximum}"] if was is None or was.maximum != now.maximum else []),
        *([f"minimum {now.minimum}"] if was is None or was.minimum != now.minimum else []),
    ]
    return ", ".join(said) + ("" if event.ours else ", by others")


def _counts(event: Counted) -> str:
    out = f", {event.out} on the way out" if event.out else ""
    return f"{event.available} available (floor {event.floor}), {event.total} in all (ceiling {event.ceiling}){out}"


def _ended(after: GroupBoard, event: RolloutEnded) -> Iterator[str]:
    """One line if it went well; else also what state the group is in and what to type."""
    verdict, count = event.verdict, f"{after.done} of {after.total} replaced in {lasting(after.took)}"
    end = ending(verdict, after.name, after.cause)
    yield f"{verdict.outcome}: {safe(end.why) or count}" + (f" ({count})" if end.why else "")
    yield from (f"  did not fire: scheduled action {safe(name)}" for name in event.missed)
    yield from (f"  state: {safe(line)}" for line in end.state)
    if end.next:
        yield f"  next: {end.next}"


def _calls(calls: Mapping[str, int]) -> str:
    most = sorted(calls.items(), key=lambda call: -call[1])
    each = ", ".join(f"{safe(name)} {times}" for name, times in most)
    return f"asked AWS {sum(calls.values())} times" + (f": {each}" if each else "")


def _fleet(event: FleetEnded) -> Iterator[str]:
    """Nothing for a single group: its own line has said it all."""
    if len(event.ends) > 1:
        good = sum(end.code == 0 for end in event.ends)
        bad = ", ".join(f"{safe(end.group)} {end.code}" for end in event.ends if end.code)
        yield f"{good} of {len(event.ends)} ended well" + (f"; exit codes: {bad}" if bad else "")
