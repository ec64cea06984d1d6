"""Every option of the command line, once: the fields of a few dataclasses, each with its flags and its help.

A command takes the dataclasses it needs (see `spread`); each option has an environment variable named after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from async_rollout.cli.durations import instances, seconds
from async_rollout.core.others import ALLOWANCES
from async_rollout.core.spec import Amount, Hooks, Limits, OnFailure, Protected, RolloutSpec, Scope, Standby
from async_rollout.errors import UsageError

ONE, NONE = Amount(value=1), Amount(value=0)


def _option(*flags: str, help: str, **more: Any) -> Any:
    long = next(flag for flag in flags if flag.startswith("--"))
    variable = "ASYNC_ROLLOUT_" + long.removeprefix("--").replace("-", "_").upper()
    return typer.Option(*flags, help=help, envvar=variable, show_envvar=False, **more)


def _with(help: str, shown: str) -> str:
    return f"{help} [default: {shown}]"


def _duration(*flags: str, help: str, shown: str) -> Any:
    return _option(*flags, help=_with(help, shown), parser=seconds, metavar="S", show_default=False)


def _amount(*flags: str, help: str, shown: str) -> Any:
    return _option(*flags, help=_with(help, shown), parser=instances, metavar="N|N%", show_default=False)


def _command(*flags: str, help: str) -> Any:
    return _option(*flags, help=help, metavar="CMD")


class Output(StrEnum):
    """What `--output` takes; auto: live on a terminal, github in its Actions, plain elsewhere."""

    AUTO = "auto"
    LIVE = "live"
    GITHUB = "github"
    PLAIN = "plain"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The groups meant."""

    autoscaler: Annotated[
        list[str], _option("-a", "--autoscaler", metavar="NAME", help="A group, or a pattern as 'web-*'; repeatable.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anywhere:
    """The groups meant; none named: all that have a record."""

    autoscaler: Annotated[
        list[str] | None,
        _option(
            "-a",
            "--autoscaler",
            metavar="NAME",
            help="A group or a pattern; repeatable. None: all with a rollout under way.",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How each group is rolled; becomes a RolloutSpec."""

    force: Annotated[
        bool, _option("-f", "--force", help="Skip the health pre-checks; reset processes found suspended.")
    ] = False
    skip_elb_health_check: Annotated[
        bool,
        _option("-s", "--skip-elb-health-check", help="New instances need not be healthy in their load balancers."),
    ] = False
    wait_for_seconds: Annotated[
        float, _duration("-w", "--wait-for-seconds", help="Wait between drained and terminate.", shown="0")
    ] = 0.0
    check_if_new_server_is_up_command: Annotated[
        str | None,
        _command(
            "-u",
            "--check-if-new-server-is-up-command",
            help="Repeated each check interval until it returns 0. Tokens: NEW_INSTANCE_ID, "
            "NEW_INSTANCE_PRIVATE_IP_ADDRESS, NEW_INSTANCE_PUBLIC_IP_ADDRESS.",
        ),
    ] = None
    run_before_server_going_down_command: Annotated[
        str | None,
        _command(
            "-b",
            "--run-before-server-going-down-command",
            help="After drained, before the wait; anything but 0 halts. Tokens: OLD_INSTANCE_ID, "
            "OLD_INSTANCE_PRIVATE_IP_ADDRESS, OLD_INSTANCE_PUBLIC_IP_ADDRESS.",
        ),
    ] = None
    run_after_server_going_down_command: Annotated[
        str | None,
        _command(
            "-d",
            "--run-after-server-going-down-command",
            help="After terminate; anything but 0 halts. Tokens as for -b.",
        ),
    ] = None
    check_interval: Annotated[
        float | None,
        _duration("--check-interval", help="Look so often, instead of when it is worth it.", shown="learnt, 2 to 5s"),
    ] = None
    max_timeout: Annotated[
        float | None, _duration("--max-timeout", help="For the whole run; each stage has its own beside.", shown="none")
    ] = None
    max_surge: Annotated[Amount, _amount("--max-surge", help="New ones above the group's size.", shown="1")] = ONE
    max_unavailable: Annotated[
        Amount, _amount("--max-unavailable", help="Serving ones that may be missing below its size.", shown="0")
    ] = NONE
    max_draining: Annotated[
        Amount | None,
        _amount(
            "--max-draining",
            help="Old ones draining or terminating beside the surge; 0: strictly one after the other.",
            shown="the larger of the two",
        ),
    ] = None
    only_outdated: Annotated[
        bool,
        _option("--only-outdated", help="Skip instances already on the group's template version or configuration."),
    ] = False
    launch_timeout: Annotated[
        float, _duration("--launch-timeout", help="Launch to InService, and launching hooks beside.", shown="10m")
    ] = Limits().launch
    healthy_timeout: Annotated[
        float, _duration("--healthy-timeout", help="InService to healthy, the up-check included.", shown="15m")
    ] = Limits().healthy
    drain_timeout: Annotated[
        float, _duration("--drain-timeout", help="Draining, the deregistration delay beside.", shown="5m")
    ] = Limits().drain
    hook_timeout: Annotated[float, _duration("--hook-timeout", help="Each -b and -d command.", shown="1h")] = (
        Limits().hook
    )
    terminate_timeout: Annotated[
        float, _duration("--terminate-timeout", help="Terminate to gone, terminating hooks beside.", shown="15m")
    ] = Limits().terminate
    on_failure: Annotated[
        OnFailure, _option("--on-failure", help="Put everything back, or stop and leave it as it is, recorded.")
    ] = OnFailure.RESTORE
    protected: Annotated[
        Protected | None,
        _option(
            "--protected",
            show_default=False,
            help="Old ones protected from scale-in: wait for them up to an hour, skip or replace. [default: wait]",
        ),
    ] = None
    standby: Annotated[
        Standby, _option("--standby", help="Old ones in Standby: leave them, or terminate them last.")
    ] = Standby.SKIP
    allow: Annotated[
        list[str] | None,
        _option(
            "--allow",
            metavar="NAME",
            help=f"Roll a group that would be refused: {', '.join(ALLOWANCES)}; repeatable.",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """How the groups go together."""

    max_groups: Annotated[
        int | None,
        _option("--max-groups", min=1, metavar="N", help="Groups in flight at once. [default: all]"),
    ] = None
    fail_fast: Annotated[bool, _option("--fail-fast", help="One failure stops the others, safely.")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose groups."""

    region: Annotated[str | None, _option("--region", metavar="NAME", help="AWS region; as boto3 finds it.")] = None
    profile: Annotated[str | None, _option("--profile", metavar="NAME", help="AWS profile; as boto3 finds it.")] = None
    api_share: Annotated[
        float,
        _option(
            "--api-share",
            metavar="X",
            show_default=False,
            help="How much of AWS's request rate to use, above 0 to 1; the account's others need some. [default: 0.5]",
        ),
    ] = 0.5


OUTPUTS = (
    "live: rows drawn in place, on a terminal. plain: lines on stderr. github: those with folds, annotations and a "
    "step summary. json: one object a line on stdout. auto: live on a terminal outside CI, github in its Actions, "
    "else plain."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewing:
    """What is shown, and where."""

    output: Annotated[Output, _option("--output", help=OUTPUTS)] = Output.AUTO
    events: Annotated[
        Path | None, _option("--events", metavar="FILE", help="Append every event to FILE too, one object a line.")
    ] = None
    report: Annotated[
        Path | None,
        _option("--report", metavar="FILE", help="At the end write a page about the whole run to FILE (HTML)."),
    ] = None
    verbose: Annotated[bool, _option("-v", "--verbose", help="Show every act and every call.")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Whether to begin without a word."""

    yes: Annotated[
        bool,
        _option(
            "-y", "--yes", help="Do not ask. Needed where there is no terminal, unless CI is set (restore never asks)."
        ),
    ] = False


def named(groups: list[str]) -> tuple[str, ...]:
    """Each group once. Raises UsageError for an empty name."""
    if not groups or not all(name.strip() for name in groups):
        raise UsageError("the name of a group is empty: write -a NAME")
    return tuple(dict.fromkeys(groups))


def spec_of(order: Order, *, draining: Amount | None = None, protected: Protected = Protected.WAIT) -> RolloutSpec:
    """The rollout that was ordered. draining, protected: what their options are if not given. May raise UsageError."""
    return RolloutSpec(
        scope=Scope.OUTDATED if order.only_outdated else Scope.ALL,
        max_surge=order.max_surge,
        max_unavailable=order.max_unavailable,
        max_draining=order.max_draining if order.max_draining is not None else draining,
        hooks=_hooks(order),
        wait_before_terminate=order.wait_for_seconds,
        require_healthy_group=not order.force,
        require_healthy_targets=not order.skip_elb_health_check,
        check_interval=order.check_interval,
        limits=_limits(order),
        on_failure=order.on_failure,
        allow=frozenset(order.allow or ()),
        protected=order.protected or protected,
        standby=order.standby,
    )


def _hooks(order: Order) -> Hooks:
    """An empty command, as an unset variable of a script leaves it, is none."""
    return Hooks(
        up_check=_command_of(order.check_if_new_server_is_up_command),
        before_terminate=_command_of(order.run_before_server_going_down_command),
        after_terminate=_command_of(order.run_after_server_going_down_command),
    )


def _command_of(text: str | None) -> str | None:
    return text if text and text.strip() else None


def _limits(order: Order) -> Limits:
    return Limits(
        launch=order.launch_timeout,
        healthy=order.healthy_timeout,
        drain=order.drain_timeout,
        hook=order.hook_timeout,
        terminate=order.terminate_timeout,
        total=order.max_timeout,
    )
