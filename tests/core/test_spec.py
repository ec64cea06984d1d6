"""An order that makes no sense is refused with the name of what is wrong; one that does is kept as it was given."""

from __future__ import annotations

from typing import Any

import pytest

from async_rollout.core.amounts import Amount, amount
from async_rollout.core.spec import HookCall, HookPoint, Hooks, Limits, RolloutSpec
from async_rollout.errors import UsageError


async def fine(call: HookCall) -> int:
    return 0


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"max_surge": 0, "max_unavailable": 0}, "both 0"),
        ({"max_surge": "0%", "max_unavailable": "0"}, "both 0"),
        ({"max_surge": "x"}, "number of instances"),
        ({"max_draining": "-1"}, "number of instances"),
        ({"launch_template_version": "2", "launch_configuration": "web-2"}, "not from both"),
        ({"launch_template_version": "newest"}, "'newest' is no version: a number, "),
        ({"launch_template_version": "0"}, "'0' is no version"),
        ({"rollback_version": "$Latest"}, "no version to roll back to"),
        ({"launch_configuration": " "}, "has a name"),
        ({"healthy_threshold": 0}, "healthy threshold"),
        ({"check_interval": 0.0}, "check interval: 0.0 s"),
        ({"check_interval": float("nan")}, "check interval"),
        ({"wait_before_terminate": -1.0}, "wait before terminate"),
        ({"wait_before_terminate": 31 * 86_400.0}, "30 days"),
        ({"limits": Limits(drain=0.0)}, "drain limit"),
        ({"limits": Limits(total=float("inf"))}, "total limit"),
    ],
)
def test_what_makes_no_sense_is_named(fields: dict[str, Any], names: str) -> None:
    with pytest.raises(UsageError, match=names):
        RolloutSpec(**fields)


@pytest.mark.parametrize(
    ("fields", "one_by_one"),
    [
        ({}, False),
        ({"hooks": Hooks(up_check="true")}, False),
        ({"hooks": Hooks(before_terminate="true")}, True),
        ({"hooks": Hooks(before_draining="true")}, True),
        ({"hooks": Hooks(after_terminate=fine)}, True),
        ({"wait_before_terminate": 1.0}, True),
    ],
)
def test_with_a_step_after_the_drain_old_ones_go_one_by_one(fields: dict[str, Any], *, one_by_one: bool) -> None:
    assert RolloutSpec(**fields).one_by_one is one_by_one


def test_each_point_has_its_own_hook() -> None:
    hooks = Hooks(up_check="u", before_draining="q", before_terminate="b", after_terminate="a")
    assert [hooks.at(point) for point in HookPoint] == ["u", "q", "b", "a"]


@pytest.mark.parametrize("given", [Amount(value=3), Amount(value=25, percent=True)])
def test_an_amount_is_read_back_as_it_is_written(given: Amount) -> None:
    assert amount(given) == amount(str(given)) == given
