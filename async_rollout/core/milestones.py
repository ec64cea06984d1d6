"""What tells whether the release is any good, as events: new ones that failed, the canary that has passed."""

from __future__ import annotations

from collections.abc import Iterator

from async_rollout.core.actions import Decision, Record
from async_rollout.core.budget import failures_most
from async_rollout.core.events import CanaryPassed, Event, NewcomerFailed
from async_rollout.core.journal import Journal
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import Stage, is_new


def recorded(decision: Decision) -> Journal | None:
    """The record that the decision writes, if it writes one."""
    return next((act.journal for act in decision.actions if isinstance(act, Record)), None)


def failed(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    """New ones that count as failed since the look before."""
    record = after.observation.journal
    if before is None or not isinstance(record, Journal):
        return
    known = {id for id, history in before.belief.histories.items() if history.failed}
    new = [(id, one.failed) for id, one in after.belief.histories.items() if one.failed and id not in known]
    first, most = after.belief.failures - len(new) + 1, failures_most(spec, record)
    at, group = after.observation.at, after.observation.group.name
    for number, (id, why) in enumerate(new, start=first):
        yield NewcomerFailed(group=group, at=at, instance=id, why=why, failed=number, most=most)


def canary_passed(spec: RolloutSpec, before: Snapshot | None, after: Snapshot, decision: Decision) -> Iterator[Event]:
    """The decision records that the first new one has stayed well."""
    new, old = recorded(decision), after.observation.journal
    if new is None or not isinstance(old, Journal) or old.run != new.run or not new.canary or old.canary:
        return
    well = (one.id for one in after.observation.instances if is_new(new, one))
    if id := next((id for id in well if after.belief.stage(id) is Stage.AVAILABLE), ""):
        yield CanaryPassed(group=after.observation.group.name, at=after.observation.at, instance=id)
