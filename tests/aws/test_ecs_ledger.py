"""What a process remembers of a cluster's hosts: of all groups in it, from one question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.aws.traffic.ecs.hosts import Host
from async_rollout.aws.traffic.ecs.ledger import FLAP, Ledger
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


THERE, GONE = True, False


@pytest.mark.parametrize(
    ("looks", "away"),
    [
        ([(0, GONE), (600, GONE)], None),
        ([(0, THERE), (10, GONE)], 0.0),
        ([(0, THERE), (10, GONE), (110, GONE)], 100.0),
        ([(0, THERE), (10, GONE), (110, THERE), (120, GONE)], 0.0),
        ([(0, THERE), (3600, GONE)], 0.0),
        ([(0, THERE), (10, GONE), (3600, GONE)], 0.0),
        ([(0, THERE), (10, GONE), (200, GONE), (400, GONE)], 390.0),
    ],
    ids=["never there", "just gone", "gone", "it flapped", "nobody looked", "nobody looked in between", "looked at"],
)
def test_an_agent_is_away_for_as_long_as_looks_have_shown_it(looks: list[tuple[float, bool]], away: float) -> None:
    ledger = Ledger()
    for at, connected in looks:
        one = replace(host("1"), connected=connected)
        ledger.saw("prod", ["i-1"], [one], at)
    assert ledger.away(one, looks[-1][0]) == away


def test_a_service_that_an_answer_leaves_out_is_no_more_at_rest_than_it_was() -> None:
    ledger = Ledger()
    assert ledger.unrest("prod", {"web": "1 of 2 tasks run"}, {"web", "api"}, 0.0) == {"web": "1 of 2 tasks run"}
    assert ledger.unrest("prod", {}, {"api"}, FLAP - 1) == {"web": "1 of 2 tasks run"}
    assert ledger.unrest("prod", {}, {"api"}, FLAP) == {}, "it is no more"
    ledger.unrest("prod", {"web": "1 of 2 tasks run"}, {"web"}, 900.0)
    assert ledger.unrest("prod", {}, {"web"}, 901.0) == {}
