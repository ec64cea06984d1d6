"""ECS clusters: an instance that hosts containers takes work from one, and is drained of it before it goes."""

from async_rollout.aws.traffic.ecs.kind import EVERYWHERE, EcsHosts
from async_rollout.aws.traffic.ecs.options import Ecs

__all__ = ["EVERYWHERE", "Ecs", "EcsHosts"]
