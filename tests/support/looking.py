"""Looks at a cloud that asks the small AWS of tests/aws/conftest.py."""

from __future__ import annotations

from typing import Any

import anyio

from async_rollout.aws.cloud import AwsCloud
from async_rollout.core.actions import Need, Needs
from async_rollout.core.observation import Observation

TG = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0011223344556677"
OTHER = TG.replace("blue", "green")
TARGETS = frozenset({Need.TARGETS})
NONE: frozenset[Need] = frozenset()


def cloud(aws: Any) -> AwsCloud:
    return AwsCloud(aws.send, region="eu-west-1", jitter=lambda: 1.0)


async def look(one: AwsCloud, name: str, needs: Needs = TARGETS) -> Observation:
    return await one.look(name, needs, anyio.current_time())
