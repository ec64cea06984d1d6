"""What an old host still holds, in words."""

from __future__ import annotations

import pytest

from async_rollout.aws.traffic.ecs.left import drained_of, left_on
from async_rollout.aws.traffic.ecs.work import DAEMON, Service, Task

SERVICES = [Service(name="web"), Service(name="worker"), Service(name="agent", scheduling=DAEMON)]


def tasks(words: str, host: str = "h", status: str = "RUNNING") -> list[Task]:
    """`web*2 batch?` are two of a service and one of no service."""
    found = []
    for word in words.split():
        name, _, count = word.partition("*")
        of = {"family": name[:-1]} if name.endswith("?") else {"service": name}
        found += [
            Task(arn=f"{host}/{name}/{number}", host=host, status=status, **of) for number in range(int(count or 1))
        ]
    return found


@pytest.mark.parametrize(
    ("left", "words"),
    [
        ("", ""),
        ("web", "web 1"),
        ("worker web*3", "web 3, worker 1"),
        ("worker web", "web 1, worker 1"),
        ("batch?*2", "2 standalone (family batch)"),
        ("batch?", "1 standalone (family batch)"),
        ("cron? batch?*2 alms?", "4 standalone (families batch 2, alms 1, cron 1)"),
        ("batch?*2 agent worker web*3", "web 3, worker 1, agent 1 (daemon), 2 standalone (family batch)"),
        ("deleted", "deleted 1"),
    ],
)
def test_who_is_left(left: str, words: str) -> None:
    assert left_on(tasks(left), SERVICES) == words


@pytest.mark.parametrize(
    ("status", "words"),
    [("STOPPED", ""), ("DELETED", ""), *((one, "web 1") for one in (
        "PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "",
    ))],
)  # fmt: skip
def test_a_task_is_left_until_it_has_stopped(status: str, words: str) -> None:
    """While one deactivates, its last requests are answered."""
    assert left_on(tasks("web", status=status), SERVICES) == words


def test_what_hosts_are_to_be_drained_of_is_one_sentence() -> None:
    tasks = [Task(arn=f"t{n}", service="web") for n in range(3)] + [Task(arn="t9", family="batch")]
    assert drained_of("prod", 2, tasks, [Service(name="web")]) == (
        "2 of its instances host 4 tasks of cluster prod (web 3, 1 standalone (family batch)): "
        "each is drained of them before it goes"
    )
    many = [Task(arn=f"t{n}", service=f"s{n}") for n in range(9)]
    assert "9 tasks of cluster prod (of 9 services): each" in drained_of("prod", 1, many, [])
    assert drained_of("prod", 1, [], []).startswith("1 of its instances hosts no tasks of cluster prod now")
