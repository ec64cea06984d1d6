"""What a process remembers of a cluster's hosts: of all groups in it, from one question."""

from __future__ import annotations

from async_rollout.aws.traffic.ecs.hosts import Host
from async_rollout.aws.traffic.ecs.ledger import Ledger
from async_rollout.aws.traffic.ecs.work import DAEMON, Service, Task


def host(arn: str, status: str = "ACTIVE") -> Host:
    return Host(id=f"i-{arn}", cluster="prod", arn=arn, status=status, connected=True, busy=True)


def asked() -> Ledger:
    tasks = {"a": (Task(arn="t1", service="shop"),), "b": (Task(arn="t2", service="api"), Task(arn="t3"))}
    return Ledger(told={"prod": 5.0}, tasks={"prod": tasks})


def test_what_was_asked_for_one_group_is_known_of_the_hosts_of_another() -> None:
    ledger = asked()
    ledger.note("prod", [host("a")])
    assert ledger.served["prod"] == {"shop"}
    ledger.note("prod", [host("b", "DRAINING")])
    assert ledger.served["prod"] == {"shop", "api"} and ledger.left == {"b": {"t2", "t3"}}
    assert ledger.words(host("b")).startswith("api 1, 1 standalone")


def test_what_was_noted_is_not_noted_again_before_it_was_asked_anew() -> None:
    """A task that is over would else be asked about in every look."""
    ledger = asked()
    ledger.note("prod", [host("b", "DRAINING")])
    ledger.left["b"] = frozenset()
    ledger.note("prod", [host("b", "DRAINING")])
    assert ledger.left["b"] == frozenset()
    ledger.told["prod"] = 65.0
    ledger.note("prod", [host("b", "DRAINING")])
    assert ledger.left["b"] == {"t2", "t3"}


def test_daemons_are_called_so() -> None:
    ledger = asked()
    ledger.services["prod"] = (Service(name="shop", scheduling=DAEMON),)
    assert ledger.words(host("a")) == "shop 1 (daemon)"


def test_a_host_that_two_answers_in_a_row_showed_empty_is_not_asked_for_some_seconds() -> None:
    ledger, drained = Ledger(), host("a", "DRAINING")
    none: frozenset[str] = frozenset()
    shown = []
    for at, left in [(1.0, none), (3.0, {"t1"}), (5.0, none), (7.0, none), (12.0, none), (30.0, none), (31.0, {"t2"})]:
        ledger.counted({"a": frozenset(left)}, at)
        shown.append(
            (ledger.is_empty(drained, at), ledger.is_empty(drained, at + 7.9), ledger.is_empty(drained, at + 8))
        )
    no, yes = (False, False, False), (True, True, False)
    assert shown == [no, no, no, yes, yes, yes, no]


def test_a_host_is_asked_again_at_once_where_the_cluster_shows_a_task_on_it() -> None:
    ledger, drained = asked(), host("b", "DRAINING")
    ledger.counted({"b": frozenset()}, 4.0)
    ledger.counted({"b": frozenset()}, 5.0)
    assert ledger.is_empty(drained, 5.0)
    ledger.note("prod", [drained])
    assert not ledger.is_empty(drained, 5.0)
