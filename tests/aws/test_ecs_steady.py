"""When a service is at rest, and in which words it is not."""

from __future__ import annotations

from typing import Any

import pytest

from async_rollout.aws.traffic.ecs.steady import unsettled
from async_rollout.aws.traffic.ecs.work import Deployment, Service

UNPLACED = "(service web) was unable to place a task because no container instance met all of its requirements."


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, None),
        ({"running": 0, "desired": 0}, None),
        ({"deployments": (Deployment(rollout=""),)}, None),
        ({"unplaced": UNPLACED}, None),
        ({"running": 2}, "2 of 3 tasks run"),
        ({"running": 4}, "4 of 3 tasks run"),
        ({"pending": 1}, "1 pending"),
        ({"status": "DRAINING"}, "it is being deleted"),
        ({"status": "INACTIVE"}, "its status is INACTIVE"),
        ({"status": ""}, "its status is not told"),
        ({"deployments": ()}, "no deployments where one is usual"),
        ({"deployments": (Deployment(), Deployment())}, "2 deployments where one is usual"),
        ({"deployments": (Deployment(rollout="IN_PROGRESS"),)}, "its deployment is IN_PROGRESS"),
        (
            {"deployments": (Deployment(rollout="FAILED", reason="tasks failed to start."),)},
            "its deployment is FAILED (tasks failed to start.)",
        ),
        ({"running": 2, "pending": 1, "unplaced": UNPLACED}, f"2 of 3 tasks run; 1 pending; {UNPLACED}"),
    ],
)
def test_why_a_service_is_not_steady(fields: dict[str, Any], why: str | None) -> None:
    found = unsettled([Service(**{"name": "web", "desired": 3, "running": 3, **fields})])
    assert found == ({} if why is None else {"web": why})


def test_each_service_is_named_that_is_not() -> None:
    services = [Service(name="a"), Service(name="b", running=0), Service(name="c", pending=2)]
    assert unsettled(services) == {"b": "0 of 1 tasks run", "c": "2 pending"}
