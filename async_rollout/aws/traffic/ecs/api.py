"""How ECS is called."""

from __future__ import annotations

from async_rollout.aws.calls import Api, Rate, one_bucket

ECS = Api(client="ecs", rate=one_bucket(Rate(name="ecs", burst=50.0, refill=20.0, watched=True)))
"""The smallest of the buckets in AWS's guide on request throttling, for all."""
