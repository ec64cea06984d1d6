"""A rollout stopped at every call that changes something and at every hook's begin and end, in five ways.

Whatever is left: the same command again ends as if nothing had happened, `restore` as if nothing had begun.
"""

from __future__ import annotations

import pytest

from async_rollout.core.journal import Goal
from support.laws.kill_worlds import STORIES, Story
from support.laws.kills import Fate, Way, kills, picture, told

every_story = pytest.mark.parametrize("story", STORIES.values(), ids=[name.replace(" ", "-") for name in STORIES])


def stopped(story: Story, then: Goal, *, every: int) -> tuple[int, list[tuple[str, int, str]]]:
    """How often it was stopped, and what went wrong. every: each way takes one point in so many, the next way its own.

    5: each point is met in one of the five ways.
    """
    count, bad = 0, []
    for first, way in enumerate(Way):
        for at, lines in kills(story, way, then, first=first % every, every=every):
            count += 1
            bad += [(way.value, at, line) for line in lines]
    return count, bad


@pytest.mark.parametrize("then", list(Goal))
@pytest.mark.parametrize("name", list(STORIES)[::4], ids=lambda name: name.replace(" ", "-"))
def test_stopped_anywhere_run_converges_and_restore_undoes(name: str, then: Goal) -> None:
    """The deep test asks all of it; this one each point of every fourth story, in one of the ways."""
    count, bad = stopped(STORIES[name], then, every=len(Way))
    assert bad == []
    assert count >= 14


@pytest.mark.deep
@pytest.mark.timeout(400)
@pytest.mark.parametrize("then", list(Goal))
@every_story
def test_stopped_anywhere_in_every_way_run_converges_and_restore_undoes(story: Story, then: Goal) -> None:
    count, bad = stopped(story, then, every=1)
    assert bad == []
    assert count >= len(Way) * 14


@every_story
def test_undisturbed_it_replaces_and_leaves_the_group_as_found(story: Story) -> None:
    """What the stopped ones are compared with; and that a picture shows what it is to show."""
    end = told(story, Fate(), Goal.REPLACE)
    assert not end.struck
    assert len(end.run.found_ids - end.run.members) == story.old
    world, (one, *_) = end.run.world, sorted(end.run.members)
    now = picture(end.run)
    for source in end.run.left.source_ids:
        world.deregister(source, one)
        assert picture(end.run) != now
        now = picture(end.run)
    world.suspend("web", ["HealthCheck"])
    assert picture(end.run) != now
