"""Which clusters a group's instances are found in, and what becomes of a group where nobody may or can look."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from async_rollout.aws.calls import Body, Call, Reply
from async_rollout.aws.faults import CallFailedError, Fault, FaultKind
from async_rollout.aws.traffic.ecs import Ecs, EcsHosts
from async_rollout.aws.traffic.ecs.clusters import LARGE, LISTED, Clusters, Found
from async_rollout.core.actions import Outcome
from async_rollout.core.events import Warned
from async_rollout.errors import UsageError
from async_rollout.sandbox.ecs.clusters import a_cluster, a_service
from async_rollout.sandbox.faults import Fault as Rule
from async_rollout.sandbox.faults import FaultKind as Kind
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import ScheduledAction
from async_rollout.sandbox.world import World
from support.ecs_runs import LIMIT, Hosted, hosts, rolled

NO = Fault(kind=FaultKind.DENIED, code="AccessDeniedException", message="no")
EXPIRED = Fault(kind=FaultKind.DENIED, code="ExpiredTokenException", message="over")


@dataclass
class Account:
    """Clusters by name with the instances that are hosts of each. closed: those that may not be asked about.

    sizes: how many hosts ECS counts, where that is not so many. at: AWS's time.
    """

    clusters: dict[str, set[str]]
    closed: dict[str, Fault] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    at: float = 1.0
    calls: list[str] = field(default_factory=list)

    async def ask(self, call: Call) -> Reply:
        self.calls.append(call.operation)
        return Reply(at=self.at, body=self._body(call))

    def _body(self, call: Call) -> Body:
        if call.operation == "ListClusters":
            return {"clusterArns": [f"c/{name}" for name in self.clusters]}
        if call.operation == "DescribeClusters":
            asked = [name.rpartition("/")[2] for name in call.params["clusters"]]
            self._refuse(call, asked)
            return {"clusters": [self._row(name) for name in asked if name in self.clusters], "failures": []}
        name = call.params["cluster"].rpartition("/")[2]
        self._refuse(call, [name])
        if call.operation == "DescribeContainerInstances":
            rows = [{"containerInstanceArn": id, "ec2InstanceId": id, "status": "ACTIVE"} for id in self.clusters[name]]
            return {"containerInstances": rows, "failures": []}
        wanted = call.params.get("filter")
        return {"containerInstanceArns": sorted(id for id in self.clusters[name] if wanted is None or id in wanted)}

    def _row(self, name: str) -> Body:
        return {"clusterArn": f"c/{name}", "clusterName": name, "status": "ACTIVE",
                "registeredContainerInstancesCount": self.sizes.get(name, len(self.clusters[name]))}  # fmt: skip

    def _refuse(self, call: Call, asked: list[str]) -> None:
        for name in asked:
            if name in self.closed:
                raise CallFailedError(call, self.closed[name])


def looked(account: Account, *ids: str, named: tuple[str, ...] = ()) -> Found:
    return asyncio.run(Clusters(named).of(account.ask, ids))


@pytest.mark.parametrize("named", [(), ("prod", "secret"), ("prod",)], ids=str)
def test_a_cluster_that_may_not_be_asked_does_not_hide_the_one_that_has_the_hosts(named: tuple[str, ...]) -> None:
    account = Account({"prod": {"i-1"}, "secret": {"i-9"}}, closed={"secret": NO})
    found = looked(account, "i-1", named=named)
    assert [arn.rpartition("/")[2] for arn in found.clusters] == ["prod"]


def test_where_none_is_found_and_one_may_not_be_asked_that_is_told() -> None:
    found = looked(Account({"prod": {"i-1"}, "secret": {"i-9"}}, closed={"secret": NO}), "i-9")
    assert found.clusters == () and found.denied is not None and found.denied.fault is NO


def test_expired_credentials_are_no_permission_that_is_missing() -> None:
    with pytest.raises(CallFailedError, match="over"):
        looked(Account({"prod": {"i-1"}}, closed={"prod": EXPIRED}), "i-1")


def test_names_of_which_there_is_no_cluster_are_told_and_those_without_hosts_cost_nothing() -> None:
    account = Account({"prod": set(), "c/other": set()})
    found = looked(account, "i-1", named=("prod", "nosuch"))
    assert (found.clusters, found.absent) == ((), ("nosuch",))
    assert set(account.calls) == {"DescribeClusters"}


def test_many_groups_share_what_a_cluster_says_of_its_hosts() -> None:
    """Each asks which clusters there are; their hosts are listed twice, and again when that is a minute old."""
    account = Account({name: {f"i-{name}"} for name in ("a", "b", "c")})

    async def main() -> list[Found]:
        clusters = Clusters()
        found = [await clusters.of(account.ask, [f"i-{group}"]) for group in "abc" * 20]
        account.at += LISTED
        return [*found, await clusters.of(account.ask, ["i-a"])]

    found = asyncio.run(main())
    assert [one.clusters for one in found[:4]] == [("c/a",), ("c/b",), ("c/c",), ("c/a",)]
    assert (
        account.calls.count("ListContainerInstances") == account.calls.count("DescribeContainerInstances") == 2 * 3 * 2
    )


def test_of_a_large_cluster_a_group_asks_for_its_own() -> None:
    account = Account({"huge": {"i-1"}}, sizes={"huge": LARGE + 1})
    assert looked(account, "i-1").clusters == ("c/huge",) and looked(account, "i-2").clusters == ()
    assert "DescribeContainerInstances" not in account.calls


def hosting(world: World) -> None:
    hosts(world)
    a_service(world, "prod", "shop", desired=3, target_group=True)
    a_cluster(world, "empty", groups=())


def told(run: Hosted) -> str:
    return " ".join(one.text for one in run.events if isinstance(one, Warned))


@pytest.mark.parametrize("action", ["ListClusters", "DescribeClusters", "ListContainerInstances"])
def test_that_there_are_no_hosts_is_not_believed_of_one_answer(action: str) -> None:
    run = rolled(hosting, rules=(Rule(kind=Kind.EMPTY, action=f"^ecs:{action}$", count=1),))
    assert (run.result.verdict.outcome, run.killed) == (Outcome.DONE, [])


def test_a_name_of_no_cluster_is_refused() -> None:
    run = rolled(hosting, ecs=Ecs(clusters=("nosuch",)))
    assert run.result.verdict.outcome is Outcome.REFUSED
    assert "there is no cluster nosuch in this account and region" in run.result.verdict.why


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"clusters": "prod"}, "clusters are a list of names, not 'prod'"),
        ({"clusters": ["prod", " "]}, "the name of a cluster is empty"),
        ({"clusters": [None]}, "the name of a cluster is empty"),
        ({"unavailable": -1}, "is not a number of instances"),
        ({"drain_timeout": 0.0}, "not between 1 s and 30 days"),
        ({"drain_timeout": float("nan")}, "not between 1 s and 30 days"),
    ],
)
def test_senseless_options_are_refused_before_anything_is_asked(given: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Ecs(**given)


def test_a_cluster_that_is_not_the_groups_is_told() -> None:
    assert "none of its instances hosts tasks of empty" in told(rolled(hosting, ecs=Ecs(clusters=("empty",))))


plain = partial(a_group, size=2, maximum=4, delay=5.0)


def test_where_ecs_does_not_answer_nothing_begins_and_the_way_out_is_named() -> None:
    run = rolled(plain, rules=(Rule(kind=Kind.RESET, action="^ecs:"),))
    assert run.result.verdict.outcome is Outcome.REFUSED and "(--ecs off: ECS is not asked" in run.result.verdict.why
    assert run.world.record == []


def test_a_group_without_hosts_does_not_wait_for_an_ecs_that_is_down_later() -> None:
    """A scheduled action makes the run ask for everything anew."""

    def build(world: World) -> None:
        plain(world)
        world.schedule("web", ScheduledAction(name="nightly", at=world.now + 60.0, desired=2))

    run = rolled(build, rules=(Rule(kind=Kind.RESET, action="^ecs:", window=(30.0, LIMIT)),))
    assert run.result.verdict.outcome is Outcome.DONE and "cannot be seen" not in told(run)


def test_one_source_stays_the_same_where_a_newcomer_joins_another_cluster() -> None:
    kind, group = EcsHosts(), {"AutoScalingGroupName": "web", "Instances": [{"InstanceId": "i-1"}]}
    account = Account({"prod": {"i-1"}, "other": {"i-8"}})
    first = asyncio.run(kind.discover(account.ask, group))
    account.clusters["other"].add("i-2")
    more = {**group, "Instances": [{"InstanceId": "i-1"}, {"InstanceId": "i-2"}]}
    assert asyncio.run(kind.discover(account.ask, more)) == first == ("ecs:c/prod",)
