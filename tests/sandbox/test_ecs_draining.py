"""What DRAINING does to the tasks of a host: under both percentages, and nothing to those that no service runs."""

from __future__ import annotations

from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from async_rollout.sandbox.ecs.clusters import a_definition, a_service, a_task
from async_rollout.sandbox.history import What
from support.containers import a_dock


@pytest.mark.parametrize("behind", [True, False])
def test_nothing_stops_before_its_replacement_is_healthy(behind: bool) -> None:
    dock = a_dock()
    service = a_service(dock.world, "prod", "shop", desired=6, target_group=behind).arn
    victim, *others = dock.hosts
    dock.drain(victim)
    dock.wait(5.0)
    assert dock.states(service) == {"RUNNING RUNNING": 6, "RUNNING PENDING": 2}
    dock.wait(300.0)
    assert dock.on(victim) == []
    assert sorted(len(dock.on(host)) for host in others) == [3, 3]
    assert (dock.lowest(service), dock.highest(service)) == (6, 8)


def test_a_task_goes_down_step_by_step_and_is_in_no_count_meanwhile() -> None:
    dock = a_dock()
    service = a_service(dock.world, "prod", "shop", desired=1, target_group=True)
    (victim,) = (host for host in dock.hosts if dock.on(host))
    (task,) = dock.on(victim)
    dock.drain(victim)
    seen: list[tuple[str, str]] = []
    for _ in range(120):
        dock.wait(1.0)
        now = dock.world.state.tasks[task.arn]
        seen += [(now.desired, now.last)] if seen[-1:] != [(now.desired, now.last)] else []
    way = ["DEACTIVATING", "STOPPING", "STOPPED"]
    assert seen == [("RUNNING", "RUNNING"), *(("STOPPED", last) for last in way)]
    went = [one.at for one in dock.world.record if one.what is What.TASK and task.arn.endswith(one.detail.split()[2])]
    delay = dock.world.state.sources[service.target_group or ""].delay
    assert went[2] - went[1] == pytest.approx(delay)
    assert not dock.world.state.registered(service.target_group or "", victim.instance)


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "moves"),
    [
        (3, 100, 100, False),
        (1, 100, 199, False),
        (3, 100, 110, False),
        (3, 67, 100, False),
        (3, 66, 100, True),
        (1, 100, 200, True),
        (2, 50, 100, True),
        (4, 75, 100, True),
        (1, 0, 100, True),
    ],
)
def test_a_pair_of_percentages_that_rounds_to_no_room_never_ends(
    desired: int, minimum: int, maximum: int, moves: bool
) -> None:
    dock = a_dock(4)
    percentages = {"minimum": minimum, "maximum": maximum}
    service = a_service(dock.world, "prod", "shop", desired=desired, target_group=True, **percentages)
    victims = [host for host in dock.hosts if dock.on(host)][:1]
    dock.drain(*victims)
    dock.wait(3600.0)
    assert (dock.on(victims[0]) == []) is moves
    assert dock.states(service.arn) == {"RUNNING RUNNING": desired}


@settings(max_examples=25)
@given(
    st.integers(1, 8), st.integers(10, 20).map(lambda n: 10 * n), st.integers(0, 10), st.integers(1, 2), st.booleans()
)
def test_both_percentages_are_kept_at_every_moment(
    desired: int, maximum: int, tenths: int, draining: int, behind: bool
) -> None:
    minimum = 10 * tenths
    dock = a_dock(4)
    service = a_service(
        dock.world, "prod", "shop", desired=desired, minimum=minimum, maximum=maximum, target_group=behind
    ).arn
    before = len(dock.world.ecs.history)
    dock.drain(*dock.hosts[:draining])
    dock.wait(1800.0)
    seen = dock.world.ecs.history[before:]
    assert all(one.healthy >= min(desired, ceil(desired * minimum / 100)) for one in seen)
    assert all(one.running + one.pending <= max(desired, floor(desired * maximum / 100)) for one in seen)
    (last,) = {one.service: one for one in dock.world.ecs.history}.values()
    stuck = ceil(desired * minimum / 100) >= desired and floor(desired * maximum / 100) <= desired
    on_them = sum(map(len, map(dock.on, dock.hosts[:draining])))
    assert (last.service, last.healthy, last.old) == (service, desired, on_them)
    assert on_them == 0 or stuck


def test_a_standalone_task_stays_and_a_daemon_goes_last() -> None:
    dock = a_dock()
    shop = a_service(dock.world, "prod", "shop", desired=3)
    logs = a_service(dock.world, "prod", "logs", daemon=True)
    victim = dock.hosts[0]
    alone = a_task(dock.world, "prod", host=victim.arn)
    dock.drain(victim)
    dock.wait(600.0)
    assert [task.arn for task in dock.on(victim)] == [alone.arn]
    ends = {
        one.detail.split()[0]: one.at
        for one in dock.world.record
        if one.what is What.TASK and one.instance == victim.instance and " STOPPED " in one.detail
    }
    begins = [
        one.at
        for one in dock.world.record
        if one.what is What.TASK and one.detail.startswith("service:logs RUNNING") and one.instance == victim.instance
    ]
    assert begins and begins[0] >= ends["service:shop"]
    assert dock.world.state.services[logs.arn].desired == 2
    assert dock.states(shop.arn) == {"RUNNING RUNNING": 3}


def test_one_that_is_pending_is_stopped_at_once() -> None:
    dock = a_dock()
    slow = a_definition(dock.world, "shop", starts=200.0)
    service = a_service(dock.world, "prod", "shop", desired=3, definition=slow)
    dock.world.ecs.update_service("prod", "shop", desired=4)
    dock.wait(10.0)
    (coming,) = (task for task in dock.world.ecs.tasks_of(service.arn) if task.coming)
    dock.drain(dock.world.state.hosts[coming.host or ""])
    dock.wait(5.0)
    assert dock.world.state.tasks[coming.arn].last == "STOPPED"


def test_active_again_ends_it_and_the_surplus_goes() -> None:
    dock = a_dock()
    service = a_service(dock.world, "prod", "shop", desired=6, target_group=True).arn
    victim = dock.hosts[0]
    dock.drain(victim)
    dock.wait(5.0)
    dock.drain(victim, status="ACTIVE")
    dock.wait(300.0)
    assert dock.states(service) == {"RUNNING RUNNING": 6}
    assert len(dock.on(victim)) == 2
    assert dock.lowest(service) == 6


def test_without_room_elsewhere_the_service_says_so_and_waits() -> None:
    dock = a_dock(2)
    service = a_service(dock.world, "prod", "shop", desired=2, definition=a_definition(dock.world, "shop", cpu=3000))
    victim = dock.hosts[0]
    dock.drain(victim)
    dock.wait(1000.0)
    assert len(dock.on(victim)) == 1 and dock.count(What.UNPLACED) > 0
    newest = dock.world.state.services[service.arn].events[0].message
    assert newest.startswith("(service shop) was unable to place a task because no container instance met all of its")
    assert "has insufficient CPU units available" in newest
    dock.world.set_desired_capacity("web", 3)
    dock.wait(300.0)
    assert dock.on(victim) == []
    assert dock.world.state.services[service.arn].events[0].message == "(service shop) has reached a steady state."


def test_a_protected_task_holds_its_host_until_its_protection_expires() -> None:
    dock = a_dock()
    a_service(dock.world, "prod", "shop", desired=3)
    victim = dock.hosts[0]
    (task,) = dock.on(victim)
    dock.world.ecs.protect(task.arn, 900.0)
    dock.drain(victim)
    dock.wait(890.0)
    assert [one.last for one in dock.on(victim)] == ["RUNNING"]
    dock.wait(60.0)
    assert dock.on(victim) == []


def test_and_by_the_other_reading_it_does_not() -> None:
    dock = a_dock()
    dock.world.ecs.readings.protected_stay = False
    a_service(dock.world, "prod", "shop", desired=3)
    victim = dock.hosts[0]
    (task,) = dock.on(victim)
    dock.world.ecs.protect(task.arn, 900.0)
    dock.drain(victim)
    dock.wait(120.0)
    assert dock.on(victim) == []
