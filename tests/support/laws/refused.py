"""Worlds in which AWS does not take single calls for a while. Law 18: what it refused or never got is no launch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from async_rollout.core.actions import SetCapacity
from async_rollout.sandbox.faults import Fault, FaultKind
from support.laws.ought import Ought
from support.laws.playing import Part, Play, play, small
from support.laws.promises import wrong
from support.laws.stories import SPEC


def counted_as_taken(played: Play, surge: int = 1) -> Iterator[str]:
    """Law 18: the record never counts more launches than AWS took, but for those that it is just about to ask for."""
    taken = 0
    for deed in played.deeds:
        if isinstance(deed.action, SetCapacity):
            taken += max(0, deed.now.desired - deed.group.desired)
        if deed.written is not None and deed.written.launches > taken + surge:
            yield f"law 18: {deed.written.launches} launches stand in the record at {deed.at:.1f}, AWS took {taken}"


def _refused(action: str, kind: FaultKind, window: tuple[float, float]) -> list[str]:
    part = Part(faults=(Fault(kind=kind, action=action, window=window),))
    played = play(SPEC, part, build=partial(small, size=3))
    return [*counted_as_taken(played), *wrong(played, Ought(floor=3, ceiling=4, exist=5))]


def raise_refused() -> list[str]:
    """Another change is in the way of each raise for minutes."""
    return _refused("SetDesiredCapacity$", FaultKind.CONTENDED, (0.0, 300.0))


def raise_lost() -> list[str]:
    """Each raise is answered with a 500, and none was done."""
    return _refused("SetDesiredCapacity$", FaultKind.ERROR_500, (0.0, 300.0))


def raise_never_sent() -> list[str]:
    """What stands before the raise in the same tick fails for minutes."""
    return _refused("elbv2:DeregisterTargets$", FaultKind.ERROR_500, (60.0, 300.0))
