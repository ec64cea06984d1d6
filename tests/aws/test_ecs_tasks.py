"""What a cluster's tasks are read as, by calls that AWS takes, from bodies as botocore gives them."""

from __future__ import annotations

from math import inf

import pytest

from async_rollout.aws.faults import CallFailedError, FaultKind
from async_rollout.aws.traffic.ecs.services import services_of, tasks_of, with_protection
from async_rollout.aws.traffic.ecs.work import Task
from support.ecs_tables import NOW, FakeEcs, arn, fits, moment, service_row, task_row

ALONE = "family:batch"


async def test_a_task_is_read() -> None:
    ecs = FakeEcs()
    bound = [{"bindIP": "0.0.0.0", "containerPort": 80, "hostPort": port, "protocol": "tcp"} for port in (32768, 8080)]  # noqa: S104
    ecs.tasks = [
        task_row("1", containers=[{"networkBindings": bound}, {"networkBindings": []}, {}]),
        task_row("2", group=ALONE, lastStatus="PENDING"),
    ]
    assert await tasks_of(ecs.ask, "prod") == (
        Task(
            arn=arn("task", "1"),
            host=arn("container-instance", "a"),
            service="web",
            family="web",
            ports=frozenset({8080, 32768}),
        ),
        Task(arn=arn("task", "2"), host=arn("container-instance", "a"), family="batch", status="PENDING"),
    )


@pytest.mark.parametrize(
    ("group", "service"),
    [("service:web", "web"), ("service:service:", "service:"), ("family:service", ""), ("services", ""), ("", "")],
)
async def test_only_the_prefix_tells_the_task_of_a_service(group: str, service: str) -> None:
    ecs = FakeEcs()
    ecs.tasks = [task_row("1", group=group)]
    assert [task.service for task in await tasks_of(ecs.ask, "prod")] == [service]


async def test_a_task_without_group_host_or_ports_is_one_that_still_runs() -> None:
    ecs = FakeEcs()
    ecs.tasks = [task_row("1")]
    ecs.spoilt["DescribeTasks"] = lambda body: {"tasks": [{"taskArn": "t"}], "failures": []}
    (task,) = await tasks_of(ecs.ask, "prod")
    assert task == Task(arn="t", status="")
    assert not task.over


@pytest.mark.parametrize(("count", "page"), [(0, 100), (1, 100), (100, 100), (101, 100), (250, 100), (7, 2)])
async def test_the_whole_cluster_is_asked_for_in_pages(count: int, page: int) -> None:
    ecs = FakeEcs(page=page)
    ecs.tasks = [task_row(str(number)) for number in range(count)]
    found = await tasks_of(ecs.ask, "prod")
    assert [task.arn for task in found] == [row["taskArn"] for row in ecs.tasks]
    assert len(ecs.asked("ListTasks")) == max(1, -(-count // page))
    assert sorted(len(params["tasks"]) for params in ecs.asked("DescribeTasks")) == sorted(
        [100] * (count // 100) + [count % 100] * bool(count % 100)
    )
    assert {params["cluster"] for params in (*ecs.asked("ListTasks"), *ecs.asked("DescribeTasks"))} == {"prod"}


async def test_a_page_without_tasks_is_not_the_last() -> None:
    ecs = FakeEcs(page=1)
    ecs.tasks = [task_row("1"), task_row("2")]
    ecs.spoilt["ListTasks"] = lambda body: body if "nextToken" not in body else {**body, "taskArns": []}
    assert [task.arn for task in await tasks_of(ecs.ask, "prod")] == [arn("task", "2")]


async def test_a_task_that_two_pages_list_is_one() -> None:
    ecs = FakeEcs(page=1)
    ecs.tasks = [task_row("1"), task_row("2")]
    ecs.spoilt["ListTasks"] = lambda body: {**body, "taskArns": [arn("task", "1")]}
    assert [task.arn for task in await tasks_of(ecs.ask, "prod")] == [arn("task", "1")]


async def test_what_ended_between_two_calls_is_absent() -> None:
    ecs = FakeEcs()
    ecs.tasks, ecs.gone = [task_row("1"), task_row("2")], {arn("task", "1")}
    assert [task.arn for task in await tasks_of(ecs.ask, "prod")] == [arn("task", "2")]


async def test_what_is_left_out_for_another_reason_is_no_answer() -> None:
    ecs = FakeEcs()
    ecs.tasks, ecs.failing = [task_row("1")], {arn("task", "1"): "ACCESS_DENIED"}
    with pytest.raises(CallFailedError, match="ACCESS_DENIED.*task/prod/1"):
        await tasks_of(ecs.ask, "prod")
    ecs.services, ecs.failing = [service_row("web")], {"web": "ACCESS_DENIED"}
    with pytest.raises(CallFailedError, match="DescribeServices.*ACCESS_DENIED"):
        await services_of(ecs.ask, "prod", ["web"])


MUST_HAVE = [
    ("ListTasks", "taskArns"),
    ("DescribeTasks", "tasks"),
    ("DescribeTasks", "failures"),
    ("DescribeServices", "services"),
    ("DescribeServices", "failures"),
    ("DescribeTaskDefinition", "taskDefinition"),
    ("GetTaskProtection", "protectedTasks"),
]


@pytest.mark.parametrize(("operation", "key"), MUST_HAVE)
async def test_a_reply_without_its_key_is_no_answer(operation: str, key: str) -> None:
    """A truncated one would else read as a cluster in which nothing runs."""
    ecs = FakeEcs()
    ecs.tasks, ecs.services = [task_row("1")], [service_row("web")]

    async def everything() -> None:
        tasks = await tasks_of(ecs.ask, "prod")
        await services_of(ecs.ask, "prod", ["web"])
        await with_protection(ecs.ask, "prod", tasks)

    await everything()
    ecs.spoilt[operation] = lambda body: {one: value for one, value in body.items() if one != key}
    with pytest.raises(CallFailedError, match=f"{operation}.*{key}") as caught:
        await everything()
    assert caught.value.fault.kind is FaultKind.LOST


async def test_until_when_tasks_are_protected() -> None:
    ecs = FakeEcs()
    tasks = [Task(arn=arn("task", name), service="web") for name in "abcd"]
    ecs.protections = [
        {"taskArn": tasks[0].arn, "protectionEnabled": True, "expirationDate": moment(60)},
        {"taskArn": tasks[1].arn, "protectionEnabled": True},
        {"taskArn": tasks[2].arn, "protectionEnabled": False},
    ]
    found = await with_protection(ecs.ask, "prod", tasks)
    assert [task.protected_until for task in found] == [NOW + 60, inf, None, None]
    assert [task.arn for task in found] == [task.arn for task in tasks]


async def test_protection_is_asked_for_a_hundred_at_a_time_and_only_for_those_of_services() -> None:
    ecs = FakeEcs()
    tasks = [Task(arn=str(number), service="web" if number % 2 else "") for number in range(301)]
    assert len(await with_protection(ecs.ask, "prod", tasks)) == 301
    asked = [params["tasks"] for params in ecs.asked("GetTaskProtection")]
    assert sorted(map(len, asked)) == [50, 100]
    assert {one for some in asked for one in some} == {task.arn for task in tasks if task.service}


async def test_a_task_that_cannot_be_protected_is_none_that_is() -> None:
    ecs = FakeEcs()
    ecs.failing = {"t": "TASK_NOT_VALID"}
    assert (await with_protection(ecs.ask, "prod", [Task(arn="t", service="web")]))[0].protected_until is None


def test_a_table_that_aws_could_not_answer_is_noticed() -> None:
    fits("DescribeTasks", {"tasks": ["t"]}, {"tasks": [{"taskArn": "t"}]})
    with pytest.raises(AssertionError, match="taskARN"):
        fits("DescribeTasks", {"tasks": ["t"]}, {"tasks": [{"taskARN": "t"}]})
    with pytest.raises(AssertionError, match="tasks"):
        fits("DescribeTasks", {}, {})
