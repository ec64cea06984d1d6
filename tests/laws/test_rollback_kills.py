"""Failures with `--on-failure rollback`, killed anywhere, under a blind supervisor; two people who order otherwise."""

from __future__ import annotations

import random
from functools import partial

import pytest

from async_rollout.core.journal import Goal
from support.depth import deeper
from support.laws.rolling_back import LIVE, drawn, meeting
from support.simulation import ours
from support.switches import launches_from, pinned


@pytest.mark.parametrize("block", deeper(range(10), always=1))
def test_drawn_failures_killed_anywhere_are_never_gone_forward_with_again(block: int) -> None:
    for seed in range(block * 10, block * 10 + 10):
        assert drawn(seed) == [], seed


def test_surplus_of_ours_that_serves_stays_where_those_that_were_to_stay_fall_ill() -> None:
    """It was on its way out, as it still booted; then all the others of the new release failed."""
    assert drawn(1714) == []


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("block", range(20))
def test_a_thousand_drawn_failures_killed_anywhere_end_on_what_was_found(block: int) -> None:
    for seed in range(1000 + block * 50, 1050 + block * 50):
        assert drawn(seed) == [], seed


@pytest.mark.parametrize("seed", deeper(range(25), always=6))
def test_restore_and_rollback_by_two_people_in_any_order_do_no_harm(seed: int) -> None:
    rng = random.Random(f"two people {seed}")
    first, second = rng.uniform(1.0, 200.0), rng.uniform(1.0, 200.0)
    world, ends = meeting(
        LIVE, (first, "b2", Goal.RESTORE, True), (second, "c3", Goal.RESTORE, False), build=partial(pinned, size=3)
    )
    group = world.group("web")
    whole = ends["a1"].verdict.code == 0
    assert launches_from(world) == ("2" if whole else "1"), ends
    assert (group.desired, group.suspended, ours(group)) == (3, (), []), ends
    assert all(one.verdict.code in (0, 5, 130) for one in ends.values()), ends


@pytest.mark.parametrize("seed", deeper(range(20), always=5))
def test_two_people_who_come_upon_what_a_killed_run_left_do_no_harm(seed: int) -> None:
    rng = random.Random(f"two come upon it {seed}")
    first, second = rng.uniform(200.0, 600.0), rng.uniform(200.0, 600.0)
    kills = {"a1": rng.randrange(4, 45)}
    world, ends = meeting(
        LIVE, (first, "b2", Goal.RESTORE, True), (second, "c3", Goal.RESTORE, False),
        build=partial(pinned, size=3), kills=kills,
    )  # fmt: skip
    group = world.group("web")
    whole = "a1" in ends and ends["a1"].verdict.code == 0
    assert launches_from(world) == ("2" if whole else "1"), ends
    assert (group.desired, group.suspended, ours(group)) == (3, (), []), ends
    assert all(one.verdict.code in (0, 5, 130) for one in ends.values()), ends
