"""What is said before the first change of hosts that run tasks, and whether it is a reason not to begin."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from async_rollout.aws.traffic.ecs.concerns import Concerns, Options, concerns
from async_rollout.aws.traffic.ecs.room import Hosts
from async_rollout.aws.traffic.ecs.services import services_of, tasks_of, with_protection
from async_rollout.aws.traffic.ecs.work import DAEMON, Deployment, Service, Task
from support.ecs_tables import FakeEcs, arn, service_row, task_row

TG = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0011223344556677"
HOSTS = Hosts(cluster="prod", old={name: f"i-{name}" for name in "abcde"}, others=frozenset({"x", "y"}))
UNPLACED = "(service web) was unable to place a task because no container instance met all of its requirements."


def service(**fields: Any) -> Service:
    return Service(**{"name": "web", "desired": 3, "running": 3, **fields})


def task(host: str = "a", of: str = "web", **fields: Any) -> Task:
    return Task(arn=f"arn:task/{host}/{of}", host=host, **({"service": of} if of else {"family": "batch"}), **fields)


def said(*services: Service, tasks: tuple[Task, ...] = (task(),), **options: Any) -> Concerns:
    return concerns(HOSTS, tasks, services, Options(**options))


def refused(*services: Service, **more: Any) -> tuple[str, ...]:
    found = said(*services, **more)
    assert found.told == ()
    return found.objections


def told(*services: Service, **more: Any) -> tuple[str, ...]:
    found = said(*services, **more)
    assert found.objections == ()
    return found.told


def test_a_service_as_ecs_makes_it_gives_no_concern() -> None:
    assert said(service()) == Concerns()


@pytest.mark.parametrize(
    ("desired", "low", "high", "words"),
    [
        (
            3, 100, 100,
            "service web of cluster prod can never drain: ECS keeps 3 of its 3 tasks running (minimumHealthyPercent "
            "100) and runs 3 at the most (maximumPercent 100), so it can neither stop one nor start one elsewhere: "
            "raise maximumPercent to 134 or more, or lower minimumHealthyPercent to 66 or less",
        ),
        (
            3, 67, 110,
            "service web of cluster prod can never drain: ECS keeps 3 of its 3 tasks running (minimumHealthyPercent "
            "67) and runs 3 at the most (maximumPercent 110), so it can neither stop one nor start one elsewhere: "
            "raise maximumPercent to 134 or more, or lower minimumHealthyPercent to 66 or less",
        ),
        (
            1, 50, 150,
            "service web of cluster prod can never drain: ECS keeps 1 of its 1 tasks running (minimumHealthyPercent "
            "50) and runs 1 at the most (maximumPercent 150), so it can neither stop one nor start one elsewhere: "
            "raise maximumPercent to 200 or more, or lower minimumHealthyPercent to 0 (--ecs-stop-first: none runs "
            "meanwhile)",
        ),
    ],
)  # fmt: skip
def test_a_service_that_can_never_drain_is_refused_with_its_numbers(
    desired: int, low: int, high: int, words: str
) -> None:
    assert refused(service(desired=desired, running=desired, minimum_percent=low, maximum_percent=high)) == (words,)


def test_a_service_that_may_stop_altogether_is_refused_unless_that_is_allowed() -> None:
    stops = "service web of cluster prod: a drain may stop all 3 of its tasks before another runs, as "
    stops += "minimumHealthyPercent is 0"
    assert refused(service(minimum_percent=0)) == (
        f"{stops}: set minimumHealthyPercent 100 and maximumPercent 200 (--ecs-stop-first: allow it)",
    )
    assert told(service(minimum_percent=0), stop_first=True) == (f"{stops}, which is allowed (--ecs-stop-first)",)
    (one,) = refused(service(desired=1, running=1, minimum_percent=0))
    assert "may stop its only task before another runs" in one


def test_standalone_tasks_are_refused_or_waited_for() -> None:
    tasks = (task("b", ""), task("a", ""))
    nobody = "2 standalone tasks (family batch) on i-a, i-b of cluster prod: no service moves them, and a drain does "
    nobody += "not stop them: "
    assert refused(tasks=tasks) == (
        f"{nobody}wait until they end, or stop them (--ecs-standalone wait: wait for them in the run)",
    )
    assert told(tasks=tasks, await_standalone=True) == (
        f"{nobody}waited for until the drain limit (--ecs-drain-timeout)",
    )


def test_of_many_hosts_a_few_are_named() -> None:
    (words,) = refused(tasks=tuple(task(host, "") for host in "edcba"))
    assert "5 standalone tasks (family batch) on i-a, i-b, i-c and 2 more of cluster" in words


def test_a_service_without_room_for_a_task_of_its_own_is_refused() -> None:
    cramped = service(desired=7, running=7, distinct=True)
    assert refused(cramped, unavailable=2) == (
        "service web of cluster prod needs a host of its own for each task (distinctInstance) and can use 7: while 2 "
        "of them drain 5 are left, and ECS keeps 7 of its 7 tasks running (minimumHealthyPercent 100), so one of them "
        "can never leave its host: let newcomers come first (--max-surge 1 or more, --max-unavailable 0), or lower "
        "minimumHealthyPercent to 71 or less",
    )
    assert said(cramped) == Concerns()


def test_who_holds_a_port_on_a_host_that_stays_takes_room_there() -> None:
    web, proxy = service(desired=6, running=6, fixed_ports=frozenset({80})), service(name="proxy")
    tasks = task(), task("x", "proxy", ports=frozenset({80}))
    assert refused(web, proxy, tasks=tasks, unavailable=1)
    assert said(web, proxy, tasks=(tasks[0], replace(tasks[1], status="STOPPED")), unavailable=1) == Concerns()


def test_a_service_without_tasks_on_old_hosts_takes_room_by_what_its_definition_says() -> None:
    web, proxy = service(desired=6, running=6, fixed_ports=frozenset({80})), service(name="proxy")
    tasks = task(), task("x", "proxy")
    assert refused(web, replace(proxy, fixed_ports=frozenset({80})), tasks=tasks, unavailable=1)
    assert said(web, proxy, tasks=tasks, unavailable=1) == Concerns()


@pytest.mark.parametrize(
    ("fields", "ports"), [({}, frozenset({8080, 9000})), ({"fixed_ports": frozenset({8080})}, frozenset[int]())]
)
def test_a_target_group_of_the_group_that_a_service_answers_is_refused(
    fields: dict[str, Any], ports: frozenset[int]
) -> None:
    of = {"tasks": (task(ports=ports),), "target_groups": {TG: {8080}}}
    begins = "target group blue of the group sends to port 8080 of its hosts, where tasks of service web of cluster "
    begins += "prod answer: a new host is unhealthy there until ECS happens to place such a task on it: "
    mine = service(**fields)
    assert refused(mine, **of) == (f"{begins}attach it to the service instead of the group (-s: do not wait for it)",)
    assert told(mine, **of, unserved=True) == (f"{begins}not waited for (-s)",)
    assert refused(replace(mine, target_groups=((TG, 80),)), **of) == (
        f"{begins}detach it from the group, as the service has it too (-s: do not wait for it)",
    )


@pytest.mark.parametrize(
    ("mine", "ports"),
    [
        (service(), frozenset({32768})),
        (service(scheduling=DAEMON), frozenset({8080})),
        (service(desired=0, running=0), frozenset({8080})),
    ],
)
def test_a_target_group_that_newcomers_can_serve_or_need_not_is_no_concern(
    mine: Service, ports: frozenset[int]
) -> None:
    assert said(mine, tasks=(task(ports=ports),), target_groups={TG: {8080}}) == Concerns()


def test_a_deployment_under_way_is_told() -> None:
    assert told(service(deployments=(Deployment(rollout="IN_PROGRESS"),), running=2)) == (
        "service web of cluster prod is not steady: 2 of 3 tasks run; its deployment is IN_PROGRESS",
    )


def test_a_service_whose_tasks_find_no_host_is_refused() -> None:
    short = service(running=2, unplaced=UNPLACED)
    assert refused(short) == (
        f"service web of cluster prod: 2 of 3 tasks run and ECS finds no host for the others: {UNPLACED[:-1]}: add "
        "hosts or change what the service demands of them, then run again",
    )
    assert said(replace(short, running=3)) == Concerns()
    assert len(told(replace(short, scheduling=DAEMON))) == 1


@pytest.mark.parametrize(
    ("until", "words"),
    [
        ((1_700_000_000.0, 1_700_003_600.0), "until 2023-11-14 23:13:20 UTC"),
        ((1_700_000_000.0, inf), "with no end told"),
    ],
)
def test_protected_tasks_are_told_with_the_last_end(until: tuple[float, float], words: str) -> None:
    tasks = *(task(host, protected_until=at) for host, at in zip("ba", until, strict=True)), task("c")
    assert told(service(), tasks=tasks) == (
        f"service web of cluster prod: 2 tasks on i-a, i-b protected from scale-in {words}: a drain may wait for that "
        "(aws ecs update-task-protection --no-protection-enabled ends it)",
    )


WORST: dict[str, Any] = {"running": 1, "unplaced": UNPLACED, "minimum_percent": 100, "maximum_percent": 100}


@pytest.mark.parametrize(
    "tasks",
    [
        (),
        (task("x"), task("x", "")),
        (task("unknown"), task("", "")),
        (task(status="STOPPED"), task(of="", status="DELETED")),
    ],
)
def test_what_has_no_task_on_an_old_host_is_nobodys_concern(tasks: tuple[Task, ...]) -> None:
    assert said(service(**WORST), tasks=tasks) == Concerns()


def test_a_task_that_ends_is_still_there() -> None:
    assert len(refused(service(**WORST), tasks=(task(status="DEACTIVATING"),))) == 2


def test_tasks_of_a_service_that_is_deleted_end_by_themselves() -> None:
    assert said(tasks=(task(),)) == Concerns()
    assert told(service(status="DRAINING", desired=0, running=1, minimum_percent=100, maximum_percent=100)) == (
        "service web of cluster prod is not steady: it is being deleted; 1 of 0 tasks run",
    )


def test_daemons_need_not_move() -> None:
    assert said(service(scheduling=DAEMON, minimum_percent=0, maximum_percent=100, distinct=True)) == Concerns()


def test_services_are_named_in_order_however_they_were_asked_for() -> None:
    names = ("b", "a", "c")
    found = refused(
        *(service(name=name, maximum_percent=100) for name in names), tasks=tuple(task(of=one) for one in names)
    )
    assert [words.split()[1] for words in found] == ["a", "b", "c"]


async def test_from_awss_answers_to_sentences() -> None:
    ecs = FakeEcs()
    ecs.tasks = [task_row("1"), task_row("2", "family:batch"), task_row("3", "service:log")]
    both = {"minimumHealthyPercent": 100, "maximumPercent": 100}
    ecs.services = [
        service_row("web", deploymentConfiguration=both),
        service_row("log", schedulingStrategy="DAEMON", deploymentConfiguration={}),
    ]
    tasks = await tasks_of(ecs.ask, "prod")
    services = await services_of(ecs.ask, "prod", {one.service for one in tasks} - {""})
    hosts = Hosts(cluster="prod", old={arn("container-instance", "a"): "i-a"})
    found = concerns(hosts, await with_protection(ecs.ask, "prod", tasks), services, Options())
    assert [words[:43] for words in found.objections] == [
        "service web of cluster prod can never drain",
        "1 standalone task (family batch) on i-a of ",
    ]
    assert found.told == ()
