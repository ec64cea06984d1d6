"""`--help` as people look things up: examples, the options most used, then a panel for each thing they are about.

Elsewhere than on a terminal the panels are sections of plain text.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from typer.core import TyperCommand, TyperGroup

BORDER = 4
"""Columns that the frame of a panel takes."""

EXAMPLES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "run": (
            ("async-rollout run -a web -a api", "two groups at once, one new instance more each"),
            ("async-rollout run -a web --max-surge 25% --only-outdated -y", "a quarter at a time, no question"),
            (
                "async-rollout run -a web --launch-template-version 42 --on-failure rollback",
                "set a release, and go back if it fails",
            ),
            ("async-rollout run -a db -b 'consul leave' -w 30 --max-groups 1", "a command before each one goes"),
        ),
        "plan": (
            ("async-rollout plan -a web", "what run would do"),
            ("async-rollout plan -a web --only-outdated --detailed-exitcode", "nightly: exit 8 if there is work"),
        ),
        "status": (
            ("async-rollout status", "every rollout under way in this account and region"),
            ("async-rollout status -a web --output json", "one group, as data"),
            ("async-rollout status --exit-code", "in a script: 20 under way, 21 left in the middle"),
        ),
        "restore": (
            ("async-rollout restore -a web", "put back what a killed run left; stop a live one"),
        ),
        "rollback": (
            ("async-rollout rollback -a web", "stop a run, or take up a killed one, and go back to what it found"),
            ("async-rollout rollback -a web --rollback-version 41", "where it found an alias"),
        ),
        "replay": (
            ("async-rollout replay run.jsonl", "what --events wrote, as lines"),
            ("async-rollout replay run.jsonl --output live --speed 60", "on a terminal, a minute a second"),
            ("async-rollout replay run.jsonl --until 2m --svg live.svg", "as a picture, two minutes in"),
        ),
        "demo": (("async-rollout demo", "half a minute, nothing needed"),),
        "sandbox": (
            ("async-rollout sandbox --scenario shapes --speed 10", "then type its export lines elsewhere"),
        ),
        "docs": (
            ("async-rollout docs", "what there is to read"),
            ("async-rollout docs options", "every option of every command, and the exit codes"),
        ),
    }
)  # fmt: skip
"""Command lines and what they are for, by command."""

FIRST = (
    ("async-rollout demo", "see it work: three simulated groups, half a minute, nothing needed"),
    ("async-rollout plan -a web", "what would be done to a group; changes nothing"),
    ("async-rollout run -a web -a api", "do it, two groups at once; shows the plan and asks first"),
    ("async-rollout restore -a web", "put back what a run left that was stopped or killed"),
    ("async-rollout docs", "the pages: start, options, safety, permissions, troubles, recipes and more"),
)
"""What the program itself shows."""

MOST_USED = (
    "--autoscaler", "--only-outdated", "--max-surge", "--max-unavailable", "--canary-wait",
    "--check-if-new-server-is-up-command", "--run-before-server-going-down-command", "--on-failure", "--output",
    "--yes",
)  # fmt: skip
"""Long names of the ten that come first, where a command has many."""

SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Groups": ("--autoscaler", "--region", "--profile", "--api-share", "--max-groups", "--fail-fast"),
        "Which instances, and how many at once": (
            "--launch-template-version", "--launch-configuration", "--pin", "--only-outdated",
            "--max-surge", "--max-unavailable", "--max-draining", "--max-failures", "--min-ready",
            "--canary-wait", "--protected", "--standby", "--launch", "--scaling", "--missed-schedules",
        ),
        "Your commands": (
            "--check-if-new-server-is-up-command", "--run-before-draining-command",
            "--run-before-server-going-down-command", "--run-after-server-going-down-command", "--wait-for-seconds",
            "--without-commands",
        ),
        "Checks and limits": (
            "--check-interval", "--max-timeout", "--launch-timeout", "--healthy-timeout", "--drain-timeout",
            "--hook-timeout", "--terminate-timeout", "--stop-grace", "--on-failure", "--rollback-version", "--force",
            "--skip-elb-health-check", "--allow",
        ),
        "Hosts of ECS tasks": ("--ecs", "--ecs-standalone", "--ecs-stop-first", "--ecs-move", "--ecs-drain-timeout"),
        "Output": ("--output", "--json", "--events", "--report", "--verbose", "--yes"),
    }
)  # fmt: skip
"""Long names of options by what they are about; all others come last."""


class Helpful(TyperCommand):
    """A command with that help."""

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Examples, then what it does."""
        _examples(formatter, EXAMPLES.get(self.name or "", ()))
        super().format_help_text(ctx, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """A section for each thing that options are about."""
        parameters = self.get_params(ctx)
        records = {id(parameter): parameter.get_help_record(ctx) for parameter in parameters}
        left = {name: parameter for parameter in parameters for name in parameter.opts if name.startswith("--")}
        arguments = [records[id(parameter)] for parameter in parameters if parameter.param_type_name == "argument"]
        _write(formatter, "Arguments", arguments)
        first = MOST_USED if len(left) > 2 * len(MOST_USED) else ()
        for section, names in {"Most used": first, **SECTIONS}.items():
            _write(formatter, section, [records[id(left.pop(name))] for name in names if name in left])
        _write(formatter, "Other options", [records[id(parameter)] for parameter in left.values()])
        if self.name == "sandbox":
            _texts(formatter)


class HelpfulGroup(TyperGroup):
    """The program with that help."""

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Examples, then what it is."""
        _examples(formatter, FIRST)
        super().format_help_text(ctx, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The commands, then the few options."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        _write(formatter, "Commands", [(name, command.get_short_help_str(70)) for name, command in commands if command])
        _write(formatter, "Options", [parameter.get_help_record(ctx) for parameter in self.get_params(ctx)])


def _examples(formatter: Any, examples: Sequence[tuple[str, str]]) -> None:
    if examples:
        with formatter.section("Examples"):
            for line, why in examples:
                formatter.write_text(f"# {why}")
                formatter.write(f"{' ' * formatter.current_indent}{line}\n")


def _texts(formatter: Any) -> None:
    """What the sandbox takes."""
    from async_rollout.sandbox.takes import sections

    for title, text in sections():
        with formatter.section(title):
            formatter.write_text(text)


def _write(formatter: Any, section: str, records: list[Any]) -> None:
    shown = list(_tidy([record for record in records if record]))
    if shown and can_draw() and formatter.width < shutil.get_terminal_size().columns:
        inside = formatter.__class__(width=formatter.width - BORDER)
        inside.write_dl(shown)
        formatter.write(
            "".join(f"{line}\n" for line in panel(section, inside.getvalue().splitlines(), formatter.width))
        )
    elif shown:
        with formatter.section(section):
            formatter.write_dl(shown)


def panel(title: str, lines: Sequence[str], width: int) -> Iterator[str]:
    """Lines in a frame; one that is too long for it pushes its side out."""
    yield f"╭─ {title} {'─' * (width - len(title) - 5)}╮"
    yield from (f"│ {line:<{width - BORDER}} │" for line in lines)
    yield f"╰{'─' * (width - 2)}╯"


def can_draw() -> bool:
    """A terminal that has lines to draw with; a file or a pipe is searched, not looked at."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return False
    from async_rollout.render.sink import encoding

    return encoding(sys.stdout) == "utf-8"


def _tidy(records: list[Any]) -> Iterator[tuple[str, str]]:
    for names, words in records:
        yield names.replace(" <bool>", ""), words
