"""Laws 9 and 11 asked of a play: what is done was written down before, by the one who conducts.

As in `promises`, every line names its law; nothing here imports core.laws.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from async_rollout.core.actions import (
    Deregister,
    EnterStandby,
    Erase,
    Launch,
    Record,
    Register,
    Resume,
    SetCapacity,
    Suspend,
    Terminate,
)
from async_rollout.core.journal import Removal
from support.laws.ought import LEASE, OLDEST_LOOK, SLACK, Ought
from support.laws.playing import Deed, Play


def written_first(play: Play, ought: Ought) -> Iterator[str]:
    """Law 9: what is done stands in the record before, and stays there until it is over."""
    for deed in play.deeds:
        record, action = deed.record, deed.action
        if why := _unwritten(deed):
            yield f"law 9: {why} at {deed.at:.1f} stands in no record"
        if isinstance(action, Record | Erase) and record is not None:
            left = {departure.id for departure in deed.written.departures} if deed.written else set()
            for id in sorted(({departure.id for departure in record.departures} & deed.out) - left):
                yield f"law 9: {id} is out at {deed.at:.1f} and its departure was dropped"


def _unwritten(deed: Deed) -> str:
    record = deed.record
    match deed.action:
        case Deregister(registrations=ones):
            return next(
                (f"the way out of {one.instance}" for one in ones if not (record and record.departure(one.instance))),
                "",
            )
        case Terminate(instance=id, shrink=shrink):
            departure, kinds = record.departure(id) if record else None, (Removal.SHRINK if shrink else Removal.KEEP,)
            return "" if departure and departure.removal in kinds else f"the terminate of {id}"
        case EnterStandby(instance=id):
            departure = record.departure(id) if record else None
            return "" if departure and departure.removal is Removal.PARKED else f"that {id} is parked"
        case Launch(zone=zone, count=count, token=token):
            open = {(one.zone, one.count, one.token) for one in record.open} if record else set()
            return "" if (zone, count, token) in open else f"the launch {token}"
        case SetCapacity(desired=int() as more) if more > deed.group.desired:
            return "" if record and record.asked == more else f"desired {more}"
        case SetCapacity(maximum=int() as most) if most > deed.group.maximum:
            return "" if record and record.raised == most else f"the maximum {most}"
        case Suspend(processes=names):
            return "" if record and set(names) <= set(record.suspended) else f"the suspension of {names}"
        case _:
            return ""


_NAMING = (Deregister, Terminate, EnterStandby, SetCapacity, Suspend, Resume, Register, Erase)
"""Acts for which the record has to name who does them."""


def one_conductor(play: Play, ought: Ought) -> Iterator[str]:
    """Law 11: only who stands in the record acts, on a look of his own that is not old, with a lease that lasts."""
    for deed in play.deeds:
        record = deed.record
        if isinstance(deed.action, Record):
            if record and record.run != deed.actor and record.until > deed.at and _age(play, deed) > 20.0:
                yield f"law 11: {deed.actor} took over at {deed.at:.1f} from {record.run}, whose lease still lasted"
            continue
        if not isinstance(deed.action, _NAMING):
            continue
        if record is None or record.run != deed.actor:
            yield f"law 11: {deed.actor} acted at {deed.at:.1f}, the record named {record.run if record else 'nobody'}"
        elif record.until < deed.at - SLACK:
            yield f"law 11: {deed.actor} acted at {deed.at:.1f}, its lease was over"
        if deed.at - deed.looked > OLDEST_LOOK + SLACK:
            yield f"law 11: {deed.actor} acted at {deed.at:.1f} on a look {deed.at - deed.looked:.0f} s old"


def _age(play: Play, deed: Deed) -> float:
    """How long the record that is there has stood, in whatever version."""
    first = [
        one.at for one in play.deeds if isinstance(one.action, Record) and deed.record and one.actor == deed.record.run
    ]
    return deed.at - min(first, default=deed.at - LEASE)


def the_lease_lasts(play: Play, ought: Ought) -> Iterator[str]:
    """Law 11: a living holder's lease never runs out."""
    for run, until in play.ended.items():
        if run not in play.results:
            continue
        times = [one.at for one in play.deeds if isinstance(one.action, Record) and one.actor == run]
        gaps = [after - before for before, after in pairwise([*times, until])]
        if max(gaps, default=0.0) > LEASE:
            yield f"law 11: the lease of {run} ran out: {max(gaps):.0f} s without a renewal"
