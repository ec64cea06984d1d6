"""Every scenario begins settled, and stays so as long as nobody touches it."""

import pytest

from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.scenarios import SCENARIOS, build
from async_rollout.sandbox.templates import outdated


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_settled_and_stays_settled(name: str) -> None:
    clock = ManualClock()
    world = build(name, clock=clock)
    clock.move(7200.0)
    assert world.record == []
    for group in world.state.groups.values():
        census = world.census(group.name)
        assert (census.serving, census.exist, census.desired) == (group.desired, group.desired, group.desired)


def test_the_demo_has_one_of_each() -> None:
    groups = build("demo").state.groups
    sources = {name: (len(group.classics), len(group.target_groups)) for name, group in groups.items()}
    assert sources == {"web": (1, 2), "api": (0, 2), "batch": (0, 0)}


def test_many_takes_a_number() -> None:
    assert len(build("many-3").state.groups) == 3
    with pytest.raises(KeyError):
        build("manifold")


@pytest.mark.parametrize("name", ["demo", "launch-configuration", "mixed-instances", "never-healthy"])
def test_outdated_instances_are_where_they_were_asked_for(name: str) -> None:
    state = build(name).look()
    for group in state.groups.values():
        assert all(outdated(state, group, one) for one in state.members(group.name))
    up_to_date = build("at-max").look()
    assert not any(outdated(up_to_date, up_to_date.groups["web"], one) for one in up_to_date.members("web"))


def test_the_sandbox_follows_the_clock_it_is_given() -> None:
    clock = ManualClock()
    sandbox = Sandbox("below-max", seed=5, clock=clock)
    sandbox.world.set_desired_capacity("web", 4)
    clock.move(120.0)
    assert sandbox.world.healthy("web") == 4
