"""Standby: taken out of service by its owner, out of DesiredCapacity, serving nobody.

By default it takes no part. With `--standby terminate` those that are old go too, last of all, so that a run that is
put back before has not touched them. None of them holds a place in DesiredCapacity: a terminate that decremented would
take the place of one that serves.
"""

from __future__ import annotations

from async_rollout.core.journal import Journal
from async_rollout.core.observation import Instance
from async_rollout.core.spec import RolloutSpec, Standby
from async_rollout.core.stages import is_old


def may_end(spec: RolloutSpec, instance: Instance) -> bool:
    """Whether it may be terminated with the rollout. Not while it only enters Standby, nor if EC2 forgot it."""
    return spec.standby is Standby.TERMINATE and instance.lifecycle == "Standby" and instance.launched_at is not None


def is_to_end(spec: RolloutSpec, journal: Journal, instance: Instance) -> bool:
    """Whether it is one of those that the rollout replaces by its scope."""
    return may_end(spec, instance) and is_old(spec, journal, instance)
