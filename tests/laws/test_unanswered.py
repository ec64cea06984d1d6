"""Zones that dry up, quotas that fill, answers that fail to come: launches go on where they can, and all laws hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from support.laws import unanswered

FOR_EVER = 10.0**6
STORIES = {
    "answered": unanswered.answered,
    "an answer is lost": unanswered.lost_answer,
    "a launch is never sent": unanswered.never_sent,
    "the field does not rise": unanswered.not_risen,
    "the permission is missing": unanswered.denied,
    "a zone is dry": unanswered.dry_zone,
    "a zone dries up": partial(unanswered.dries_up, 1, 60.0, FOR_EVER),
    "two dry up late": partial(unanswered.dries_up, 2, 120.0, FOR_EVER),
    "two zones dry up": partial(unanswered.dries_up, 2, 60.0, FOR_EVER),
    "a zone dries up for a while": partial(unanswered.dries_up, 1, 60.0, 200.0),
    "all dry up for a while": partial(unanswered.dries_up, 3, 90.0, 250.0),
    "all are dry at first": partial(unanswered.dries_up, 3, 1.0, 200.0),
    "all are dry for too long": unanswered.too_dry,
    "a quota takes some of several": unanswered.in_part,
    "a token is forgotten": unanswered.forgotten,
}


@pytest.mark.parametrize("story", STORIES.values(), ids=list(STORIES))
def test_whatever_launches_come_to(story: Callable[[], list[str]]) -> None:
    assert story() == []
