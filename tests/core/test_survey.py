"""Each reason not to begin, and that a group without any has none; what is told and what is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.choices import Scaling
from async_rollout.core.journal import SUSPENDED_BY_US
from async_rollout.core.observation import Observation, Source, Survey, Target, TargetState
from async_rollout.core.spec import Hooks, RolloutSpec
from async_rollout.core.survey import hindered, missed, objections, unhealthy, warnings
from support.drawn import AT, SOURCES, ident, observation

ASKED = Survey(at=AT)


def free(drawing: str = "SSS", **group: Any) -> Observation:
    """A group that nobody rolls, with fields changed."""
    seen = observation(drawing)
    return replace(seen, journal=None, group=replace(seen.group, **{"suspended": frozenset(), **group}))


@pytest.mark.parametrize(
    ("group", "says"),
    [
        ({}, None),
        ({"status": "Delete in progress"}, "the group is being deleted (Delete in progress)"),
        ({"suspended": frozenset({"Launch", "Terminate"})}, "suspended: Launch, Terminate"),
        ({"suspended": frozenset({"HealthCheck"})}, "suspended: HealthCheck"),
        ({"suspended": frozenset(SUSPENDED_BY_US[:3])}, None),
        ({"suspended": frozenset(SUSPENDED_BY_US)}, "are all suspended and no record says by whom"),
        ({"tag_count": 40}, None),
        ({"tag_count": 41}, "has 41 tags of 50 and the record needs up to 10"),
        ({"weighted": True}, "counts in weights"),
        ({"warm_pool": True}, "warm pool"),
        ({"ecs_managed": True}, "ECS"),
        ({"unknown_sources": ("arn:lattice",)}, "traffic source arn:lattice"),
    ],
)  # fmt: skip
def test_objections(group: dict[str, Any], says: str | None) -> None:
    found = objections(RolloutSpec(), free(**group), ASKED)
    assert len(found) == (says is not None)
    assert all(str(says) in line for line in found)


def test_force_lets_what_is_suspended_pass_and_nothing_else() -> None:
    spec = RolloutSpec(require_healthy_group=False)
    assert objections(spec, free(suspended=frozenset({"Launch", *SUSPENDED_BY_US})), ASKED) == ()
    assert len(objections(spec, free(weighted=True), ASKED)) == 1


def test_a_group_that_ecs_manages_is_taken_where_its_cluster_is_seen_and_its_scaling_is_not_followed() -> None:
    cluster = Source(id="ecs", kind="ecs", name="prod", moves_work=True)
    seen = free(ecs_managed=True)
    seen = replace(seen, sources=(*seen.sources, cluster))
    assert objections(RolloutSpec(), seen, ASKED) == ()
    (line,) = objections(RolloutSpec(scaling=Scaling.FOLLOW), seen, ASKED)
    assert "--scaling follow: ECS scales the group" in line


def test_an_active_refresh_is_in_the_way() -> None:
    (line,) = objections(RolloutSpec(), free(), replace(ASKED, refresh="InProgress"))
    assert "an instance refresh is active (InProgress)" in line


def test_more_odd_ports_than_a_tag_holds_are_refused() -> None:
    seen = free("S")
    many = tuple(Target(source="tg1", port=9000 + n, state=TargetState.HEALTHY) for n in range(40))
    crowded = replace(seen, instances=(replace(seen.instances[0], targets=many),))
    (line,) = objections(RolloutSpec(), crowded, ASKED)
    assert line.startswith(f"{ident(0)} is registered under too many ports")


@pytest.mark.parametrize(
    ("zones", "has_listener", "refused"),
    [
        (None, True, False),
        (frozenset("abc"), True, False),
        (frozenset("ab"), True, True),
        (frozenset("ab"), False, False),
    ],
)
def test_a_zone_that_the_load_balancer_does_not_serve(
    zones: frozenset[str] | None, *, has_listener: bool, refused: bool
) -> None:
    sources = (replace(SOURCES[0], zones=zones, has_listener=has_listener), SOURCES[1])
    found = objections(RolloutSpec(), replace(free("SSS"), sources=sources), ASKED)
    assert [line.split(":")[0] for line in found] == (["tg1"] if refused else [])


def test_who_is_unhealthy_where_is_said_in_awss_words() -> None:
    seen = free("SUM")
    bare = replace(seen.instances[0], targets=seen.instances[0].targets[:1])
    lines = unhealthy(replace(seen, instances=(bare, *seen.instances[1:])))
    assert lines == (
        f"{ident(2)} is marked Unhealthy", f"{ident(1)} at tg1: unhealthy", f"{ident(0)} at tg2: not registered",
        f"{ident(1)} at tg2: unhealthy",
    )  # fmt: skip


def test_what_the_owner_ought_to_know() -> None:
    seen = free("SSB")
    held = replace(seen.instances[0], protected=True)
    idle = replace(SOURCES[0], has_listener=False)
    seen = replace(seen, instances=(held, *seen.instances[1:]), sources=(idle,))
    told = warnings(RolloutSpec(), seen)
    assert [line.split(" ")[0] for line in told] == ["tg1", ident(2), ident(0), "behind"]
    assert len(warnings(RolloutSpec(hooks=Hooks(up_check="true")), seen)) == 3


def test_what_is_suspended_and_needed_is_put_behind_what_is_waited_for() -> None:
    assert hindered(free()) == ""
    assert hindered(free(suspended=frozenset({"Launch", "AZRebalance"}))) == "; suspended by somebody: Launch"


def test_scheduled_actions_that_fall_into_the_run() -> None:
    assert missed({"early": 9.0, "first": 10.0, "last": 20.0, "late": 21.0}, 10.0, 20.0) == ("first", "last")
