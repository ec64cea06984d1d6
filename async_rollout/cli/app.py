"""`async-rollout`: the commands together."""

from __future__ import annotations

from typing import Annotated

import typer

from async_rollout import __version__
from async_rollout.cli.demo import demo
from async_rollout.cli.help import Helpful, HelpfulGroup
from async_rollout.cli.plan import plan
from async_rollout.cli.replay import replay
from async_rollout.cli.restore import restore
from async_rollout.cli.run import run
from async_rollout.cli.sandbox import sandbox
from async_rollout.cli.spread import spread
from async_rollout.cli.status import status

HELP = "Replace every EC2 instance of Auto Scaling groups, many at once, without downtime."
FOOT = (
    "Durations take 90, 90s, 5m, 1h30m. Each option has an environment variable: "
    "ASYNC_ROLLOUT_MAX_SURGE is --max-surge."
)
EXIT_CODES = (
    "Exit codes: 0 done or nothing to do; 1 failed, the group left safe; 2 usage; 3 refused before any change; "
    "4 credentials or permission; 5 another run holds a group; 6 a command failed or timed out; 7 --max-timeout over; "
    "8 plan --detailed-exitcode found work; 9 some groups failed; 10 a restore could not end, look at it; "
    "130, 143 stopped by a signal."
)


def app() -> typer.Typer:
    """The program, put together when it is called."""
    program = typer.Typer(
        help=HELP, epilog=EXIT_CODES, no_args_is_help=True, cls=HelpfulGroup,
        rich_markup_mode=None, pretty_exceptions_enable=False,
    )  # fmt: skip
    program.callback()(_program)
    for command in (run, plan, status, restore, replay, demo, sandbox):
        program.command(epilog=FOOT, cls=Helpful)(spread(command))
    return program


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"async-rollout {__version__}")
        raise typer.Exit


def _program(
    *,
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    _print_version(wanted=version)
