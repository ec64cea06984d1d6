"""What each AWS operation answers, one table a service. The world does, checks and refuses; here it is only told."""

from __future__ import annotations

from collections.abc import Mapping

from async_rollout.sandbox.doors.answers import autoscaling, ec2, ecs, elb, elbv2, sts
from async_rollout.sandbox.doors.answers.asked import Table

TABLES: Mapping[str, Table] = {
    "autoscaling": autoscaling.TABLE,
    "elb": elb.TABLE,
    "elbv2": elbv2.TABLE,
    "ec2": ec2.TABLE,
    "ecs": ecs.TABLE,
    "sts": sts.TABLE,
}
