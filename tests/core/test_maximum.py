"""The maximum that we raised falls with our surplus where alarms run: a policy would fill it again and again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import SetCapacity
from async_rollout.core.choices import Scaling
from async_rollout.core.decide import decide
from async_rollout.core.journal import SUSPENDED_BY_US, Found, Goal
from async_rollout.core.spec import RolloutSpec
from support.drawn import looked, observation, recorded

SPEC = RolloutSpec()


@pytest.mark.parametrize(
    ("drawing", "suspended", "record", "maximum"),
    [
        ("NNNN", {"AZRebalance"}, {}, 4),  # nobody is out yet
        ("NNNN", {*SUSPENDED_BY_US}, {}, None),  # nobody can fill it
        ("NNN", {"AZRebalance"}, {}, 3),  # at its end, as it was found
        ("SNNN", {"AZRebalance"}, {}, None),  # more may have to come
        ("SNNN", {"AZRebalance"}, {"goal": Goal.RESTORE}, 4),
    ],
)
def test_where_alarms_run_the_maximum_falls_with_our_surplus(
    drawing: str, suspended: set[str], record: dict[str, Any], maximum: int | None
) -> None:
    spec = RolloutSpec(scaling=Scaling.FOLLOW) if "AlarmNotification" not in suspended else SPEC
    held = Found(minimum=1, desired=3, maximum=3)
    seen = recorded(observation(drawing, maximum=6), found=held, raised=6, raised_from=3, **record)
    seen = replace(seen, group=replace(seen.group, suspended=frozenset({*suspended, "ReplaceUnhealthy"})))
    acts = decide(spec, looked(spec, seen)).actions
    assert [act.maximum for act in acts if isinstance(act, SetCapacity) and act.maximum] == (
        [] if maximum is None else [maximum]
    )
