"""Groups that host ECS tasks, rolled: no task is killed, who is put back is ACTIVE, what holds a drain up is told."""

from __future__ import annotations

from functools import partial
from itertools import product

import pytest

from async_rollout.aws.traffic.ecs import Ecs
from async_rollout.core.actions import Outcome
from async_rollout.core.choices import Scaling
from async_rollout.core.events import Warned
from async_rollout.core.journal import Goal
from async_rollout.core.spec import Limits
from async_rollout.sandbox.ecs.clusters import a_definition, a_service, a_task
from async_rollout.sandbox.ecs.scenarios import drains, provider, stuck
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import OWNER
from async_rollout.sandbox.world import World
from support.depth import deeper, sampled
from support.ecs_runs import LIMIT, Hosted, by_us, hosts, moved, rolled, short
from support.simulation import ours


def busy(world: World, size: int = 3, **more: object) -> None:
    """Tasks behind a load balancer, others behind none, and a daemon on each host."""
    hosts(world, size)
    definition = a_definition(world, "shop", port=8080, quits=10.0)
    a_service(world, "prod", "shop", desired=2 * size, definition=definition, target_group=True, **more)
    a_service(world, "prod", "worker", desired=size)
    a_service(world, "prod", "logs", daemon=True)


def put_back(run: Hosted) -> None:
    """As found: sizes, tags, and every host ACTIVE."""
    group = run.world.group("web")
    assert not ours(group) and group.suspended == ()
    assert set(run.statuses.values()) == {"ACTIVE"}


@pytest.mark.parametrize("build", deeper([drains, busy], always=1, id=lambda one: one.__name__))
def test_no_task_is_there_any_more_as_its_host_ends(build: object) -> None:
    run = rolled(build)  # type: ignore[arg-type]
    assert (run.result.verdict.outcome, run.killed) == (Outcome.DONE, [])
    assert {line.split()[0] for line in by_us(run)} == set(run.found), "each old one was set DRAINING, and nobody else"
    put_back(run)


@pytest.mark.parametrize("surge", deeper([2, 1, "100%"], always=1, id=str))
def test_no_service_that_keeps_all_of_its_tasks_is_short_of_one(surge: int | str) -> None:
    run = rolled(partial(busy, size=4), max_surge=surge)
    assert (run.result.verdict.outcome, run.killed, short(run)) == (Outcome.DONE, [], [])


def fixed(world: World) -> None:
    """A service of which each host runs a task, and no more, as it takes port 8080 of it."""
    hosts(world)
    a_service(world, "prod", "proxy", desired=3, definition=a_definition(world, "proxy", port=80, host_port=8080))


def test_hosts_that_drain_before_their_newcomers_come_leave_no_room_for_a_fixed_port() -> None:
    """It would hold its task until the limit; with newcomers first each finds a host."""
    gap = {"max_surge": 0, "max_unavailable": "34%"}
    refused = rolled(fixed, ecs=Ecs(unavailable="34%"), **gap).result.verdict
    assert refused.outcome is Outcome.REFUSED
    assert "while 1 of them drain 2 are left, and ECS keeps 3 of its 3 tasks running" in refused.why
    run = rolled(fixed)
    assert (run.result.verdict.outcome, run.killed, short(run)) == (Outcome.DONE, [], [])


def test_the_first_host_goes_alone_whatever_the_surge() -> None:
    run = rolled(partial(busy, size=4), max_surge="100%")
    first = run.result.replaced[0]
    gone = next(one.at for one in run.happened(What.TERMINATE) if one.instance == first)
    drained = [one.instance for one in run.happened(What.HOST, OWNER) if one.at < gone]
    assert drained == [first]


@pytest.mark.deep
def test_of_a_batch_all_drain_together_so_that_tasks_move_less() -> None:
    """Some hosts join the cluster minutes after the others."""

    def build(world: World) -> None:
        busy(world, size=7)
        world.ecs.timing.registers = (10.0, 240.0)

    runs = [rolled(build, max_surge=3, ecs=Ecs(together=together)) for together in (True, False)]
    assert [(run.result.verdict.outcome, run.killed, short(run)) for run in runs] == [(Outcome.DONE, [], [])] * 2
    batches = [len({round(one.at, -1) for one in run.happened(What.HOST, OWNER)}) for run in runs]
    assert (batches[0], batches[1] > 3) == (3, True), "the first alone, then three and three"
    assert moved(runs[0]) < moved(runs[1])


def test_at_once_no_task_moves_twice() -> None:
    run = rolled(partial(busy, size=6), max_surge="100%")
    tasks = 18  # none of those that the first host had came to an old one: new hosts are the emptiest
    assert (run.result.verdict.outcome, moved(run)) == (Outcome.DONE, tasks)


def test_a_release_on_which_tasks_do_not_start_costs_one_host_and_all_is_put_back() -> None:
    """They are started on new hosts again and again, as those are the emptiest; the services never come to rest."""

    def build(world: World) -> None:
        busy(world, size=4)
        world.ecs.troubles_of("web").broken = frozenset({"2"})

    run = rolled(build, ecs=Ecs(drain_timeout=200.0), max_surge=2, limits=Limits(drain=100.0))
    assert (run.result.verdict.outcome, run.result.verdict.code, run.killed, short(run)) == (Outcome.FAILED, 1, [], [])
    assert len(run.result.replaced) <= 1, run.result
    put_back(run)


def test_a_host_is_counted_empty_long_before_it_is() -> None:
    """ECS's counts are 0 while its tasks still serve: their target group drains for 30 s, they quit 10 s later."""
    run = rolled(busy)
    for id in run.found:
        drained = max(one.at for one in run.happened(What.TASK) if one.instance == id and "STOPPED" in one.detail)
        ended = next(one.at for one in run.happened(What.TERMINATE) if one.instance == id)
        assert ended > drained
    assert "stopping" in run.waited


def test_what_a_host_still_holds_is_told() -> None:
    run = rolled(busy)
    assert "draining: prod (until it has let go: " in run.waited
    assert "shop 2, worker 1, logs 1 (daemon)" in run.waited


def test_a_new_one_serves_once_the_cluster_has_it() -> None:
    """It registers half a minute after it is in service; before that no old one goes."""
    run = rolled(busy)
    joined = [
        one.at for one in run.happened(What.HOST) if one.detail.endswith("ACTIVE") and one.instance not in run.found
    ]
    assert min(one.at for one in run.happened(What.HOST, OWNER)) > min(joined)
    assert "getting healthy: prod does not list it yet" in run.waited


@pytest.mark.parametrize("after", deeper([110.0, 60.0, 150.0, 200.0, 260.0], always=1))
def test_killed_and_restored_every_host_is_active_again(after: float) -> None:
    run = rolled(busy, goals=(Goal.REPLACE, Goal.RESTORE), killed=after)
    assert (run.result.verdict.outcome, run.killed) == (Outcome.RESTORED, []), run.result.verdict
    put_back(run)


@pytest.mark.parametrize("after", deeper([150.0, 60.0, 110.0, 200.0, 260.0], always=1))
def test_killed_and_gone_on_with_no_task_is_killed(after: float) -> None:
    run = rolled(busy, goals=(Goal.REPLACE, Goal.REPLACE), killed=after)
    assert (run.result.verdict.outcome, run.killed) == (Outcome.DONE, []), run.result.verdict
    put_back(run)


def test_what_cannot_move_ends_the_run_at_the_limit_and_the_host_is_active_again() -> None:
    """Somebody runs a task by itself on a host that drains."""

    def build(world: World) -> None:
        busy(world)
        a_task(world, "prod", "migration")

    run = rolled(build, ecs=Ecs(drain_timeout=200.0, await_standalone=True), limits=Limits(drain=100.0))
    assert (run.result.verdict.outcome, run.result.verdict.code, run.killed) == (Outcome.FAILED, 1, [])
    held = "still drains after 300 s: prod holds 1 standalone"
    assert held in run.result.verdict.why and "raise --ecs-drain-timeout or --drain-timeout" in run.result.verdict.why
    put_back(run)


def test_a_service_that_can_never_drain_is_refused_before_anything_is_changed() -> None:
    run = rolled(stuck)
    assert run.result.verdict.outcome is Outcome.REFUSED
    for words in ("frozen of cluster prod can never drain", "rounded of cluster prod", "family migration"):
        assert words in run.result.verdict.why
    assert run.world.record == []


@pytest.mark.parametrize("surge", deeper([1, "100%"], always=1, id=str))
def test_the_group_of_a_capacity_provider_is_drained_before_ecs_would_do_so(surge: int | str) -> None:
    """Its hosts are protected while they have tasks, and its lifecycle hook drains whoever is terminated."""
    run = rolled(provider, max_surge=surge)
    assert (run.result.verdict.outcome, run.killed, short(run)) == (Outcome.DONE, [], []), run.result.verdict
    assert {line.split()[0] for line in by_us(run)} == set(run.found)
    waited = [one.detail for one in run.happened(What.HOOK) if "Terminating:Wait" in one.detail]
    assert len(waited) == len(run.found) and run.result.seconds < 3600.0
    assert not any("protected" in one.text for one in run.events if isinstance(one, Warned))
    put_back(run)


@pytest.mark.parametrize("after", deeper([130.0, 60.0, 200.0], always=1))
def test_of_a_capacity_provider_too_a_killed_run_is_put_back(after: float) -> None:
    run = rolled(provider, goals=(Goal.REPLACE, Goal.RESTORE), killed=after)
    assert (run.result.verdict.outcome, run.killed) == (Outcome.RESTORED, []), run.result.verdict
    put_back(run)


def test_where_ecs_scales_its_policies_are_not_followed() -> None:
    verdict = rolled(provider, scaling=Scaling.FOLLOW).result.verdict
    assert verdict.outcome is Outcome.REFUSED and "--scaling follow: ECS scales the group" in verdict.why


def test_the_group_of_a_capacity_provider_is_not_rolled_where_its_cluster_is_not_looked_at() -> None:
    for ecs in (None, Ecs(["another"])):
        verdict = rolled(provider, ecs=ecs).result.verdict
        assert verdict.outcome is Outcome.REFUSED and "AmazonECSManaged" in verdict.why


def test_off_nothing_is_asked_of_ecs_and_tasks_end_with_their_hosts() -> None:
    run = rolled(busy, ecs=None)
    assert run.result.verdict.outcome is Outcome.DONE and run.killed
    assert not any("Cluster" in name or "Task" in name for name in run.calls)


DENIED = (Fault(kind=FaultKind.DENIED, action="ecs:List"),)


def test_where_nobody_may_look_it_is_said_and_signs_of_ecs_are_refused() -> None:
    run = rolled(partial(a_group, size=2, maximum=4, delay=5.0), rules=DENIED)
    told = " ".join(one.text for one in run.events if isinstance(one, Warned))
    assert run.result.verdict.outcome is Outcome.DONE
    assert "ecs:ListClusters is denied; allow it, or --ecs off" in told
    refused = rolled(provider, rules=DENIED)
    assert refused.result.verdict.outcome is Outcome.REFUSED
    assert "says that ECS manages it, and whether its instances host ECS tasks" in refused.result.verdict.why


SPOILT = product(
    [FaultKind.GAP, FaultKind.EMPTY, FaultKind.GARBLED, FaultKind.THROTTLE],
    ["ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeContainerInstances", "ecs:"],
)


@pytest.mark.parametrize("spoilt", sampled(SPOILT, every=4, id=" ".join))
def test_answers_that_lack_something_take_no_host_for_drained(spoilt: tuple[FaultKind, str]) -> None:
    kind, action = spoilt
    run = rolled(busy, rules=(Fault(kind=kind, action=action, probability=0.3, window=(60.0, 2000.0)),))
    assert (run.result.verdict.outcome, run.killed) == (Outcome.DONE, []), run.result.verdict


@pytest.mark.parametrize("goal", Goal)
def test_who_may_not_look_whether_hosts_are_drained_goes_on_with_nothing_and_puts_nothing_back(goal: Goal) -> None:
    """The one before had begun to drain one. Taken for drained it would be terminated, or stay as it is for ever."""
    rules = (Fault(kind=FaultKind.DENIED, action="^ecs:", window=(90.0, LIMIT)),)
    run = rolled(busy, goals=(Goal.REPLACE, goal), killed=90.0, rules=rules)
    assert run.result.verdict.outcome is Outcome.REFUSED and "drained its instances" in run.result.verdict.why
    assert "DRAINING" in run.statuses.values() and run.killed == []
    assert run.happened(What.TERMINATE) == [] and ours(run.world.group("web"))


def test_what_will_be_drained_is_told_before() -> None:
    run = rolled(busy)
    told = " ".join(one.text for one in run.events if isinstance(one, Warned))
    assert "3 of its instances host 12 tasks of cluster prod (shop 6, worker 3, logs 3 (daemon))" in told
