"""Somebody marks an instance Unhealthy through the API, though every load balancer calls it healthy.

The mark stays and the instance goes, a ready successor first: AWS would replace it as soon as ReplaceUnhealthy runs.
We take off only the mark that our own deregistration made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import anyio
import pytest

from async_rollout.core.events import Warned
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.halt import Halt
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Instance, Physics
from async_rollout.sandbox.simulation import AWS, HUMAN
from async_rollout.sandbox.world import World
from support.over_the_wire import rolled
from support.simulation import BY_NUMBER, Others, Run, simulate


def group(*, size: int = 3, health: str = "EC2", sources: int = 1) -> Callable[[World], object]:
    def built(world: World) -> None:
        a_group(
            world, size=size, minimum=1, maximum=9, delay=20.0, classic=sources, target_groups=sources,
            edit=lambda one: replace(one, health_check_type=health, grace=60.0, physics=Physics(warm=10.0 * sources)),
        )  # fmt: skip

    return built


def accuse(at: float, which: Callable[[World], list[Instance]]) -> Others:
    async def others(world: World) -> None:
        await anyio.sleep(at)
        for one in which(world):
            world.set_health(one.id, "Unhealthy", who=HUMAN)

    return others


def old(world: World) -> list[Instance]:
    return [one for one in world.members("web") if one.in_service]


def well(world: World) -> list[Instance]:
    """One of those that were there before and are not on their way out."""
    return old(world)[2:3]


def new(world: World) -> list[Instance]:
    return sorted(old(world), key=lambda one: -one.launched_at)[:1]


def marks(run: Run, status: str) -> list[str]:
    ours = (one for one in run.world.record if one.what is What.MARK and one.who == "owner")
    return [one.instance for one in ours if one.detail.startswith(status)]


def accused(run: Run) -> set[str]:
    return {one.instance for one in run.world.record if one.what is What.MARK and one.who == HUMAN}


def whole(run: Run, size: int = 3) -> None:
    """All replaced, none marked any more, nobody marked healthy by us, never fewer serving, AWS replaced nobody."""
    assert run.result.verdict.code == 0, run.result.verdict
    assert not accused(run) & run.members
    assert not marks(run, "Healthy")
    assert (run.left.desired, run.left.suspended, run.left.tags) == (size, (), ())
    assert min(one.serving for one in run.history) >= size
    assert not [one for one in run.world.record if one.what is What.TERMINATE and one.who == AWS]
    told = [one.text for one in run.events if isinstance(one, Warned) and "marked Unhealthy by others" in one.text]
    assert 1 <= len(told) == len(set(told)) <= len(accused(run))


@pytest.mark.parametrize("health", ["EC2", "ELB"])
@pytest.mark.parametrize("at", [60.0, 150.0])
def test_an_old_one_goes_first_and_a_ready_successor_comes_before(health: str, at: float) -> None:
    run = simulate(group(health=health), others=accuse(at, well))
    whole(run)


def test_a_new_one_goes_too_and_its_place_is_kept() -> None:
    run = simulate(group(), others=accuse(200.0, new))
    (id,) = accused(run)
    assert id not in run.found_ids
    whole(run)


def test_all_are_marked_and_none_is_missing_meanwhile() -> None:
    run = simulate(group(), RolloutSpec(max_surge=2), others=accuse(100.0, old))
    assert len(accused(run)) >= 3
    whole(run)


def test_over_the_wire_too() -> None:
    def built(world: World) -> None:
        group()(world)
        world.after(100.0, lambda: world.set_health(world.members("web")[0].id, "Unhealthy", who=HUMAN))

    world, result = rolled(built, RolloutSpec())
    assert result.verdict.code == 0
    assert not [one for one in world.record if one.what is What.MARK and one.who == "owner"]


def test_behind_no_load_balancer_a_marked_one_goes_as_an_ill_one() -> None:
    run = simulate(group(sources=0), BY_NUMBER, others=accuse(49.5, well))
    assert (run.result.verdict.code, accused(run) <= run.found_ids) == (0, True), run.result.verdict
    assert min(one.serving for one in run.history) >= 3


async def stopped(world: World, halt: Halt) -> None:
    while not any(one.what is What.DEREGISTER for one in world.record):
        await anyio.sleep(0.5)
    await anyio.sleep(15.0)  # AWS's health check comes round and finds it missing
    halt.request(Stop.FINISH)


def test_what_our_deregistration_made_is_taken_off_when_it_is_put_back() -> None:
    run = simulate(group(health="ELB"), halt=stopped)
    assert run.result.verdict.code == 130
    (id,) = marks(run, "Healthy")
    assert run.world.instance(id).health == "Healthy" and run.members >= run.found_ids
    assert not [one for one in run.world.record if one.what is What.TERMINATE and one.who == AWS]


def test_what_others_marked_before_we_took_it_out_stays_marked_when_it_is_put_back() -> None:
    """AWS replaces it, as it would have without us."""
    run = simulate(group(health="ELB"), others=accuse(50.0, lambda world: old(world)[:1]), halt=stopped)
    (id,) = accused(run)
    out = next(one.instance for one in run.world.record if one.what is What.DEREGISTER)
    assert (run.result.verdict.code, out, marks(run, "Healthy")) == (130, id, [])


def test_a_newcomer_that_is_marked_before_it_serves_proves_nothing_and_is_named() -> None:
    """Behind no load balancer nobody says otherwise: it never gets ready, and no old one goes for it."""

    def fresh(world: World) -> list[Instance]:
        return [one for one in world.members("web") if one.booting]

    run = simulate(group(sources=0), others=accuse(39.5, fresh))
    assert (run.result.verdict.code, run.found_ids <= run.members) == (1, True)
    assert all(f"{id} was not proven" in run.result.verdict.why for id in accused(run))
    assert "it is marked Unhealthy" in run.result.verdict.why
