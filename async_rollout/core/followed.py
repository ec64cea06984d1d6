"""Why an act may not be done where the group's scalers are followed: one of the `laws`."""

from __future__ import annotations

from async_rollout.core.actions import Action, Launch, SetCapacity, Suspend
from async_rollout.core.choices import Scaling
from async_rollout.core.journal import QUICK, Journal
from async_rollout.core.policy import RELIFT
from async_rollout.core.promised import coming, unseen
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec


def who_scales_has_the_last_word(spec: RolloutSpec, snapshot: Snapshot, record: Journal, action: Action) -> str | None:
    """Law 22: where scaling is followed it is never suspended, and soon after a cut nothing is launched above base."""
    if spec.scaling is Scaling.HOLD:
        return None
    if isinstance(action, Suspend) and (held := sorted(set(action.processes).intersection(QUICK))):
        return f"law 22: {', '.join(held)} would be suspended, and scaling is followed"
    since, field = snapshot.observation.at - record.lowered_at, _asked_for(snapshot, record, action)
    if since < RELIFT.seconds and field > record.base:
        return f"law 22: {field} would be asked for {since:.0f} s after a cut, the base is {record.base}"
    return None


def _asked_for(snapshot: Snapshot, record: Journal, action: Action) -> int:
    """What desired capacity comes to by an act that asks for more than was asked for and is there; 0 by any other."""
    seen = snapshot.observation
    before = seen.journal.open if isinstance(seen.journal, Journal) else ()
    match action:
        case Launch(token=token) if token not in {one.token for one in before}:
            return coming(record, seen) + unseen(record, seen)
        case SetCapacity(desired=int() as desired) if desired > max(seen.group.desired, seen.rows):
            return desired
        case _:
            return 0
