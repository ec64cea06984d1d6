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
