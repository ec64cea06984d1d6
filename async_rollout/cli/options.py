"""Every option of the command line, once: the fields of a few dataclasses, each with its flags and its help.

A command takes the dataclasses it needs (see `with_flat_options`); each option has an environment variable of its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from async_rollout.cli.durations import instances, seconds
from async_rollout.errors import UsageError
from async_rollout.render import AUTO, choices, described


def option(*flags: str, help: str, **more: Any) -> Any:
    long = next(flag for flag in flags if flag.startswith("--"))
    variable = "ASYNC_ROLLOUT_" + long.removeprefix("--").replace("-", "_").upper()
    return typer.Option(*flags, help=help, envvar=variable, show_envvar=False, **more)


def shown_with(help: str, shown: str) -> str:
    return f"{help} [default: {shown}]"


def duration(*flags: str, help: str, shown: str) -> Any:
    return option(*flags, help=shown_with(help, shown), parser=seconds, metavar="S", show_default=False)


def amount(*flags: str, help: str, shown: str) -> Any:
    return option(*flags, help=shown_with(help, shown), parser=instances, metavar="N|N%", show_default=False)


def command(*flags: str, help: str) -> Any:
    return option(*flags, help=help, metavar="CMD")


def view_name(text: str) -> str:
    """One of the views, or auto. Raises BadParameter for anything else."""
    if text not in choices():
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(map(repr, choices()))}.")
    return text


def completed(incomplete: str) -> list[str]:
    """The views whose names begin so."""
    return [name for name in choices() if name.startswith(incomplete)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The groups meant."""

    autoscaler: Annotated[
        list[str], option("-a", "--autoscaler", metavar="NAME", help="A group, or a pattern as 'web-*'; repeatable.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anywhere:
    """The groups meant; none named: all that have a record."""

    autoscaler: Annotated[
        list[str] | None,
        option(
            "-a",
            "--autoscaler",
            metavar="NAME",
            help="A group or a pattern; repeatable. None: all with a rollout under way.",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """How the groups go together."""

    max_groups: Annotated[
        int | None,
        option("--max-groups", min=1, metavar="N", help="Groups in flight at once. [default: all]"),
    ] = None
    fail_fast: Annotated[bool, option("--fail-fast", help="One failure stops the others, safely.")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose groups."""

    region: Annotated[str | None, option("--region", metavar="NAME", help="AWS region; as boto3 finds it.")] = None
    profile: Annotated[str | None, option("--profile", metavar="NAME", help="AWS profile; as boto3 finds it.")] = None
    api_share: Annotated[
        float,
        option(
            "--api-share",
            metavar="X",
            show_default=False,
            help="How much of AWS's request rate to use, above 0 to 1; the account's others need some. [default: 0.5]",
        ),
    ] = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewing:
    """What is shown, and where."""

    output: Annotated[
        str,
        option(
            "--output", help=described(), parser=view_name, metavar=f"<{'|'.join(choices())}>", autocompletion=completed
        ),
    ] = AUTO
    events: Annotated[
        Path | None, option("--events", metavar="FILE", help="Append every event to FILE too, one object a line.")
    ] = None
    report: Annotated[
        Path | None,
        option("--report", metavar="FILE", help="At the end write a page about the whole run to FILE (HTML)."),
    ] = None
    verbose: Annotated[bool, option("-v", "--verbose", help="Show every act and every call.")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Whether to begin without a word."""

    yes: Annotated[
        bool,
        option(
            "-y", "--yes", help="Do not ask. Needed where there is no terminal, unless CI is set (restore never asks)."
        ),
    ] = False


def named(groups: list[str]) -> tuple[str, ...]:
    """Each group once. Raises UsageError for an empty name."""
    if not groups or not all(name.strip() for name in groups):
        raise UsageError("the name of a group is empty: write -a NAME")
    return tuple(dict.fromkeys(groups))
