"""Rollouts whose launches AWS answers, stopped between record and call, call and answer, answer and record.

Whoever comes next may launch again or not: all laws hold, the group is as it was to be, no launch is lost or doubled.
"""

from __future__ import annotations

from itertools import product

import pytest

from support.laws.answered_kills import ANSWERED, NEXT, Next, launched, once, stopped
from support.laws.kill_worlds import Story
from support.laws.kills import Fate, Way, told

NAMES = list(product(ANSWERED, NEXT))
STORIES = [pytest.param(ANSWERED[story], NEXT[then], id=f"{story}, then {then}") for story, then in NAMES]
QUICK = [one for number, one in enumerate(STORIES) if (number + number // len(NEXT)) % len(NEXT) == 0]
"""One of those who may come next for each story, another one for the next story."""


def at_each(story: Story, then: Next, *, launches: bool, every: int, first: int = 0) -> tuple[int, list[object]]:
    """How often it was stopped, and what went wrong."""
    told = list(stopped(story, then, launches=launches, every=every, first=first))
    return len(told), [(fate.way.value, fate.at, line) for fate, lines in told for line in lines]


@pytest.mark.parametrize(("story", "then"), QUICK)
def test_stopped_at_a_launch_none_is_lost_or_doubled(story: Story, then: Next) -> None:
    count, bad = at_each(story, then, launches=True, every=len(Way), first=len(then.faults))
    assert bad == []
    assert count >= 4


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("story", "then"), STORIES)
def test_stopped_at_a_launch_in_every_way_none_is_lost_or_doubled(story: Story, then: Next) -> None:
    count, bad = at_each(story, then, launches=True, every=1)
    assert bad == []
    assert count >= len(Way) * 3


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("story", "then"), STORIES)
def test_stopped_anywhere_in_every_way_no_launch_is_lost_or_doubled(story: Story, then: Next) -> None:
    count, bad = at_each(story, then, launches=False, every=1)
    assert bad == []
    assert count >= len(Way) * 15


@pytest.mark.parametrize(
    ("name", "then", "way", "at"),
    [
        ("the field does not rise", "restore without the permission", Way.KILLED, 10),
        ("the field does not rise", "restore", Way.LOST, 17),  # what was put back leaves no room to ask again
        ("the field does not rise", "again", Way.LOST, 17),  # a terminate goes with it
        ("two in one call that do not rise", "restore without the permission", Way.KILLED, 10),
        ("neither rises nor is bound", "restore", Way.KILLED, 6),  # the maximum stands below what came all the same
    ],
)
def test_what_nobody_tells_of_any_more_is_seen(name: str, then: str, way: Way, at: int) -> None:
    """Each of these once left an instance that belonged to nobody, or let AWS choose who goes."""
    story = ANSWERED[name]
    undisturbed = told(story, Fate(), NEXT[then].goal)
    assert once(story, NEXT[then], way, at, undisturbed)[1] == []


@pytest.mark.parametrize("story", ANSWERED.values(), ids=list(ANSWERED))
def test_undisturbed_each_is_launched_by_a_token(story: Story) -> None:
    """What the stopped ones are about."""
    end = told(story, Fate(), NEXT["again"].goal)
    assert sum(len(ids) for _, ids in launched(end.run)) == story.old
