"""Law 22, asked of a storm's ground truth: whoever moves desired where scaling is followed has the last word."""

from __future__ import annotations

from collections.abc import Iterator

from async_rollout.core.choices import Scaling
from async_rollout.core.journal import QUICK
from support.storms.noted import Word
from support.storms.storm import Past

REST = 300.0
"""Seconds after a cut in which nothing is launched above it."""
DATE = 1.0
"""A record's times are cut to whole seconds."""


def a_word_is_taken(past: Past) -> Iterator[str]:
    """Law 22: where scaling is followed, the size that somebody has set last is the one that is left.

    A cut may have been of our lift alone, and then leaves the base as it was.
    """
    log, group = past.world.log, past.world.state.groups.get(past.found.name)
    if not past.world.follows or group is None or past.overdue is not None or past.world.record_of() is not None:
        return
    last = log.words[-1] if log.words else None
    if last is None or log.forged or log.deleted or log.caught_up or _is_crossed(past, last):
        return
    others = [one for one in log.wanted if one.at > last.at]
    if others or last.now.maximum != last.was.maximum:
        return
    if not max(log.wanted[-1].low, group.minimum) <= group.desired <= last.now.desired:
        yield f"law 22: desired is {group.desired}, {last.was} -> {last.now} was the last word at {last.at:.1f}"


def nothing_is_launched_after_a_cut(past: Past) -> Iterator[str]:
    """Law 22: where scaling is followed, nothing is launched for five minutes after somebody has lowered desired."""
    log = past.world.log
    for one in log.sized if past.world.follows and not log.forged else ():
        # A field that is set to what is there, or was a moment ago, asks for nobody.
        if one.what == "maximum" or one.after <= max(one.before, len(one.since)):
            continue
        last = next((word for word in reversed(log.words) if word.at < one.at - past.window), None)
        if last is None or last.now.desired >= last.was.desired or _is_crossed(past, last):
            continue
        since, record = one.at - last.at, last.record
        told = record is not None and record.began == one.began > 0 and last.now.desired < record.asked
        if told and since < REST - DATE:
            yield f"law 22: {one.after} were asked for at {one.at:.1f}, {since:.0f} s after {last.was} -> {last.now}"


def _is_crossed(past: Past, word: Word) -> bool:
    """An act of ours was under way: it may have been written over, or it looks like our own."""
    log = past.world.log
    ours = [one.at for one in log.sized if one.what != "maximum"] + [one.at for one in log.removals]
    return word.in_flight or any(word.at <= at <= word.at + past.window for at in ours)


def who_follows_suspends_no_scaling(past: Past) -> Iterator[str]:
    """Law 22: where scaling is followed, alarms and schedules are never suspended; no cut is a reason to give up."""
    if past.weather.spec.scaling is not Scaling.FOLLOW:
        return
    for one in past.world.log.processes:
        if not one.resumed and (held := set(one.names).intersection(QUICK)):
            yield f"law 22: {sorted(held)} were suspended at {one.at:.1f}"
    for end in past.parted:
        if "someone else steers" in end.verdict.why:
            yield f"law 22: given up for a cut: {end.verdict.why}"
