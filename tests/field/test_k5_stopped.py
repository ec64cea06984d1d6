"""K5: SIGTERM with fifty groups under way, each with an instance that drains; a real process, over HTTP."""

from __future__ import annotations

import pytest

from support.bench.stopped import told_to_stop

GROUPS = 50


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "grace", [pytest.param(25.0, marks=pytest.mark.deep), pytest.param(5.0, marks=pytest.mark.long)]
)
def test_k5_no_alarm_stays_off_and_with_time_nobody_drains(grace: float) -> None:
    """How long it took is the bench's to say (`--only stop`); five seconds want a machine that is not crowded."""
    left = told_to_stop(GROUPS, grace)
    assert (left.code, left.off) == (143, 0), left
    if grace > 20:
        assert left.draining == 0, left
