"""Several groups stopped: by one's failure, by an order, by cancelling, and from elsewhere by `restore`."""

from __future__ import annotations

import anyio
import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.events import RolloutEnded
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import HookCall, Hooks, Limits, RolloutSpec
from async_rollout.engine.fleet import restore, roll_out
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import Summary
from async_rollout.sandbox.faults import Fault, FaultKind, Faults
from async_rollout.sandbox.history import What
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from support.fleets import Told, Wayward, done_by_us, ids, lowest, not_as_found, world_of
from support.simulation import ours

SOON = RolloutSpec(canary_wait=0.0, limits=Limits(healthy=60.0))
"""A new instance that does not get healthy ends its group while the others are in the middle of theirs."""


def never_healthy(world: World, name: str) -> None:
    world.troubles[name].sick_versions = frozenset({"2"})


# --- one failure stops the others


def test_with_fail_fast_one_failure_ends_the_others_as_at_a_stop() -> None:
    async def story() -> tuple[World, dict[str, frozenset[str]], Summary, Told]:
        world, told = world_of("bad", "web", "api", size=4), Told()
        never_healthy(world, "bad")
        before = {name: ids(world, name) for name in ("bad", "web", "api")}
        return world, before, await roll_out(Wayward(world).groups(*before), SOON, tell=told, fail_fast=True), told

    world, before, summary, told = run_virtual(story)
    bad, *others = summary.results
    assert (bad.verdict.outcome, bad.verdict.code) == (Outcome.FAILED, 1)
    for one in others:
        assert one.verdict.code == 1
        assert one.verdict.why.startswith("--fail-fast: bad failed")
        assert 0 < len(one.replaced) < 4
        assert set(one.replaced) == before[one.group] - ids(world, one.group)
        assert lowest(world, one.group) >= 4
    assert not_as_found(world, *before, size=4) == []
    assert summary.code == 1
    failed = told.at(RolloutEnded, "bad")[0]
    assert all(told.at(RolloutEnded, name)[0] - failed < 200 for name in ("web", "api"))


def test_without_it_the_others_go_to_their_end() -> None:
    async def story() -> Summary:
        world = world_of("bad", "web", size=4)
        never_healthy(world, "bad")
        return await roll_out(Wayward(world).groups("bad", "web"), SOON)

    summary = run_virtual(story)
    assert [one.verdict.code for one in summary.results] == [1, 0]
    assert summary.code == 9


def test_with_fail_fast_a_group_whose_turn_has_not_come_is_never_touched() -> None:
    async def story() -> tuple[World, Summary]:
        world = world_of("bad", "web")
        never_healthy(world, "bad")
        return world, await roll_out(Wayward(world).groups("bad", "web"), SOON, max_groups=1, fail_fast=True)

    world, summary = run_virtual(story)
    assert summary.results[1].verdict.why == "--fail-fast: bad failed; nothing was changed"
    assert summary.results[1].verdict.code == 1
    assert done_by_us(world, "web") == []


def test_with_fail_fast_all_that_do_well_end_well() -> None:
    async def story() -> Summary:
        world = world_of("web", "api", size=1)
        return await roll_out(Wayward(world).groups("web", "api"), fail_fast=True)

    assert run_virtual(story).ok


# --- an order to stop reaches all


@pytest.mark.parametrize(("stop", "code"), [(Stop.FINISH, 130), (Stop.NOW, 143)])
def test_an_order_to_stop_reaches_every_group(stop: Stop, code: int) -> None:
    async def story() -> tuple[World, Summary]:
        world, halt = world_of("web", "api", "batch"), Halt()

        async def press() -> None:
            await anyio.sleep(100.0)
            halt.request(stop, "a signal")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(press)
            return world, await roll_out(Wayward(world).groups("web", "api", "batch"), halt=halt)

    world, summary = run_virtual(story)
    assert [one.verdict.code for one in summary.results] == [code] * 3
    assert {one.verdict.outcome for one in summary.results} == {Outcome.STOPPED}
    assert summary.code == code
    assert (not_as_found(world, "web", "api", "batch") == []) is (stop is Stop.FINISH)


# --- cancelling


def test_cancelling_the_whole_leaves_records_from_which_the_next_run_ends_well() -> None:
    async def story() -> tuple[World, dict[str, frozenset[str]], Summary]:
        names = ("web", "api", "batch")
        world = world_of(*names)
        before = {name: ids(world, name) for name in names}
        with anyio.move_on_after(100.0) as scope:
            await roll_out(Wayward(world).groups(*names))
        assert scope.cancelled_caught
        assert anyio.current_time() <= 105.0
        done = len(done_by_us(world))
        await anyio.sleep(300.0)
        assert len(done_by_us(world)) == done
        assert all(ours(world.state.groups[name]) for name in names)
        return world, before, await roll_out(Wayward(world).groups(*names))

    world, before, summary = run_virtual(story)
    assert summary.ok, summary
    assert not_as_found(world, *before) == []
    for name, old in before.items():
        assert not ids(world, name) & old
        assert lowest(world, name) >= 3


# --- restore


def test_restore_puts_back_several_groups_and_leaves_alone_what_has_no_record() -> None:
    async def story() -> tuple[World, Summary, list[object]]:
        world = world_of("web", "api", "batch")
        with anyio.move_on_after(100.0):
            await roll_out(Wayward(world).groups("web", "api"))
        assert not_as_found(world, "web") and not_as_found(world, "api")
        summary = await restore(Wayward(world).groups("web", "api", "batch"))
        return world, summary, list(done_by_us(world, "batch"))

    world, summary, batch = run_virtual(story)
    outcomes = [one.verdict.outcome for one in summary.results]
    assert outcomes == [Outcome.RESTORED, Outcome.RESTORED, Outcome.NOTHING]
    assert summary.code == 0
    assert not_as_found(world, "web", "api", "batch") == []
    assert batch == []


def test_restore_twice_changes_nothing_more() -> None:
    async def story() -> tuple[World, int, Summary]:
        world = world_of("web")
        with anyio.move_on_after(100.0):
            await roll_out(Wayward(world).groups("web"))
        await restore(Wayward(world).groups("web"))
        done = len(done_by_us(world))
        return world, done, await restore(Wayward(world).groups("web"))

    world, done, summary = run_virtual(story)
    assert summary.results[0].verdict.outcome is Outcome.NOTHING
    assert len(done_by_us(world)) == done


def test_restore_of_groups_with_a_live_holder_writes_the_order_and_waits_until_it_has_stopped() -> None:
    async def story() -> tuple[World, dict[str, Summary], dict[str, float]]:
        world, ends, times = world_of("web", "api"), {}, {}

        async def live() -> None:
            ends["live"] = await roll_out(Wayward(world).groups("web", "api"))
            times["live"] = anyio.current_time()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(live)
            await anyio.sleep(100.0)
            ends["back"] = await restore(Wayward(world).groups("web", "api"))
            times["back"] = anyio.current_time()
        return world, ends, times

    world, ends, times = run_virtual(story)
    assert [one.verdict.code for one in ends["live"].results] == [130, 130]
    assert all("stopped by restore from " in one.verdict.why for one in ends["live"].results)
    assert [one.verdict.code for one in ends["back"].results] == [0, 0]
    assert times["live"] <= times["back"] + 1.0  # it sees its own tags gone in a look of its own
    for name in ("web", "api"):
        orders = [one.at for one in done_by_us(world, name) if one.what is What.TAG and one.detail == ORDER]
        assert len(orders) == 1
        assert len(world.state.members(name)) == 3
    assert not_as_found(world, "web", "api") == []


ORDER = "async-rollout:order"


def test_a_group_that_cannot_be_put_back_outranks_all_other_ends() -> None:
    """Its before-command failed, and AWS does not let it be parked: it is neither put back nor terminated."""

    async def fails_for_api(call: HookCall) -> bool:
        return call.group != "api"

    async def story() -> tuple[World, Summary]:
        world = world_of("web", "api", "bad", size=1)
        never_healthy(world, "bad")
        spec = RolloutSpec(hooks=Hooks(before_terminate=fails_for_api), limits=Limits(healthy=60.0))
        no = Fault(kind=FaultKind.REFUSED, action="EnterStandby", code="ValidationError", words="It is not.")
        cloud = Wayward(world, faults=Faults(world, (no,)))
        return world, await roll_out(cloud.groups("web", "api", "bad"), spec)

    world, summary = run_virtual(story)
    assert [one.verdict.code for one in summary.results] == [0, 10, 1]
    assert summary.code == 10
    assert not_as_found(world, "web", "bad", size=1) == []
