"""The promise in numbers, as it is told."""

from __future__ import annotations

from async_rollout.core.events import Counted
from support.simulation import simulate


def test_nobody_is_told_that_old_ones_do_not_serve_because_they_were_looked_at_once_only() -> None:
    told = [event for event in simulate("at-max", seed=0).events if isinstance(event, Counted)]
    assert (told[0].available, told[0].floor) == (3, 3)
    assert all(one.floor <= one.available for one in told)
    assert all(one.total <= one.ceiling for one in told)
