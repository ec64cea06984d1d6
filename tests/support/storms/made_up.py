"""Scheduled actions that fell due while we had them suspended, asked of a storm's ground truth.

Made up for is what one conductor has lived through and nobody has set sizes after, as AWS would have done it; all else
is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby, permutations, product

from async_rollout.core.actions import Outcome
from async_rollout.core.choices import MissedSchedules
from async_rollout.core.journal import Goal
from async_rollout.core.schedules import SCHEDULES
from async_rollout.sandbox.faults import FaultKind
from async_rollout.sandbox.records import ScheduledAction
from support.storms.noted import CaughtUp, Fired, Lost, Sizes
from support.storms.owners import PATIENT
from support.storms.storm import Past

BLINDING = (FaultKind.EXPIRED, FaultKind.DENIED, FaultKind.EMPTY, FaultKind.GAP, FaultKind.STALE)
"""What may keep one from seeing that something fell due."""
BURST = 0.5
"""A fault that strikes so often may keep one from looking."""


def what_was_missed_is_made_up_for(past: Past) -> Iterator[str]:
    """Law 7: sizes are set as scheduled only where that is wanted, by one that lived through it, as AWS would have."""
    for one in past.world.log.caught_up:
        if past.weather.spec.missed_schedules is MissedSchedules.REPORT:
            yield f"law 7: {one.now} was set at {one.at:.1f}, and what is missed was only to be named"
        if one.record is not None and one.record.goal is not Goal.REPLACE:
            yield f"law 7: {one.now} was set at {one.at:.1f}, where all was put back"
        ways = [folded for _, folded in _ways(past, one)]
        if one.now not in ways and not past.world.log.forged:
            yield f"law 7: {one.now} was set at {one.at:.1f} over {one.was}, {sorted(set(ways))} were scheduled"


def _ways(past: Past, done: CaughtUp) -> Iterator[tuple[tuple[Lost, ...], Sizes]]:
    """What may have been made up for, most of it first, and what AWS would have come to.

    The last of them may not have been seen; the first ones are none of it if somebody has set a size after them.
    """
    log, (began, _) = past.world.log, past.lives[done.actor]
    words = [word.at for word in log.words if not word.in_flight and word.at <= done.at - PATIENT - past.weather.lag]
    since = max([began, *words])
    lived = [one for one in log.lost if one.ours and since <= one.at <= done.at]
    seen = sum(one.at <= done.at - past.window for one in lived)
    bases = range(done.low, done.high + 1)
    for first, last, base in product(range(len(lived)), range(len(lived), seen - 1, -1), bases):
        for taken in _orders(lived[first:last]):
            yield taken, _folded(past, taken, Sizes(done.was.minimum, base, max(done.maximum, base)))


def _orders(several: list[Lost]) -> Iterator[tuple[Lost, ...]]:
    """What falls due at the same second AWS does in any order."""
    seconds = [list(ones) for _, ones in groupby(several, key=lambda one: int(one.at))]
    for order in product(*map(permutations, seconds)):
        if taken := tuple(chain.from_iterable(order)):
            yield taken


def _folded(past: Past, lost: Iterable[Lost], sizes: Sizes) -> Sizes:
    for one in lost:
        sizes = _scheduled(sizes, _action(past, one))
    return sizes


def _action(past: Past, lost: Lost) -> ScheduledAction:
    assert past.weather.scalers is not None
    return past.weather.scalers.actions[lost.name]


def _scheduled(sizes: Sizes, action: ScheduledAction) -> Sizes:
    """As UpdateAutoScalingGroup does it: what does not fit is refused as a whole."""
    low = sizes.minimum if action.minimum is None else action.minimum
    high = sizes.maximum if action.maximum is None else action.maximum
    if low > high or (action.desired is not None and not low <= action.desired <= high):
        return sizes
    return Sizes(low, min(max(sizes.desired if action.desired is None else action.desired, low), high), high)


def what_one_has_lived_through_is_set(past: Past) -> Iterator[str]:
    """Law 7: in days on which nobody else sets a size, one that replaces all sets what it has seen fall due."""
    log, order, found = past.world.log, past.weather.spec, past.found
    sure = not (past.weather.naps or any(one.kind in BLINDING or one.silent for one in past.weather.faults))
    if order.missed_schedules is MissedSchedules.REPORT or log.words or len(log.wanted) > 1 or log.forged or not sure:
        return
    for end in (one for one in past.parted if one.verdict.outcome is Outcome.DONE):
        held = [one.at for one in log.processes if one.actor == end.run and SCHEDULES in one.names and not one.resumed]
        since, until = max(held, default=end.at) + past.window, end.at - past.window - PATIENT
        lived = [one for one in log.lost if one.ours and since < one.at < until]
        sizes = Sizes(found.minimum, found.desired, found.maximum)
        fits = any(_folded(past, [one], sizes) != sizes for one in lived)
        if fits and not any(one.actor == end.run for one in log.caught_up):
            names = sorted({one.name for one in lived})
            yield f"law 7: {names} fell due under the eyes of {end.run}, and nothing was set"


def what_is_not_made_up_for_is_named(past: Past) -> Iterator[str]:
    """Law 7: what did not fire through us, and was not made up for, is named by some conductor; nothing else is."""
    log = past.world.log
    if past.world.record_of() is not None or log.forged or log.deleted or past.overdue is not None:
        return
    done = {one for each in log.caught_up for one in _made_up(past, each)}
    for one in log.lost:
        told = any(one.name in end.missed for end in past.parted if end.at >= one.at)
        if one.ours and one not in done and not told:
            yield f"law 7: {one.name} did not fire at {one.at:.1f}, and nobody says so"
    for end in past.parted:
        lost = {one.name for one in log.lost if one.at <= end.at}
        doubtful = {one.name for one in log.fired if one.at <= end.at and _is_doubtful(past, one)}
        if idle := set(end.missed) - lost - doubtful:
            yield f"law 7: {sorted(idle)} are named at {end.at:.1f}, and they fired"


def _is_doubtful(past: Past, one: Fired) -> bool:
    """Its holder was killed as schedules ran again, was about to suspend them, or could not look at that moment."""
    since = past.lives.get(one.holder, (0.0, one.at))[1]
    switched = [each.at for each in past.world.log.processes if not each.resumed]
    about_to = any(one.at <= at <= one.at + past.window for at in switched)
    began = past.world.log.wanted[0].at
    rules = [each for each in past.weather.faults if each.kind is FaultKind.EXPIRED or each.probability >= BURST]
    windows = [each.window or (0.0, float("inf")) for each in rules]
    blind = any(low <= one.at - began <= high for low, high in windows)
    return bool(one.holder) and ((since <= one.at and one.leased) or about_to or blind)


def _made_up(past: Past, done: CaughtUp) -> tuple[Lost, ...]:
    return next((taken for taken, folded in _ways(past, done) if folded == done.now), ())
