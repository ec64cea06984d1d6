"""R6: scheduled actions that fall due during a run are made up for at its end, as AWS would have done them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import anyio
import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.choices import MissedSchedules
from async_rollout.core.events import Acted, Warned
from async_rollout.core.journal import Found, Goal
from async_rollout.core.observation import Scheduled
from async_rollout.core.plan import plan_of
from async_rollout.core.schedules import folded
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.preview import EVERYTHING
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import ScheduledAction
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.depth import deeper, sampled
from support.simulation import Run, ours, simulate


def due(name: str, after: float, **sizes: int) -> Callable[[World], ScheduledAction]:
    return lambda world: ScheduledAction(name=name, at=world.now + after, **sizes)  # type: ignore[arg-type]


def repeated(name: str, after: float, every: int, zone: str, **sizes: int) -> Callable[[World], ScheduledAction]:
    """By cron, each so many minutes, by the clocks of a zone, from so many seconds on."""
    return lambda world: ScheduledAction(
        name=name, at=world.now + after, recurrence=f"*/{every} * * * *", zone=zone, **sizes  # type: ignore[arg-type]
    )  # fmt: skip


def scheduled(world: World, *actions: Callable[[World], ScheduledAction], size: int = 3) -> None:
    a_group(world, size=size, minimum=1, maximum=12, delay=20.0)
    for action in actions:
        world.schedule("web", action(world))


def day(*actions: Callable[[World], ScheduledAction], size: int = 3) -> Callable[[World], None]:
    return lambda world: scheduled(world, *actions, size=size)


def sizes(run: Run) -> tuple[int, int, int]:
    return run.left.minimum, run.left.desired, run.left.maximum


def warned(run: Run) -> list[str]:
    return [one.text for one in run.events if isinstance(one, Warned)]


def done(run: Run) -> None:
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    assert run.left.suspended == run.found.suspended and not ours(run.left)


def test_r6_it_ends_at_what_was_scheduled() -> None:
    run = simulate(day(due("evening", 120.0, desired=8)))
    done(run)
    assert sizes(run) == (1, 8, 12) and run.result.missed == ()
    assert any("scheduled action evening has fallen due: it is made up for at the end" in one for one in warned(run))
    assert any("(evening) come to minimum 1, desired capacity 8, maximum 12: set now" in one for one in warned(run))
    lost = [one.detail for one in run.world.record if one.what is What.SCHEDULED_LOST]
    assert lost == ["evening"]


def test_field_by_field_and_in_their_order() -> None:
    """An 08:00 minimum, an 08:05 desired; what contradicts the sizes of then is refused, as AWS does."""
    actions = (
        due("minimum", 60.0, minimum=4), due("too-much", 90.0, desired=99), due("desired", 150.0, desired=6),
        due("maximum", 180.0, maximum=9),
    )  # fmt: skip
    run = simulate(day(*actions))
    done(run)
    assert sizes(run) == (4, 6, 9)
    assert run.result.missed == ()


def test_a_repeated_one_with_a_zone_is_known_each_time_anew() -> None:
    actions = repeated("pulse", 30.0, 2, "Europe/Madrid", desired=5), due("noon", 200.0, desired=7)
    run = simulate(day(*actions))
    done(run)
    lost = [one.detail for one in run.world.record if one.what is What.SCHEDULED_LOST]
    assert lost.count("pulse") >= 2 and "noon" in lost
    last = 5 if lost[-1] == "pulse" else 7
    assert run.left.desired == last
    assert sum("scheduled action pulse has fallen due" in one for one in warned(run)) == lost.count("pulse")


def test_what_is_lowered_is_lowered_too() -> None:
    run = simulate(day(due("night", 100.0, desired=2, maximum=4), size=5))
    done(run)
    assert sizes(run) == (1, 2, 4)


def test_only_named_where_that_is_wanted() -> None:
    build, spec = day(due("evening", 120.0, desired=8)), RolloutSpec(missed_schedules=MissedSchedules.REPORT)
    run = simulate(build, spec)
    done(run)
    assert sizes(run) == (1, 3, 12) and run.result.missed == ("evening",)
    assert any("evening has fallen due: it does not fire" in one for one in warned(run))


def test_who_sets_a_size_later_has_the_last_word() -> None:
    async def person(world: World) -> None:
        await anyio.sleep(150.0)
        world.human_sets("web", desired=world.state.groups["web"].desired + 1)

    run = simulate(day(due("evening", 60.0, desired=8)), others=person)
    done(run)
    assert sizes(run) == (1, 4, 12) and run.result.missed == ("evening",)


def test_who_set_a_size_before_has_not() -> None:
    async def person(world: World) -> None:
        await anyio.sleep(40.0)
        world.human_sets("web", desired=world.state.groups["web"].desired + 1)

    run = simulate(day(due("minimum", 150.0, minimum=2)), others=person)
    done(run)
    assert sizes(run) == (2, 4, 12)


@pytest.mark.parametrize("goal", [Goal.REPLACE, Goal.RESTORE])
def test_after_a_kill_and_in_a_restore_it_is_named(goal: Goal) -> None:
    build = day(due("an evening=8 up/down", 100.0, desired=8))
    run = simulate(build, goals=(Goal.REPLACE, goal), kill_after=16)
    lost = [one.at for one in run.world.record if one.what is What.SCHEDULED_LOST]
    assert lost and run.result.verdict.code == 0
    assert sizes(run) == (1, 3, 12) and not ours(run.left)
    assert run.result.missed == ("an.evening.8.up.down",)


@pytest.mark.parametrize("kill", sampled(range(30, 62, 2), every=4))
def test_killed_near_its_end_it_is_done_or_named(kill: int) -> None:
    run = simulate(day(due("evening", 100.0, desired=8)), goals=(Goal.REPLACE,) * 2, kill_after=kill)
    assert run.result.verdict.code == 0, run.result.verdict
    told = [name for one in run.results for name in one.missed]
    assert sizes(run)[1] == 8 or told == ["evening"], (kill, sizes(run), told)
    assert not ours(run.left) and run.left.suspended == run.found.suspended


def test_what_the_owner_himself_keeps_suspended_is_none_of_ours() -> None:
    def build(world: World) -> None:
        a_group(world, size=3, maximum=12, delay=20.0, suspended=("ScheduledActions",))
        world.schedule("web", ScheduledAction(name="evening", at=world.now + 100.0, desired=8))

    run = simulate(build)
    done(run)
    assert run.left.desired == 3 and run.result.missed == () and not any("evening" in one for one in warned(run))


def last_look(run: Run) -> float:
    """When it was last looked before sizes were set as scheduled; at the end, where they were not."""
    told = (one.at for one in run.events if isinstance(one, Warned) and "set now" in one.text)
    return next(told, run.world.now)


def drawn(seed: int) -> list[Callable[[World], ScheduledAction]]:
    rng = random.Random(f"schedules {seed}")
    found: list[Callable[[World], ScheduledAction]] = []
    for number in range(rng.randrange(1, 6)):
        fields = rng.sample(["minimum", "desired", "maximum"], rng.randrange(1, 4))
        low, high = rng.randrange(0, 4), rng.randrange(4, 13)
        values = {"minimum": low, "desired": rng.randrange(low, high + 1), "maximum": high}
        given = {name: values[name] for name in fields}
        after = rng.uniform(0.0, 500.0)
        if rng.random() < 0.3:
            zone = rng.choice(["UTC", "Asia/Kolkata", "America/New_York"])
            found.append(repeated(f"r{number}", after, rng.choice([1, 2, 3, 5]), zone, **given))
        else:
            found.append(due(f"d{number}", after, **given))
    return found


@pytest.mark.parametrize("seeds", deeper((range(begin, begin + 8) for begin in range(0, 40, 8)), always=1, id=str))
def test_drawn_days_end_as_aws_would_have_left_them(seeds: range) -> None:
    """The sizes after the run are those that the same actions give in a world without us.

    But for what falls due between the last look and the call that sets them, which is named.
    """
    for seed in seeds:
        actions = drawn(seed)
        run = simulate(day(*actions), seed=seed)
        done(run)
        fired = [one for one in run.world.record if one.what in (What.SCHEDULED, What.SCHEDULED_LOST)]
        late = [one for one in fired if one.what is What.SCHEDULED_LOST and one.at > last_look(run)]
        assert {one.detail for one in late}.issubset(run.result.missed), seed
        fired = [one for one in fired if one not in late]
        world = World(seed)
        scheduled(world)
        owners = Found(minimum=1, desired=3, maximum=12)
        known = {each.name: each for each in (action(world) for action in actions)}
        names = [one.detail for one in fired]
        ones = [known[name] for name in names]
        sched = [Scheduled(name=o.name, at=0.0, minimum=o.minimum, maximum=o.maximum, desired=o.desired) for o in ones]
        by_hand = _by_hand(owners, sched)
        assert sizes(run) == by_hand, (seed, names, sizes(run), by_hand)


def _by_hand(found: Found, actions: list[Scheduled]) -> tuple[int, int, int]:
    """AWS's own: each as UpdateAutoScalingGroup does it in the sandbox."""
    world = World(0)
    a_group(world, size=found.desired, minimum=found.minimum, maximum=found.maximum)
    for one in actions:
        try:
            world.update_group("web", minimum=one.minimum, maximum=one.maximum, desired=one.desired)
        except Exception:  # noqa: BLE001, S112 - AWS refuses sizes that contradict each other
            continue
    group = world.group("web")
    return group.minimum, group.desired, group.maximum


def test_folded_names_those_that_aws_takes() -> None:
    owners = Found(minimum=1, desired=3, maximum=5)
    good, bad = Scheduled(name="a", at=1.0, minimum=4), Scheduled(name="b", at=2.0, desired=9)
    assert folded(owners, (good, bad)) == (Found(minimum=4, desired=4, maximum=5), (good,))


def test_the_plan_says_so_and_shows_the_act() -> None:
    async def planned() -> tuple[tuple[str, ...], list[str]]:
        world = World(0, loop_clock())
        scheduled(world, due("evening", 100.0, desired=8))
        plan = plan_of(RolloutSpec(), await PortCloud(world).look("web", EVERYTHING, 0.0))
        return plan.notes, [type(step.action).__name__ for step in plan.steps]

    notes, acts = run_virtual(planned)
    assert "scheduled action evening falls into the run and is made up for at its end" in notes
    assert acts.count("SetSizes") == 1
    assert "Terminate" not in acts[acts.index("SetSizes") :]


def test_it_is_one_call_of_all_three_sizes() -> None:
    run = simulate(day(due("evening", 120.0, desired=8)))
    told = [one.action for one in run.events if isinstance(one, Acted) and "as scheduled meanwhile" in one.action]
    assert told == ["set minimum 1, desired capacity 8 and maximum 12, as scheduled meanwhile"]
    assert datetime.fromtimestamp(run.world.now, UTC).year == 2026
