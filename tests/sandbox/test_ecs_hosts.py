"""Instances that join a cluster, their agents, and what is left of a host when its instance ends."""

from __future__ import annotations

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.ecs.clusters import a_cluster, a_definition, a_service, a_task
from async_rollout.sandbox.ecs.tables import hosts_of, tasks_of, tasks_on
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.words import AwsError
from async_rollout.sandbox.world import World
from support.containers import Dock, a_dock


def a_newcomer(dock: Dock) -> str:
    before = {one.id for one in dock.world.members("web")}
    dock.world.set_desired_capacity("web", 4)
    dock.wait(5.0)
    (new,) = {one.id for one in dock.world.members("web")} - before
    return new


def test_a_new_instance_joins_half_a_minute_to_a_minute_after_it_runs() -> None:
    for seed in range(8):
        dock = a_dock(seed=seed)
        new = a_newcomer(dock)
        while dock.world.instance(new).ec2 == "pending":
            dock.wait(0.5)
        began = dock.world.now
        assert dock.world.ecs.rows_of(new) == []
        dock.wait(120.0)
        (host,) = dock.world.ecs.rows_of(new)
        assert (host.status, host.connected) == ("ACTIVE", True)
        assert 29.0 <= host.registered_at - began <= 60.0


@pytest.mark.parametrize(
    ("trouble", "seen"),
    [
        ({"lost": 1}, []),
        ({"silent": 1}, [("ACTIVE", False)]),
        ({"refused": 1}, [("REGISTRATION_FAILED", True)]),
        ({"registering": 1000.0}, [("REGISTERING", False)]),
        ({"registering": 100.0}, [("ACTIVE", True)]),
    ],
)
def test_what_may_go_wrong_as_it_joins(trouble: dict[str, float], seen: list[tuple[str, bool]]) -> None:
    dock = a_dock()
    for name, value in trouble.items():
        setattr(dock.world.ecs.troubles_of("web"), name, value)
    new = a_newcomer(dock)
    dock.wait(300.0)
    assert [(host.status, host.connected) for host in dock.world.ecs.rows_of(new)] == seen


def test_an_agent_that_is_gone_holds_the_drain_and_placement() -> None:
    dock = a_dock()
    service = a_service(dock.world, "prod", "shop", desired=3).arn
    victim = dock.hosts[0]
    dock.world.ecs.agent_gone(victim.instance)
    dock.drain(victim)
    dock.wait(1800.0)
    assert [(task.desired, task.last) for task in dock.on(victim)] == [("STOPPED", "RUNNING")]
    assert dock.states(service) == {"RUNNING RUNNING": 3, "STOPPED RUNNING": 1}
    dock.world.ecs.agent_back(victim.instance)
    dock.wait(30.0)
    assert dock.on(victim) == []


def test_an_agent_that_flaps_comes_back_each_time_until_its_instance_ends() -> None:
    dock = a_dock()
    host = dock.hosts[0]
    dock.world.ecs.agent_flaps(host.instance, 100.0, 20.0)
    seen = []
    for _ in range(3):
        for pause in (10.0, 80.0):
            dock.wait(pause)
            seen.append(dock.world.state.hosts[host.arn].connected)
        dock.wait(10.0)
    assert seen == [False, True] * 3
    dock.world.kill(host.instance)
    told = dock.count(What.AGENT)
    dock.wait(1000.0)
    assert not dock.world.state.hosts[host.arn].connected
    assert dock.count(What.AGENT) == told == 7


def test_a_row_outlives_its_instance_by_twenty_minutes() -> None:
    dock = a_dock()
    victim = dock.hosts[0]
    dock.drain(victim)
    dock.world.terminate(victim.instance, decrement=False)
    dock.wait(1190.0)
    (row,) = (host for host in dock.hosts if host.instance == victim.instance)
    assert (row.status, row.connected) == ("DRAINING", False)
    dock.wait(30.0)
    assert victim.instance not in [host.instance for host in dock.hosts]


def test_what_ran_on_a_host_that_ends_is_lost_and_the_record_says_so() -> None:
    dock = a_dock()
    service = a_service(dock.world, "prod", "shop", desired=3, target_group=True).arn
    victim = dock.hosts[0]
    alone = a_task(dock.world, "prod", host=victim.arn)
    dock.world.terminate(victim.instance, decrement=False)
    dock.wait(1.0)
    lost = [one for one in dock.world.record if one.what is What.TASK_LOST]
    assert {(one.group, one.instance) for one in lost} == {("web", victim.instance)}
    assert sorted(one.detail.split()[:2] for one in lost) == [["family:job", "RUNNING"], ["service:shop", "RUNNING"]]
    assert dock.world.state.tasks[alone.arn].reason == f"Host EC2 (instance {victim.instance}) terminated."
    dock.wait(300.0)
    assert dock.states(service) == {"RUNNING RUNNING": 3}
    assert dock.lowest(service) == 2


def test_a_drained_host_ends_without_loss() -> None:
    dock = a_dock()
    a_service(dock.world, "prod", "shop", desired=3, target_group=True)
    dock.drain(dock.hosts[0])
    dock.wait(300.0)
    dock.world.terminate(dock.hosts[0].instance, decrement=False)
    dock.wait(60.0)
    assert dock.count(What.TASK_LOST) == 0


def test_stopped_tasks_are_listed_for_an_hour() -> None:
    dock = a_dock()
    a_service(dock.world, "prod", "shop", desired=3)
    (task,) = dock.on(dock.hosts[0])
    dock.world.ecs.stop_task("prod", task.arn, "")
    dock.wait(60.0)
    assert dock.world.state.tasks[task.arn].last == "STOPPED"
    dock.wait(3600.0)
    assert task.arn not in dock.world.state.tasks
    assert task.arn not in dock.world.state.placed[task.host or ""]


def test_deregistered_by_force_its_tasks_are_started_elsewhere() -> None:
    dock = a_dock()
    service = a_service(dock.world, "prod", "shop", desired=3, target_group=True).arn
    victim = dock.hosts[0]
    dock.world.ecs.agent_gone(victim.instance)
    with pytest.raises(AwsError, match="Found running tasks on the instance"):
        dock.world.ecs.deregister("prod", victim.arn, force=False)
    dock.world.ecs.deregister("prod", victim.arn, force=True)
    dock.wait(120.0)
    assert victim.instance not in [host.instance for host in dock.hosts]
    assert dock.states(service) == {"RUNNING RUNNING": 3}
    dock.world.kill(victim.instance)
    dock.wait(60.0)
    assert dock.count(What.TASK_LOST) == 0


def test_a_job_ends_by_itself_also_while_its_agent_is_gone() -> None:
    dock = a_dock()
    host, other = dock.hosts[:2]
    jobs = [a_task(dock.world, "prod", host=one.arn, ends_in=600.0) for one in (host, other)]
    dock.world.ecs.agent_gone(other.instance, 1000.0)
    dock.wait(590.0)
    assert [dock.world.state.tasks[job.arn].last for job in jobs] == ["RUNNING", "RUNNING"]
    dock.wait(20.0)
    assert [dock.world.state.tasks[job.arn].last for job in jobs] == ["STOPPED", "RUNNING"]
    dock.wait(400.0)
    assert {dock.world.state.tasks[job.arn].code for job in jobs} == {"EssentialContainerExited"}


def test_a_run_of_a_job_takes_as_long_as_its_definition_says() -> None:
    dock = a_dock()
    a_definition(dock.world, "job", lasts=100.0)
    ((job,), _) = dock.world.ecs.run_task("prod", "job")
    dock.wait(90.0)
    assert dock.world.state.tasks[job.arn].last == "RUNNING"
    dock.wait(30.0)
    assert dock.world.state.tasks[job.arn].last == "STOPPED"


def test_a_task_that_crashes_is_replaced() -> None:
    dock = a_dock()
    service = a_service(dock.world, "prod", "shop", desired=3, target_group=True)
    (task,) = dock.on(dock.hosts[0])
    dock.world.ecs.exits(task.arn)
    dock.wait(120.0)
    assert dock.world.state.tasks[task.arn].reason == "Essential container in task exited"
    assert dock.states(service.arn) == {"RUNNING RUNNING": 3}
    assert len(dock.world.state.registered(service.target_group or "")) == 3


def test_an_agent_that_registers_again_leaves_a_dead_row_behind() -> None:
    dock = a_dock()
    service = a_service(dock.world, "prod", "shop", desired=3, target_group=True).arn
    twice = dock.hosts[0]
    dock.world.ecs.registers_again(twice.instance)
    dock.wait(120.0)
    new, old = hosts_of(dock.world.state, "web")[twice.instance]
    assert [(one.status, one.connected) for one in (new, old)] == [("ACTIVE", True), ("ACTIVE", False)]
    assert new.registered_at > old.registered_at
    assert tasks_on(dock.world.state, old.arn) == ()
    assert dock.states(service) == {"RUNNING RUNNING": 3}


def test_a_host_whose_application_is_gone_loses_its_tasks_to_others() -> None:
    dock = a_dock()
    service = a_service(dock.world, "prod", "shop", desired=3, target_group=True, grace=60.0).arn
    ill = dock.hosts[0]
    dock.world.break_app(ill.instance, mended_after=100.0)
    dock.wait(300.0)
    assert dock.states(service) == {"RUNNING RUNNING": 3}
    reasons = [one.reason for one in dock.world.state.tasks.values() if one.over and one.host == ill.arn]
    assert reasons and all(one.startswith("Task failed ELB health checks") for one in reasons)
    assert dock.lowest(service) == 2


def test_tasks_move_to_the_hosts_of_another_group_of_the_cluster() -> None:
    clock = ManualClock()
    dock = Dock(clock, World(1, clock))
    for name in ("web", "api"):
        a_group(dock.world, name=name, size=2, classic=0, target_groups=0)
    a_cluster(dock.world, groups=("web", "api"))
    service = a_service(dock.world, "prod", "shop", desired=4, target_group=True).arn
    dock.drain(*(host for host in dock.hosts if host.group == "web"))
    dock.wait(300.0)
    assert {dock.world.state.hosts[task.host or ""].group for task in tasks_of(dock.world.state, service)} == {"api"}
    assert {*hosts_of(dock.world.state, "web")} == {one.id for one in dock.world.members("web")}


def test_a_group_without_a_cluster_leaves_no_trace() -> None:
    dock = a_dock()
    a_group(dock.world, name="api", size=1, maximum=2, classic=0, target_groups=0)
    dock.world.set_desired_capacity("api", 2)
    dock.wait(600.0)
    assert {host.group for host in dock.hosts} == {"web"}
    assert {one.what for one in dock.world.record} == {What.SET_DESIRED, What.LAUNCH, What.IN_SERVICE}
