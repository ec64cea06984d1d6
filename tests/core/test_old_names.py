"""Names of an earlier release work for one minor version more, and warn."""

from __future__ import annotations

import pytest

from async_rollout.core import events
from async_rollout.core.events import FleetEnded, GroupEnd


def test_an_old_name_is_the_new_one() -> None:
    with pytest.warns(DeprecationWarning, match="Turned is GoalChanged"):
        assert events.Turned is events.GoalChanged
    with pytest.raises(AttributeError, match="no attribute 'Turning'"):
        events.Turning  # noqa: B018


def test_the_codes_of_all_groups_are_told_by_name_with_a_warning() -> None:
    ended = FleetEnded(at=0.0, code=9, ends=(GroupEnd(group="a", code=0), GroupEnd(group="b", code=1)))
    with pytest.warns(DeprecationWarning, match=r"FleetEnded\.codes is FleetEnded\.ends"):
        assert ended.codes == {"a": 0, "b": 1}
