"""The names of the steps of a life, and which instances are old or new."""

from __future__ import annotations

from enum import StrEnum

from async_rollout.core.journal import Journal
from async_rollout.core.observation import Instance
from async_rollout.core.spec import RolloutSpec, Scope


class Stage(StrEnum):
    """Where an instance stands in its life: the steps of `life`, as events tell them.

    New ones climb from launching to available; old ones fall from serving to gone. Ready: it counts for the floor, and
    makes no room yet for an old one to go. Ailing is not counted. Preparing: the next to go, while its command runs it
    serves still. Returning: only drained, and registered back. Parking, parked: out of its load balancers, and put into
    Standby for its owner. Stranded: out of them too, to stay so until somebody decides.
    """

    LAUNCHING = "launching"
    REGISTERING = "registering"
    CHECKING = "checking"
    READY = "ready"
    AVAILABLE = "available"
    AILING = "ailing"
    SERVING = "serving"
    PREPARING = "preparing"
    DRAINING = "draining"
    DRAINED = "drained"
    RESTING = "resting"
    SPENT = "spent"
    TERMINATING = "terminating"
    GONE = "gone"
    RETURNING = "returning"
    STANDBY = "standby"
    PARKING = "parking"
    PARKED = "parked"
    STRANDED = "stranded"


YOUNG = (Stage.LAUNCHING, Stage.REGISTERING, Stage.CHECKING)
"""On its way to serve."""

PROVEN = (Stage.READY, Stage.AVAILABLE)
"""A newcomer that serves."""


def is_old(spec: RolloutSpec, journal: Journal, instance: Instance) -> bool:
    """Whether the instance is to be replaced, by the recorded cutoff (RULES: old, new, proven, dead).

    A run that sets what the group launches from replaces what is not on that, whatever it was ordered to else.
    """
    if journal.cutoff is None or instance.launched_at is None:
        return False
    before = instance.launched_at <= journal.cutoff
    return instance.outdated or (before and spec.scope is Scope.ALL and journal.templates is None)


def is_new(journal: Journal, instance: Instance) -> bool:
    """Whether it came after the cutoff, by whoever's doing."""
    return journal.cutoff is not None and instance.launched_at is not None and instance.launched_at > journal.cutoff
