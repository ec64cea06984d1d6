"""Scale-in protection: its owner, often the instance itself while it works, asks that it does not go now.

Asked before each removal. AWS's terminate call ignores protection, so it is for us to respect it. It guards from
scale-in alone: who is marked Unhealthy is replaced by AWS all the same. ECS protects every instance of its capacity
providers by itself; that says nothing of the owner's will.
"""

from __future__ import annotations

from collections.abc import Mapping

from async_rollout.core.journal import Departure, Mark, Removal
from async_rollout.core.memory import Memory
from async_rollout.core.observation import Group, Instance, Observation
from async_rollout.core.policy import PROTECTED
from async_rollout.core.spec import Protected, RolloutSpec
from async_rollout.core.standby import may_end


def is_shielded(spec: RolloutSpec, group: Group, one: Instance) -> bool:
    """Whether it may not go as long as this look is true."""
    ours_to_heed = spec.protected is not Protected.REPLACE and not group.ecs_managed
    return ours_to_heed and one.protected and not one.marked_unhealthy


def is_skipped(spec: RolloutSpec, memory: Memory, group: Group, one: Instance) -> bool:
    """Whether it is left as it is: nothing waits for it any more."""
    if not is_shielded(spec, group, one):
        return False
    return spec.protected is Protected.SKIP or is_overdue(memory, one.id)


def is_overdue(memory: Memory, id: str) -> bool:
    """Protected without a break for as long as one is waited for."""
    return memory.at - memory.shielded.get(id, memory.at) > PROTECTED


def shielded_since(spec: RolloutSpec, before: Mapping[str, float], observation: Observation) -> dict[str, float]:
    """Since when each one is seen protected without a break."""
    members = (one for one in observation.instances if one.in_service or may_end(spec, one))
    guarded = (one.id for one in members if is_shielded(spec, observation.group, one))
    return {id: before.get(id, observation.at) for id in guarded}


def calls_back(spec: RolloutSpec, group: Group, departure: Departure, one: Instance) -> bool:
    """It is only drained and has got protected since: it goes back to serve."""
    only_drained = departure.removal is Removal.NOT and departure.before is Mark.NOT and not departure.surplus
    return only_drained and is_shielded(spec, group, one)
