"""Commands that a record names and this order lacks (RULES §13).

A killed run is gone on from with a line typed anew. Whoever forgets a command there does not mean that nodes go
without it: nobody is terminated who would have had one, and nobody is forgotten who still has to get one.
"""

from __future__ import annotations

from collections.abc import Iterator

from async_rollout.core.journal import MARKS, Departure, Journal, Mark
from async_rollout.core.spec import HookPoint, RolloutSpec

FLAGS = {
    HookPoint.UP_CHECK: "-u",
    HookPoint.BEFORE_DRAINING: "--run-before-draining-command",
    HookPoint.BEFORE_TERMINATE: "-b",
    HookPoint.AFTER_TERMINATE: "-d",
}
"""What each command is given with on the command line."""
BEFORE_ITS_END = (HookPoint.BEFORE_DRAINING, HookPoint.BEFORE_TERMINATE)
"""The points at which an instance has a command before it is terminated."""


def withheld(spec: RolloutSpec, journal: Journal) -> frozenset[HookPoint]:
    """The points whose command is missing, unless that was said to be meant."""
    if spec.without_commands:
        return frozenset()
    return frozenset((*journal.commands, *_begun(journal))).difference(spec.hooks.points)


def _begun(journal: Journal) -> Iterator[HookPoint]:
    """A record of the first release does not say which commands there were; its departures say which have begun."""
    marks = (Mark.BEGUN, Mark.FAILED)
    yield from (point for point in MARKS if any(each.mark(point) in marks for each in journal.departures))


def lacks_before(spec: RolloutSpec, journal: Journal, departure: Departure) -> bool:
    """This one may not go: a command that it gets before its end is not over, and there is none to run."""
    lacking = withheld(spec, journal)
    return any(departure.mark(point) is not Mark.ENDED for point in BEFORE_ITS_END if point in lacking)


def lacks_after(spec: RolloutSpec, journal: Journal, departure: Departure) -> bool:
    """It is gone, and its after-command has still to be run."""
    return departure.after is not Mark.ENDED and HookPoint.AFTER_TERMINATE in withheld(spec, journal)


def asked_for(points: frozenset[HookPoint]) -> str:
    """What to type."""
    flags = ", ".join(FLAGS[point] for point in HookPoint if point in points)
    return f"give the same command again with its {flags}, or --without-commands if it is meant to do without"


def to_restore(spec: RolloutSpec, journal: Journal) -> str:
    """What to type after a restore that could not end: the same again helps nobody who lacks a command."""
    lacking = withheld(spec, journal) - {HookPoint.UP_CHECK}  # what is put back is asked by its load balancers
    return asked_for(lacking) if lacking else "restore"
