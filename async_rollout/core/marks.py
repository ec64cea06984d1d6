"""The mark Unhealthy: it is sticky, and ReplaceUnhealthy acts on it as soon as it runs again.

We take off only the mark that our own deregistration made: an instance that is missing from its load balancer is
Unhealthy to a group that asks them. Whom others have marked, through the API or while it was sick, stays marked and
goes, a ready successor first: as long as every source calls it healthy, it serves and counts for the floor.
"""

from __future__ import annotations

from async_rollout.core.belief import Belief
from async_rollout.core.journal import Departure
from async_rollout.core.observation import Group, Instance, Observation
from async_rollout.core.policy import MARKED_LATE, MARKS_MAX
from async_rollout.core.serving import called_healthy, healthy_everywhere


def is_accused(observation: Observation, instance: Instance) -> bool:
    """Only marked: it serves, and every source calls it healthy."""
    return instance.in_service and instance.marked_unhealthy and healthy_everywhere(observation, instance)


def is_ours_to_take_off(
    belief: Belief, observation: Observation, instance: Instance, departure: Departure | None = None
) -> bool:
    """Whether our deregistration made its mark, and it is healthy again. departure: its way out, while that stands."""
    history = belief.history(instance.id)
    well = instance.in_service and instance.marked_unhealthy and called_healthy(observation, instance)
    if not well or history.unmarked >= MARKS_MAX or not _asks_sources(observation.group):
        return False
    since = observation.at if history.marked_since is None else history.marked_since
    if departure is not None:
        return since > departure.at + 1  # AWS's Date is cut to whole seconds
    back = [history.sent_at(where) for where in history.back]
    return bool(back) and 0.0 <= since - max(back) <= MARKED_LATE


def _asks_sources(group: Group) -> bool:
    """The group's health checks are not EC2's alone."""
    return bool({*group.health_check_type.split(",")} - {"EC2", "EBS", ""})
