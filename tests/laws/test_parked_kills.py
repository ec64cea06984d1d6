"""A before-command fails, and its run is stopped anywhere: whoever comes next parks its instance and ends nobody."""

from __future__ import annotations

from itertools import product

import pytest

from async_rollout.core.journal import Goal
from support.laws.kill_worlds import Story
from support.laws.kills import Way
from support.laws.parked_kills import WORLDS, stopped

NAMES = product(WORLDS, Goal)
STORIES = [pytest.param(WORLDS[name], then, id=f"{name}, then {then}") for name, then in NAMES]


@pytest.mark.parametrize(("story", "then"), STORIES)
def test_stopped_here_and_there_the_same_are_parked(story: Story, then: Goal) -> None:
    for number, way in enumerate(Way):
        told = list(stopped(story, then, way, every=9, first=number * 2))
        assert [(way, at, lines) for at, lines in told if lines] == []
        assert len(told) >= 2


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize(("story", "then"), STORIES)
def test_stopped_anywhere_the_same_are_parked(story: Story, then: Goal, way: Way) -> None:
    told = list(stopped(story, then, way, every=1))
    assert [(at, lines) for at, lines in told if lines] == []
    assert len(told) >= 15
