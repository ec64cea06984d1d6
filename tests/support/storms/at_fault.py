"""Newcomers that EC2 has ended: who counts as one that failed and who does not, by the world's own truth."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from async_rollout.core.events import NewcomerFailed
from async_rollout.sandbox.faults import FaultKind
from async_rollout.sandbox.history import Happening, What
from support.storms.ec2_ends import CALLED, RECLAIMED
from support.storms.storm import Past

TOLD = 240.0
"""Seconds after its end in which a conductor that looks must have counted it: marked, looked at, told by AWS."""
BLINDING = (FaultKind.EXPIRED, FaultKind.DENIED, FaultKind.EMPTY, FaultKind.GAP, FaultKind.REFUSED)
BURST = 0.5
"""A fault that strikes so often may keep AWS from telling."""
LOADS = ("lose", "attach", "shift")
"""Deeds that make all of them ill, or look so."""
ILLS = (What.DIED, What.UNHEALTHY, What.MARK, What.DEREGISTER, What.STANDBY, What.DETACH, What.TERMINATE)


def who_is_not_at_fault_is_not_counted(past: Past) -> Iterator[str]:
    """Law 17: one that was taken back, or that a call has ended, and that ailed nothing, did not fail."""
    clear = _is_clear(past)
    for event in past.events:
        died = _ended(past, event.instance) if isinstance(event, NewcomerFailed) else None
        if not isinstance(event, NewcomerFailed) or died is None or event.at < died.at:
            continue
        reason = past.world.state.instances[died.instance].reason
        if (reason == RECLAIMED or (clear and reason == CALLED)) and not _ailed(past, died):
            yield f"law 17: {died.instance} counts as failed, and {reason} ended it at {died.at:.1f}: {event.why}"


def who_is_at_fault_is_counted(past: Past) -> Iterator[str]:
    """Law 17: a newcomer that has ended counts, where one conductor sees it all and nobody else ails."""
    told = {event.instance for event in past.events if isinstance(event, NewcomerFailed)}
    for died in past.world.record if _is_clear(past) else ():
        if died != _ended(past, died.instance) or died.instance in told or _ailed(past, died):
            continue
        reason = past.world.state.instances[died.instance].reason
        excused = reason in (CALLED, RECLAIMED) or _others_ail(past, died)
        if _is_watched(past, died) and not excused:
            yield f"law 17: {died.instance} ended at {died.at:.1f} ({reason}), and does not count as failed"


def _is_clear(past: Past) -> bool:
    """What AWS knows of an end it tells in time."""
    dim = any(one.kind in BLINDING or one.silent or one.probability >= BURST for one in past.weather.faults)
    deeds = {one.kind for one in past.weather.deeds}
    return not (dim or past.weather.naps or past.world.log.forged or deeds.intersection(LOADS))


def _ended(past: Past, id: str) -> Happening | None:
    """That EC2 ended it, behind its group's back."""
    ends = (one for one in past.world.record if one.instance == id and one.what is What.DIED)
    return next((one for one in ends if one.detail != "its application"), None)


def _before(past: Past, died: Happening) -> list[Happening]:
    earlier = takewhile(lambda one: one is not died, past.world.record)
    return [one for one in earlier if one.instance == died.instance]


def _ailed(past: Past, died: Happening) -> bool:
    """It was ill, or on a way out, before."""
    return any(one.what in ILLS for one in _before(past, died))


def _others_ail(past: Past, died: Happening) -> bool:
    """Others were ill at about that time: it may be the world's doing."""
    near = (one for one in past.world.record if abs(one.at - died.at) <= TOLD and one.instance != died.instance)
    ours = (What.TERMINATE, What.DEREGISTER)
    return any(one.what in ILLS and not (one.who == "owner" and one.what in ours) for one in near)


def _is_watched(past: Past, died: Happening) -> bool:
    """It came after the cutoff of a conductor that replaced all before and long after that."""
    until = died.at + TOLD + past.weather.lag + past.weather.told_after
    heads = past.world.log.heads
    spoken = [one for one in heads if one.at <= died.at][-1:] + [one for one in heads if died.at < one.at <= until]
    began, ended = past.lives.get(spoken[0].run, (0.0, 0.0)) if spoken else (0.0, 0.0)
    cutoff = spoken[0].cutoff if spoken else None
    same = len({(one.run, one.replaces, one.cutoff) for one in spoken}) == 1 and spoken[0].replaces
    new = cutoff is not None and past.world.state.instances[died.instance].attached_at > cutoff + 1.0
    return same and new and began < died.at and until < ended
