"""What a cluster's services are read as, by calls that AWS takes, from bodies as botocore gives them."""

from __future__ import annotations

from typing import Any

import pytest

from async_rollout.aws.traffic.ecs.services import services_of
from async_rollout.aws.traffic.ecs.work import Deployment, Service
from support.ecs_tables import FakeEcs, arn, event, service_row

UNPLACED = "(service web) was unable to place a task because no container instance met all of its requirements."
STEADY = "(service web) has reached a steady state."


async def test_a_service_is_read() -> None:
    ecs = FakeEcs()
    ecs.services = [
        service_row(
            "web",
            pendingCount=1,
            deployments=[
                {"rolloutState": "IN_PROGRESS", "rolloutStateReason": "ECS deployment in progress."},
                {"rolloutState": "COMPLETED"},
            ],
            loadBalancers=[{"targetGroupArn": "arn:tg", "containerPort": 8080}, {"loadBalancerName": "classic"}],
            placementConstraints=[
                {"type": "distinctInstance"},
                {"type": "memberOf", "expression": "attribute:zone == a"},
            ],
        )
    ]
    ecs.definitions[arn("task-definition", "web:7")] = {
        "networkMode": "host",
        "placementConstraints": [{"type": "memberOf", "expression": "attribute:gpu exists"}],
        "containerDefinitions": [{"portMappings": [{"containerPort": 8080}], "stopTimeout": 90}],
    }
    assert await services_of(ecs.ask, "prod", ["web"]) == (
        Service(
            name="web",
            desired=3,
            running=3,
            pending=1,
            minimum_percent=50,
            maximum_percent=150,
            deployments=(
                Deployment(rollout="IN_PROGRESS", reason="ECS deployment in progress."),
                Deployment(rollout="COMPLETED"),
            ),
            target_groups=(("arn:tg", 8080),),
            distinct=True,
            fixed_ports=frozenset({8080}),
        ),
    )


async def one_service(ecs: FakeEcs | None = None, /, **row: Any) -> Service:
    ecs = ecs or FakeEcs()
    ecs.services = [service_row("web", **row)]
    (found,) = await services_of(ecs.ask, "prod", ["web"])
    return found


async def test_ten_services_a_call_and_each_definition_once() -> None:
    ecs = FakeEcs()
    names = [f"s{number:02}" for number in range(25)]
    shared = arn("task-definition", "shared:1")
    ecs.services = [service_row(name, taskDefinition=shared) for name in names[:20]] + [
        service_row(name) for name in names[20:]
    ]
    found = await services_of(ecs.ask, "prod", [*reversed(names), *names])
    assert [service.name for service in found] == names
    assert sorted(len(params["services"]) for params in ecs.asked("DescribeServices")) == [5, 10, 10]
    asked = [params["taskDefinition"] for params in ecs.asked("DescribeTaskDefinition")]
    assert sorted(asked) == sorted([shared, *(arn("task-definition", f"{name}:7") for name in names[20:])])


async def test_nobody_asks_for_no_service() -> None:
    ecs = FakeEcs()
    assert await services_of(ecs.ask, "prod", []) == ()
    assert ecs.sent == []


async def test_a_service_that_has_been_deleted_is_absent() -> None:
    ecs = FakeEcs()
    ecs.services = [service_row("a"), service_row("b", status="INACTIVE"), service_row("c", status="DRAINING")]
    ecs.gone = {"a"}
    assert [(one.name, one.status) for one in await services_of(ecs.ask, "prod", "abcd")] == [("c", "DRAINING")]


def percent(low: int, high: int) -> dict[str, int]:
    return {"minimumHealthyPercent": low, "maximumPercent": high}


@pytest.mark.parametrize(
    ("row", "percents"),
    [
        ({"deploymentConfiguration": percent(50, 150)}, (50, 150)),
        ({"deploymentConfiguration": percent(0, 100)}, (0, 100)),
        ({"deploymentConfiguration": {}}, (100, 200)),
        ({"deploymentConfiguration": {}, "schedulingStrategy": "DAEMON"}, (0, 100)),
        ({"deploymentConfiguration": {"maximumPercent": 100}}, (100, 100)),
        ({"deploymentConfiguration": percent(50, 100), "deploymentController": {"type": "ECS"}}, (50, 100)),
        ({"deploymentConfiguration": percent(100, 100), "deploymentController": {"type": "CODE_DEPLOY"}}, (100, 200)),
        ({"deploymentConfiguration": percent(50, 100), "deploymentController": {"type": "EXTERNAL"}}, (50, 200)),
    ],
)
async def test_percentages_are_the_services_or_awss_defaults(row: dict[str, Any], percents: tuple[int, int]) -> None:
    found = await one_service(**row)
    assert (found.minimum_percent, found.maximum_percent) == percents


async def test_what_something_else_deploys_is_told_by_its_task_sets() -> None:
    ecs = FakeEcs()
    green, blue = arn("task-definition", "green:1"), arn("task-definition", "blue:1")
    ecs.definitions[green] = {"networkMode": "awsvpc"}
    sets = [
        {"status": "ACTIVE", "taskDefinition": blue, "stabilityStatus": "STABILIZING"},
        {
            "status": "PRIMARY",
            "taskDefinition": green,
            "stabilityStatus": "STEADY_STATE",
            "loadBalancers": [{"targetGroupArn": "arn:green"}],
        },
    ]
    found = await one_service(ecs, deployments=[], taskSets=sets, taskDefinition="")
    assert [one.rollout for one in found.deployments] == ["COMPLETED", "IN_PROGRESS"]
    assert found.target_groups == (("arn:green", None),)
    assert ecs.asked("DescribeTaskDefinition") == [{"taskDefinition": green}]


async def test_a_service_without_a_definition_takes_no_port() -> None:
    ecs = FakeEcs()
    found = await one_service(ecs, deployments=[], taskDefinition="")
    assert (found.fixed_ports, found.deployments) == (frozenset(), ())
    assert ecs.asked("DescribeTaskDefinition") == []


PORTS = [{"containerPort": 80}, {"containerPort": 81, "hostPort": 0}, {"containerPort": 82, "hostPort": 8082}]


@pytest.mark.parametrize(
    ("mode", "fixed"),
    [(None, {8082}), ("bridge", {8082}), ("host", {80, 81, 8082}), ("awsvpc", set()), ("none", set())],
)
async def test_which_ports_of_the_host_each_task_takes(mode: str | None, fixed: set[int]) -> None:
    ecs = FakeEcs()
    ecs.definitions[arn("task-definition", "web:7")] = {
        **({"networkMode": mode} if mode else {}),
        "containerDefinitions": [{"portMappings": PORTS[:2]}, {"portMappings": PORTS[2:]}, {}],
    }
    assert (await one_service(ecs)).fixed_ports == fixed


@pytest.mark.parametrize(
    ("events", "unplaced"),
    [
        ([], ""),
        ([event(STEADY)], ""),
        ([event(UNPLACED)], UNPLACED),
        ([event(UNPLACED + " For more information, see the Troubleshooting section.")], UNPLACED),
        ([event(UNPLACED, 1), event(STEADY, 0)], UNPLACED),
        ([event(STEADY, 1), event(UNPLACED, 0)], ""),
        ([event(STEADY, 0), event(UNPLACED, 1)], UNPLACED),
        ([event("(service web) has started 1 tasks", 2), event(UNPLACED, 1)], UNPLACED),
    ],
)  # fmt: skip
async def test_what_its_events_say_whatever_their_order(events: list[Any], unplaced: str) -> None:
    found = await one_service(events=events)
    assert found.unplaced == unplaced
