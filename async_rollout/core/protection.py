"""Scale-in protection: its owner, often the instance itself while it works, asks that it does not go now.

Asked before each removal. AWS's terminate call ignores protection, so it is for us to respect it. It guards from
scale-in alone: who is marked Unhealthy is replaced by AWS all the same. ECS protects every instance of its capacity
providers by itself; that says nothing of the owner's will.
"""

from __future__ import annotations

from async_rollout.core.observation import Group, Instance
from async_rollout.core.spec import Protected, RolloutSpec


def is_shielded(spec: RolloutSpec, group: Group, instance: Instance) -> bool:
    """Whether it may not go as long as this look is true."""
    ours_to_heed = spec.protected is not Protected.REPLACE and not group.ecs_managed
    return ours_to_heed and instance.protected and not instance.marked_unhealthy
