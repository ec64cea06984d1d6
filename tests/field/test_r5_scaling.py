"""R5: scale-outs during a run. Held, and said before and once on the way; or followed, and nobody fights about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from statistics import mean

import anyio
import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.choices import Scaling
from async_rollout.core.events import Warned
from async_rollout.core.journal import Goal
from async_rollout.core.plan import plan_of
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.preview import EVERYTHING
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Physics, ScheduledAction
from async_rollout.sandbox.scalers import PERIOD, Per
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.depth import deeper
from support.laws.followed import refilled
from support.load_days import Day, alone, cuts, drawn, fought_over, lag, last_word, raised_by_us, tracking
from support.simulation import Others, Run, conductor, ours, simulate

FOLLOW, HOLD = RolloutSpec(scaling=Scaling.FOLLOW), RolloutSpec()
HELD = {"AlarmNotification", "ScheduledActions"}


def rising(spec: RolloutSpec, size: int = 6, per: Per = Per.TARGET) -> Day:
    """Half as much again from the third minute on."""
    return Day(size=size, turns=((0.0, 0.9), (150.0, 1.4)), per=per, policies=tracking(), spec=spec)


def done(run: Run) -> None:
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    assert run.left.suspended == run.found.suspended and not ours(run.left)
    staying = {one.id for one in run.world.members("web") if not one.lifecycle.startswith("Terminat")}
    assert staying.isdisjoint(run.found_ids)


def suspended(run: Run) -> set[str]:
    return {name for one in run.world.record if one.what is What.SUSPEND for name in one.detail.split()}


def happened(run: Run, what: What) -> int:
    return sum(one.what is what for one in run.world.record)


def test_r5_held_no_policy_acts_and_followed_they_do() -> None:
    held, followed = (simulate(rising(spec).build, spec) for spec in (HOLD, FOLLOW))
    done(held)
    done(followed)
    assert suspended(held) == {*HELD, "AZRebalance", "ReplaceUnhealthy"}
    assert suspended(followed) == {"AZRebalance", "ReplaceUnhealthy"}
    assert happened(held, What.ALARM) == 0 < happened(held, What.ALARM_IGNORED) and held.left.desired == 6
    assert happened(followed, What.ALARM) and happened(followed, What.ALARM_IGNORED) == 0
    assert followed.left.desired == last_word(followed.world, 6) >= 9


def test_followed_a_scheduled_action_fires_when_it_is_due() -> None:
    def build(world: World) -> None:
        a_group(world, size=3, maximum=12, delay=20.0)
        world.schedule("web", ScheduledAction(name="evening", at=world.now + 100.0, desired=5))

    run = simulate(build, FOLLOW)
    done(run)
    assert happened(run, What.SCHEDULED) == 1 and run.result.missed == ()
    assert run.left.desired == 5


def cut(at: float, times: int = 1, every: float = 60.0) -> Others:
    """Somebody's scaler lowers desired by one, again and again, as far as it is above what it wants."""

    async def others(world: World) -> None:
        await anyio.sleep(at)
        for _ in range(times):
            group = world.state.groups["web"]
            if group.desired > 3:
                world.human_sets("web", desired=group.desired - 1, who="scaler")
            await anyio.sleep(every)
            world.advance()

    return others


def test_after_a_cut_the_lift_is_asked_for_again_five_minutes_later_at_the_soonest() -> None:
    run = simulate(partial(a_group, size=3, maximum=12, delay=20.0), FOLLOW, others=cut(45.0))
    done(run)
    at = next(one.at for one in run.world.record if one.who == "scaler")
    again = [one for one in raised_by_us(run.world) if one > at]
    assert again and 300.0 <= min(again) - at < 400.0
    assert run.left.desired == 3


def test_cuts_are_a_reason_to_halt_only_where_scaling_is_held() -> None:
    codes = {}
    for spec in (HOLD, FOLLOW):
        run = simulate(partial(a_group, size=3, maximum=12, delay=20.0), spec, others=cut(45.0, times=12, every=420.0))
        assert not ours(run.left)
        codes[spec.scaling] = run.result.verdict.code, "someone else steers" in run.result.verdict.why
    assert codes[Scaling.FOLLOW] == (0, False)


REFILLED = [
    partial(refilled, spec, to, at=at, flips=flips)
    for spec, to, at, flips in product([FOLLOW, HOLD], [4, 5], [60.0, 5.0], [True, False])
]


@pytest.mark.parametrize("story", deeper(REFILLED, always=2))
def test_what_never_launches_is_not_waited_for_as_long_as_a_scaler_refills_it(story: Callable[[], list[str]]) -> None:
    assert story() == []


def test_an_absolute_number_is_taken_at_its_word() -> None:
    """Above our lift, and below it: a "3" is no 1, a "5" no 4."""
    for number in (3, 5):

        async def person(world: World, number: int = number) -> None:
            while world.state.groups["web"].desired < 4:
                await anyio.sleep(1.0)
                world.advance()
            world.human_sets("web", desired=number)

        run = simulate(partial(a_group, size=3, minimum=1, maximum=12, delay=20.0), FOLLOW, others=person)
        done(run)
        assert run.left.desired == number


@pytest.mark.parametrize(("first", "then"), [(HOLD, FOLLOW), (FOLLOW, HOLD)], ids=["let go", "held from then on"])
def test_a_take_over_with_the_other_order(first: RolloutSpec, then: RolloutSpec) -> None:
    """The record's processes are resumed at once where they are to run, and are suspended where they are not."""
    seen: list[frozenset[str]] = []

    async def story() -> World:
        world = World(0, loop_clock())
        a_group(world, size=3, maximum=12, delay=20.0)
        with anyio.move_on_after(60.0):
            await conductor(world, "one", scaling=first.scaling).run()
        async with anyio.create_task_group() as tasks:

            async def watch() -> None:
                await anyio.sleep(150.0)
                world.advance()
                seen.append(world.state.groups["web"].suspended_names)

            tasks.start_soon(watch)
            await conductor(world, "two", scaling=then.scaling).run()
        return world

    world = run_virtual(story)
    assert seen[0].isdisjoint(HELD) if then is FOLLOW else seen[0] >= HELD
    assert world.state.groups["web"].suspended == () and not ours(world.state.groups["web"])


@pytest.mark.parametrize("goal", [Goal.REPLACE, Goal.RESTORE])
def test_a_killed_run_that_follows_leaves_alarms_and_schedules_running(goal: Goal) -> None:
    run = simulate(rising(FOLLOW).build, FOLLOW, goals=(Goal.REPLACE, goal), kill_after=20)
    assert run.result.verdict.code == 0 and not ours(run.left)
    assert suspended(run) == {"AZRebalance", "ReplaceUnhealthy"} and run.left.suspended == run.found.suspended


def test_the_plan_says_how_long_nothing_scales_and_names_what_lets_it() -> None:
    async def planned() -> list[tuple[str, ...]]:
        found = []
        for size, spec in ((2, HOLD), (8, HOLD), (8, FOLLOW)):
            world = World(0, loop_clock())
            a_group(world, size=size, maximum=2 * size, delay=20.0)
            found.append(plan_of(spec, await PortCloud(world).look("web", EVERYTHING, 0.0)).notes)
        return found

    short, long, followed = (
        [line for line in notes if line.startswith("nothing scales out meanwhile, about")]
        for notes in run_virtual(planned)
    )
    assert len(short) == len(long) == 1 and followed == []
    assert "--scaling follow" in long[0] and "--scaling follow" not in short[0]
    assert " min, at worst " in long[0]


def test_a_run_that_holds_for_long_says_so_once() -> None:
    build = partial(a_group, size=8, maximum=16, delay=20.0, physics=Physics(boot=150.0))
    for spec, times in ((HOLD, 1), (FOLLOW, 0)):
        run = simulate(build, spec)
        done(run)
        told = [one.text for one in run.events if isinstance(one, Warned) and "has scaled for 15 min" in one.text]
        assert len(told) == times and run.result.seconds > 900.0


@pytest.mark.parametrize("per", Per)
@pytest.mark.parametrize("seeds", deeper((range(begin, begin + 6) for begin in range(0, 24, 6)), always=1, id=str))
def test_drawn_days_of_load(seeds: range, per: Per) -> None:
    followed(seeds, per)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("block", range(20))
def test_a_thousand_drawn_days_of_load(block: int) -> None:
    followed(range(50 * block, 50 * block + 50), Per.TARGET)


def followed(seeds: range, per: Per) -> None:
    """Never two launches fought over, and it ends where the scaler wants it; the lag is that of one period."""
    lags = []
    for seed in seeds:
        day = drawn(seed, per)
        run = simulate(day.build, day.spec, seed=seed)
        done(run)
        assert fought_over(run.world) == [], seed
        assert run.left.desired == last_word(run.world, run.found.desired), seed
        lags.append(lag(run, alone(day, run.result.seconds + 1.0, seed), day, run.result.seconds))
    assert mean(lags) <= PERIOD, lags


def test_the_days_are_of_all_kinds() -> None:
    """What is drawn rises and falls, so that policies raise and lower while it runs."""
    runs = [simulate(drawn(seed).build, drawn(seed).spec, seed=seed) for seed in range(12)]
    assert any(happened(run, What.ALARM) > 1 for run in runs) and any(cuts(run.world) for run in runs)
    held = drawn(1, scaling=Scaling.HOLD)
    run = simulate(held.build, replace(held.spec, max_surge=1), seed=1)
    assert run.left.desired == run.found.desired and happened(run, What.ALARM) == 0
