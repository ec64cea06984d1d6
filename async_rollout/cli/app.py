"""`async-rollout`: the commands together. Each is loaded when it is called; until then it is its line of help."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Annotated, Any

import typer

from async_rollout import __version__
from async_rollout.cli.help import Helpful, HelpfulGroup

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "run": "Replace every instance of groups, without downtime.",
        "plan": "Show what run would do; change nothing.",
        "status": "Show what is under way, from the groups' tags.",
        "restore": "Put back what an unfinished run changed.",
        "rollback": "Put back what an unfinished run changed, then replace what is new by what was there before.",
        "replay": "Show a recorded run through any view; needs nothing of AWS.",
        "demo": "Roll three simulated groups at once; needs nothing.",
        "sandbox": "Serve a simulated AWS, until interrupted.",
        "docs": "Show the pages about a topic; without one, the list of topics.",
    }
)
"""Each in a module of its name, with the first line of what that says of it."""
HELP = "Replace every EC2 instance of Auto Scaling groups, many at once, without downtime."
FOOT = (
    "Durations take 90, 90s, 5m, 1h30m. Each option has an environment variable: "
    "ASYNC_ROLLOUT_MAX_SURGE is --max-surge."
)
EXIT_CODES = (
    "Exit codes: 0 done or nothing to do; 1 failed, the group left safe; 2 usage; 3 refused before any change; "
    "4 credentials or permission; 5 another run holds a group; 6 a command failed or timed out; 7 --max-timeout over; "
    "8 plan --detailed-exitcode found work; 9 some groups failed; 10 a restore could not end, look at it; "
    "130, 143 stopped by a signal. status --exit-code: 20 under way; 21 left in the middle."
)


PLAIN: Mapping[str, Any] = MappingProxyType({"rich_markup_mode": None, "pretty_exceptions_enable": False})


class Program(HelpfulGroup):
    """Loads a command before it is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is meant, and the words left for it."""
        if args[0] in self.commands:
            self.commands[args[0]] = loaded(args[0])
        return super().resolve_command(ctx, args)


def app() -> typer.Typer:
    """The program, put together when it is called."""
    program = typer.Typer(cls=Program, help=HELP, epilog=EXIT_CODES, no_args_is_help=True, **PLAIN)
    program.callback()(_program)
    for name, words in COMMANDS.items():
        program.command(name, help=words)(_not_loaded)
    return program


def loaded(name: str) -> Any:
    """One command with all its options."""
    from async_rollout.cli.flat_options import with_flat_options

    command = getattr(import_module(f"async_rollout.cli.{name}"), name)
    program = typer.Typer(add_completion=False, **PLAIN)
    program.command(name, epilog=FOOT, cls=Helpful)(with_flat_options(command))
    return typer.main.get_command(program)


def _not_loaded() -> None:
    """Stands in a command's place."""


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"async-rollout {__version__}")
        raise typer.Exit


def _program(
    *,
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    _print_version(wanted=version)
