"""U4: one more instance comes after "3 of 3, 0 to go": why is said where it happens, and before it begins."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from async_rollout.core.events import StageChanged, Waiting
from async_rollout.core.plan import Plan, plan_of
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.preview import EVERYTHING
from async_rollout.render.plain import Plain
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.depth import deeper
from support.simulation import BY_NUMBER, Run, simulate


def planned(spec: RolloutSpec, *, size: int, zones: int) -> Plan:
    async def look() -> Plan:
        world = World(0, loop_clock())
        a_group(world, size=size, zones=zones, delay=20.0)
        return plan_of(spec, await PortCloud(world).look("web", EVERYTHING, 0.0))

    return run_virtual(look)


def rolled(spec: RolloutSpec, *, size: int, zones: int) -> Run:
    return simulate(partial(a_group, size=size, zones=zones, delay=20.0), spec)


def launched(run: Run) -> list[str]:
    """Who came, in order."""
    return [one.id for one in sorted(run.world.state.instances.values(), key=lambda one: one.launched_at)][3:]


def test_u4_the_reason_stands_in_the_row_as_long_as_it_lasts_and_in_the_log() -> None:
    run = rolled(BY_NUMBER, size=3, zones=3)
    assert run.result.verdict.code == 0
    (fourth,) = launched(run)[3:]
    began = next(one.at for one in run.events if isinstance(one, StageChanged) and one.instance == fourth)
    last = [one for one in run.events if isinstance(one, Waiting) and one.at >= began and one.waits[0].on != "settling"]
    assert last and all(one.waits[0].on == "even zones" for one in last)
    assert any(fourth in one.waits[1].on for one in last if len(one.waits) > 1)
    assert len({one.waits[0].since for one in last}) <= 3
    lines: list[str] = []
    plain = Plain(lines.append)
    for event in run.events:
        plain.tell(event)
    (came,) = [line for line in lines if f"{fourth} launching" in line]
    assert "even out the zones" in came
    (out,) = [line for line in lines if "draining" in line and "even out the zones" in line]
    assert out
    assert not any("even zones" in line for line in lines[: lines.index(came) - 3])


@pytest.mark.parametrize("size", deeper([3, 2, 4, 6], always=1))
@pytest.mark.parametrize("zones", [1, 2, 3])
@pytest.mark.parametrize("way", [RolloutSpec(), BY_NUMBER], ids=["zone by zone", "by number"])
def test_u4_the_plan_says_it_where_it_happens_and_counts_it_in_the_time(
    size: int, zones: int, way: RolloutSpec
) -> None:
    for pace in ({}, {"max_surge": 2}, {"max_surge": 0, "max_unavailable": 1}):
        spec = replace(way, **pace)
        run = rolled(spec, size=size, zones=zones)
        came = sum(one.what == "launch" and one.at > run.world.record[0].at for one in run.world.record)
        plan = planned(spec, size=size, zones=zones)
        said = [note for note in plan.notes if "even out" in note]
        assert bool(said) is (came > size), (spec, came, said)
        assert len(plan.old) == size and set(plan.old) <= {one.id for one in plan.going}
        assert not any(id.startswith("new-") for id in plan.old)


def test_u4_the_estimate_holds_the_one_that_evens_out() -> None:
    with_it, without = planned(BY_NUMBER, size=3, zones=3), planned(BY_NUMBER, size=3, zones=1)
    assert with_it.expected_seconds > without.expected_seconds + 150.0
    assert with_it.worst_seconds > without.worst_seconds
