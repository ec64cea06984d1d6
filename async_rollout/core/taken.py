"""Whom an act takes out of service, and who serves on without them: a guard's own reading of a look and the record."""

from __future__ import annotations

from collections.abc import Iterator

from async_rollout.core.actions import Action, Deregister, EnterStandby, Terminate
from async_rollout.core.journal import Journal, Mark, Removal
from async_rollout.core.observation import Instance
from async_rollout.core.policy import ILL
from async_rollout.core.serving import is_shifted, serves_still
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import is_new


def named(action: Action) -> tuple[str, ...]:
    match action:
        case Deregister(registrations=ones):
            return tuple(sorted({one.instance for one in ones}))
        case Terminate(instance=id) | EnterStandby(instance=id):
            return (id,)
        case _:
            return ()


def taken_out(snapshot: Snapshot, record: Journal, action: Action) -> tuple[str, ...]:
    """Whom this act takes out of service who was in service till now, but for newcomers that never got well."""
    return tuple(
        one.id
        for one in in_service(snapshot, action)
        if not _was_recorded(snapshot, one.id) and _was_well(snapshot, record, one)
    )


def taken_out_again(snapshot: Snapshot, action: Action) -> tuple[str, ...]:
    """Whom this act takes out whose way out was recorded before, and who serves all the same."""
    recorded = (one for one in in_service(snapshot, action) if _was_recorded(snapshot, one.id))
    return tuple(one.id for one in recorded if serves_still(snapshot.observation, one))


def in_service(snapshot: Snapshot, action: Action) -> Iterator[Instance]:
    """Whom an act names, as far as the look shows it in service; nobody takes out whom EC2 does not run."""
    going = named(action)
    return (one for one in snapshot.observation.instances if one.id in going and one.in_service and not one.down)


def _was_recorded(snapshot: Snapshot, id: str) -> bool:
    """That it is taken out stood in the record that the look brought."""
    seen = snapshot.observation.journal
    departure = seen.departure(id) if isinstance(seen, Journal) else None
    return departure is not None and departure.draining is Mark.ENDED


def _was_well(snapshot: Snapshot, record: Journal, instance: Instance) -> bool:
    """It serves, or has served: an old one, or a newcomer that was once found healthy."""
    history = snapshot.belief.history(instance.id)
    return not is_new(record, instance) or history.proven or history.streak.good > 0


def is_needed(snapshot: Snapshot, record: Journal, instance: Instance) -> bool:
    """It serves by what AWS shows, was well in its last looks, is but for its zone, or they are too few to call it ill.

    One that is new or surplus, and was never proven, is nobody's need before it is well; nor is surplus whose zone is
    shifted away: it serves nobody, and when the zone comes back the others hold the base.
    """
    history, seen = snapshot.belief.history(instance.id), snapshot.observation
    surplus, shifted = is_surplus(record, instance.id), is_shifted(seen, instance) and not instance.marked_unhealthy
    if history.streak.good > 0 or serves_still(seen, instance):
        return True
    served = history.proven or not (surplus or is_new(record, instance))
    return not surplus if shifted else served and history.streak.bad < ILL.looks


def available(spec: RolloutSpec, snapshot: Snapshot, record: Journal) -> frozenset[str]:
    """Who holds the floor: in service, on no way out, found healthy often enough, a newcomer by its up-check too."""
    found = set()
    for one in snapshot.observation.instances:
        history = snapshot.belief.history(one.id)
        checked = history.passed or spec.hooks.up_check is None or not is_new(record, one)
        well = history.streak.good >= spec.healthy_threshold and checked
        if one.in_service and well and record.departure(one.id) is None and not _was_recorded(snapshot, one.id):
            found.add(one.id)
    return frozenset(found)


def lasting(snapshot: Snapshot, record: Journal) -> int:
    """How many may be counted on: in service, on no way out, run by EC2, and not known to be ill."""
    there = (one for one in snapshot.observation.instances if one.in_service and not one.down)
    return sum(_may_last(snapshot, record, one) for one in there if record.departure(one.id) is None)


def _may_last(snapshot: Snapshot, record: Journal, instance: Instance) -> bool:
    history = snapshot.belief.history(instance.id)
    served = history.proven or not is_new(record, instance)
    return history.streak.bad < (ILL.looks if served else 1)


def out_of_sight(snapshot: Snapshot, record: Journal) -> int:
    """Terminated ones that the look does not show, and that may only be missing from the answer."""
    sent = (one.id for one in record.departures if one.removal is not Removal.NOT)
    return sum(snapshot.observation.instance(id) is None and not snapshot.belief.history(id).is_gone for id in sent)


def is_surplus(record: Journal, id: str) -> bool:
    departure = record.departure(id)
    return departure is not None and departure.surplus


def only_drains(snapshot: Snapshot, id: str) -> bool:
    """By the record that the look brought an old one is taken out and no more; it was well, and EC2 runs it."""
    seen, one = snapshot.observation.journal, snapshot.observation.instance(id)
    departure = seen.departure(id) if isinstance(seen, Journal) else None
    history = snapshot.belief.history(id)
    if departure is None or departure.surplus or one is None or not one.in_service:
        return False
    lost = one.down or history.sick or (one.marked_unhealthy and history.unfit)
    return departure.only_drains and not lost


def heals(snapshot: Snapshot, action: Action) -> bool:
    """It ends one that EC2 does not run and that was on no way out, so that AWS launches another."""
    if not isinstance(action, Terminate) or action.shrink:
        return False
    one, seen = snapshot.observation.instance(action.instance), snapshot.observation.journal
    known = isinstance(seen, Journal) and seen.departure(action.instance) is not None
    return one is not None and bool(one.down) and not known
