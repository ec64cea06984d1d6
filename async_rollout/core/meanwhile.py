"""What befell the group meanwhile and how it is made good, as warnings: dead ones, lanes called back, schedules."""

from __future__ import annotations

from collections.abc import Iterator

from async_rollout.core.actions import Decision
from async_rollout.core.budget import tally
from async_rollout.core.catch_up import lived_through
from async_rollout.core.choices import MissedSchedules, Scaling
from async_rollout.core.events import Warned
from async_rollout.core.journal import QUICK, Goal, Journal
from async_rollout.core.milestones import recorded
from async_rollout.core.plan_notes import FOLLOW
from async_rollout.core.policy import HELD_LONG
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec


def meanwhile(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Warned]:
    """All of it, told once each."""
    new, old = recorded(decision), after.observation.journal
    texts = [*_fell_due(spec, before, after), *_held_long(spec, before, after)]
    if new is not None and isinstance(old, Journal) and old.run == new.run:
        texts += [*_healed(after, old, new), *_called_back(spec, after, old, new), *_caught_up(after, old, new)]
    for text in texts:
        yield Warned(group=after.observation.group.name, at=after.observation.at, text=text)


def _healed(after: Snapshot, old: Journal, new: Journal) -> Iterator[str]:
    """A way out is opened for those that EC2 does not run."""
    lost = [one for one in after.observation.instances if one.down and new.departure(one.id)]
    if names := [f"{one.id} ({one.reason or one.down})" for one in lost if old.departure(one.id) is None]:
        yield f"EC2 does not run {', '.join(names)}: ended at once, and AWS launches others in their place"


def _called_back(spec: RolloutSpec, after: Snapshot, old: Journal, new: Journal) -> Iterator[str]:
    """Who only drained is to serve on, as the floor needs it."""
    ids = [one.id for one in old.departures if not one.stays and (now := new.departure(one.id)) and now.stays]
    if ids:
        counted = tally(spec, after.observation, after.belief, new)
        ready = f"{len(counted.ready)} are ready, the floor is {counted.bounds.floor}"
        yield f"{', '.join(ids)} only drained, and serves again: {ready}"


def _fell_due(spec: RolloutSpec, before: Snapshot | None, after: Snapshot) -> Iterator[str]:
    """A scheduled action fell due that does not fire."""
    record, known = after.observation.journal, len(before.belief.missed) if before else 0
    makes_up = spec.missed_schedules is MissedSchedules.APPLY and isinstance(record, Journal)
    makes_up = makes_up and isinstance(record, Journal) and record.goal is Goal.REPLACE
    then = "it is made up for at the end" if makes_up else "it does not fire"
    for one in after.belief.missed[known:]:
        yield f"scheduled action {one.name} has fallen due: {then}"


def _held_long(spec: RolloutSpec, before: Snapshot | None, after: Snapshot) -> Iterator[str]:
    """Once, when nothing has scaled for long."""
    record = after.observation.journal
    if before is None or spec.scaling is Scaling.FOLLOW or not isinstance(record, Journal) or record.cutoff is None:
        return
    since = record.began + HELD_LONG
    held = record.run == after.belief.me.run and not {*QUICK}.isdisjoint(record.suspended)
    if held and before.observation.at < since <= after.observation.at:
        yield f"nothing has scaled for {HELD_LONG / 60:.0f} min, and nothing does until this is over: {FOLLOW}"


def _caught_up(after: Snapshot, old: Journal, new: Journal) -> Iterator[str]:
    """What was missed is made up for."""
    if new.caught_up and not old.caught_up:
        names, sizes = ", ".join(dict.fromkeys(one.name for one in lived_through(after.belief))), new.found
        comes_to = f"minimum {sizes.minimum}, desired capacity {sizes.desired}, maximum {sizes.maximum}"
        yield f"scheduled actions that fell due meanwhile ({names}) come to {comes_to}: set now"
