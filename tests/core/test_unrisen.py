"""Launches that desired capacity does not count: the field is set to what is there, after the maximum if in the way."""

from __future__ import annotations

import pytest

from async_rollout.core.actions import SetCapacity
from async_rollout.core.journal import Found
from async_rollout.core.launching import raised
from support.drafts import draft_of


@pytest.mark.parametrize(
    ("maximum", "act"), [(5, SetCapacity(desired=3)), (3, SetCapacity(desired=3)), (2, SetCapacity(maximum=3))]
)
def test_the_field_is_raised_to_what_came_and_the_maximum_first(maximum: int, act: SetCapacity) -> None:
    found = Found(minimum=1, desired=2, maximum=maximum)
    draft = draft_of("SSN", group={"desired": 2, "maximum": maximum}, record={"asked": 2, "found": found})
    assert raised(draft).acts == (act,)
