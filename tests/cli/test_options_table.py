"""Every option by its flags, its environment variable, and what it becomes."""

from __future__ import annotations

from dataclasses import fields, replace
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from async_rollout.aws.traffic.ecs import Ecs
from async_rollout.cli.containers import Containers, Move, Standalone, reached
from async_rollout.cli.options import Account, Asking, Fleet, Viewing, Where, named
from async_rollout.cli.order import Order, spec_of
from async_rollout.core.amounts import Amount
from async_rollout.core.spec import OnFailure, RolloutSpec, Scope
from async_rollout.errors import UsageError

TABLE = {
    "--autoscaler": "-a", "--force": "-f", "--skip-elb-health-check": "-s", "--wait-for-seconds": "-w",
    "--check-if-new-server-is-up-command": "-u", "--run-before-server-going-down-command": "-b",
    "--run-after-server-going-down-command": "-d", "--check-interval": "", "--max-timeout": "", "--verbose": "-v",
    "--max-surge": "", "--max-unavailable": "", "--max-draining": "", "--max-groups": "", "--fail-fast": "",
    "--only-outdated": "", "--launch-timeout": "", "--healthy-timeout": "", "--drain-timeout": "", "--hook-timeout": "",
    "--terminate-timeout": "", "--on-failure": "", "--region": "", "--profile": "", "--output": "", "--events": "",
    "--report": "", "--yes": "-y", "--api-share": "", "--allow": "", "--run-before-draining-command": "",
    "--protected": "", "--without-commands": "", "--stop-grace": "", "--standby": "",
    "--launch": "", "--max-failures": "", "--min-ready": "", "--canary-wait": "", "--missed-schedules": "",
    "--launch-template-version": "", "--launch-configuration": "", "--pin": "", "--rollback-version": "",
    "--scaling": "", "--ecs": "", "--ecs-standalone": "", "--ecs-stop-first": "", "--ecs-drain-timeout": "",
    "--ecs-move": "",
}  # fmt: skip
"""The house's table of options: long, short."""


def options() -> list[Any]:
    kinds = (Where, Order, Fleet, Account, Containers, Viewing, Asking)
    hints = [get_type_hints(kind, include_extras=True)[one.name] for kind in kinds for one in fields(kind)]
    return [hint.__metadata__[0] for hint in hints]


def flags(option: Any) -> tuple[str, ...]:
    return (option.default, *option.param_decls)


def test_the_flags_are_the_tables() -> None:
    seen = {}
    for option in options():
        long = next(flag for flag in flags(option) if flag.startswith("--"))
        seen[long] = next((flag for flag in flags(option) if not flag.startswith("--")), "")
    assert seen == TABLE


def test_every_option_has_its_environment_variable() -> None:
    for option in options():
        long = next(flag for flag in flags(option) if flag.startswith("--"))
        assert option.envvar == "ASYNC_ROLLOUT_" + long[2:].replace("-", "_").upper()


def test_nothing_given_is_the_default_rollout() -> None:
    assert spec_of(Order()) == RolloutSpec(max_surge=Amount(value=1), max_unavailable=Amount(value=0))


def test_what_is_given_arrives() -> None:
    order = Order(
        force=True, skip_elb_health_check=True, wait_for_seconds=7.0, check_if_new_server_is_up_command="up",
        run_before_server_going_down_command="before", run_after_server_going_down_command="after", check_interval=2.0,
        max_timeout=60.0, only_outdated=True, launch_timeout=11.0, healthy_timeout=12.0, drain_timeout=13.0,
        hook_timeout=14.0, terminate_timeout=15.0, on_failure=OnFailure.PAUSE, max_draining=Amount(value=3),
    )  # fmt: skip
    spec = spec_of(order)
    assert (spec.require_healthy_group, spec.require_healthy_targets, spec.wait_before_terminate) == (False, False, 7.0)
    assert (spec.hooks.up_check, spec.hooks.before_terminate, spec.hooks.after_terminate) == ("up", "before", "after")
    limits = spec.limits
    assert (limits.launch, limits.healthy, limits.drain, limits.hook, limits.terminate) == (
        11.0,
        12.0,
        13.0,
        14.0,
        15.0,
    )
    assert (limits.total, spec.check_interval, spec.scope, spec.on_failure) == (
        60.0,
        2.0,
        Scope.OUTDATED,
        OnFailure.PAUSE,
    )
    assert spec.max_draining == Amount(value=3)


def other(field: Any, hint: Any) -> Any:
    """A value that is not the default: whatever the type has."""
    kinds = [kind for kind in (get_args(hint) or (hint,)) if kind is not type(None)]
    kind = kinds[0]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(member for member in reversed(kind) if member is not field.default)
    if kind is Amount:
        return Amount(value=2)
    if get_origin(kind) is list:
        return ["eks"]
    return {bool: True, float: 7.0, str: "7"}[kind]


@pytest.mark.parametrize("field", fields(Order), ids=lambda field: field.name)
def test_each_option_changes_the_rollout_that_is_ordered(field: Any) -> None:
    """One that is taken and changes nothing is worse than none."""
    value = other(field, get_type_hints(Order)[field.name])
    assert spec_of(replace(Order(), **{field.name: value})) != spec_of(Order())


def test_the_originals_draining_holds_unless_another_is_given() -> None:
    none, two = Amount(value=0), Amount(value=2)
    assert spec_of(Order(), draining=none).max_draining == none
    assert spec_of(Order(max_draining=two), draining=none).max_draining == two


def test_the_first_new_one_is_watched_unless_the_original_is_asked() -> None:
    assert spec_of(Order()).canary_wait == RolloutSpec().canary_wait == 120.0
    assert spec_of(Order(), canary_wait=0.0).canary_wait == 0.0
    assert spec_of(Order(canary_wait=0.0)).canary_wait == 0.0
    assert spec_of(Order(canary_wait=60.0), canary_wait=0.0).canary_wait == 60.0


def test_names() -> None:
    assert named(["web", "api", "web"]) == ("web", "api")
    for wrong in ([], [""], ["web", " "]):
        with pytest.raises(UsageError, match="is empty"):
            named(wrong)


def reached_with(order: Order | None = None, **of: Any) -> object:
    return reached(Account(), Containers(**of), order or Order())["ecs"]


def test_nothing_said_of_ecs_is_the_librarys_default() -> None:
    assert reached_with() == Ecs([], unavailable=Amount(value=0))
    assert reached_with(ecs="off") is None


@pytest.mark.parametrize(
    ("given", "arrives"),
    [
        (
            {"ecs": "prod, arn:aws:ecs:eu-west-1:1:cluster/x"},
            {"clusters": ["prod", "arn:aws:ecs:eu-west-1:1:cluster/x"]},
        ),
        ({"ecs_standalone": Standalone.WAIT}, {"await_standalone": True}),
        ({"ecs_stop_first": True}, {"stop_first": True}),
        ({"ecs_move": Move.EACH}, {"together": False}),
        ({"ecs_drain_timeout": 60.0}, {"drain_timeout": 60.0}),
        ({"order": Order(max_unavailable=Amount(value=2))}, {"unavailable": Amount(value=2)}),
        ({"order": Order(skip_elb_health_check=True)}, {"unserved": True}),
    ],
)
def test_what_is_said_of_ecs_arrives(given: dict[str, Any], arrives: dict[str, Any]) -> None:
    assert reached_with(**given) == Ecs(**{"clusters": [], "unavailable": Amount(value=0), **arrives})


@pytest.mark.parametrize("ecs", ["", "prod,", ",", " "])
def test_a_cluster_has_a_name(ecs: str) -> None:
    with pytest.raises(UsageError, match="the name of a cluster is empty: write --ecs CLUSTER"):
        reached_with(ecs=ecs)
