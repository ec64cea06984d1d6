"""How long a group may still take: from the replacements that are through, and what is watched first counts once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from async_rollout.core.events import CanaryPassed, Replaced, RolloutStarted
from async_rollout.core.journal import Goal
from async_rollout.core.spec import RolloutSpec
from async_rollout.render.board import folded
from async_rollout.render.rows import time_left
from async_rollout.sandbox.groups import a_group
from support.simulation import simulate
from support.told import GOOD, NEW, OLD, T, group_of

BEGUN = GOOD[2]
assert isinstance(BEGUN, RolloutStarted)


def test_the_time_left_comes_from_finished_replacements() -> None:
    begun = GOOD[:3]
    assert time_left(group_of(folded(begun), "web"), T + 60) is None
    one_through = group_of(folded([*begun, Replaced(group="web", at=T + 112, instance=OLD, left=1)]), "web")
    assert time_left(one_through, T + 112) == 100
    assert time_left(one_through, T + 152) == 60
    assert time_left(one_through, T + 300) is None  # it takes longer: nothing is promised


def left_at_each(spec: RolloutSpec) -> Iterator[tuple[float, float]]:
    """What a run of ten would be said to take still, and what it took, at each one that is through and not the last."""
    run = simulate(partial(a_group, size=10, maximum=20, delay=20.0), spec)
    for number, event in enumerate(run.events):
        if isinstance(event, Replaced) and event.left:
            group = group_of(folded(run.events[: number + 1]), "web")
            yield time_left(group, event.at) or 0.0, run.events[-1].at - event.at


@pytest.mark.parametrize("spec", [RolloutSpec(canary_wait=120.0), RolloutSpec(canary_wait=120.0, min_ready=60.0)])
def test_that_the_first_new_one_was_watched_is_no_part_of_the_time_of_each(spec: RolloutSpec) -> None:
    shown = [said / took for said, took in left_at_each(spec)]
    assert len(shown) == 9 and shown[0] < 1.5, "the first one boots beside no drain"
    assert max(shown) == shown[0] and max(shown[4:]) < 1.1 and min(shown) > 0.9, shown


def test_what_it_still_has_to_be_watched_is_counted_once() -> None:
    """Without a surge one goes before there is a new one."""
    begun = replace(BEGUN, total=2, watched=120.0)
    one = (begun, Replaced(group="web", at=T + 52, instance=OLD, left=1))
    assert time_left(group_of(folded(one), "web"), T + 52) == 40 + 120
    passed = CanaryPassed(group="web", at=T + 200, instance=NEW)
    assert time_left(group_of(folded((begun, passed, replace(one[1], at=T + 212))), "web"), T + 212) == 80
    anew = replace(begun, at=T + 300, resumed=True, watched=0.0)
    assert time_left(group_of(folded((begun, passed, anew, replace(one[1], at=T + 340))), "web"), T + 340) == 40


def test_a_run_that_goes_on_after_the_first_one_passed_waits_for_it_no_more() -> None:
    run = simulate("at-max", RolloutSpec(), goals=(Goal.REPLACE,) * 2, kill_after=24)
    begun = [one for one in run.events if isinstance(one, RolloutStarted)]
    assert [one.watched for one in begun] == [120.0, 0.0]
