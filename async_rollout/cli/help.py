"""`--help` as people look things up: examples first, then options by what they are about. Plain text at any width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from typer.core import TyperCommand

EXAMPLES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "run": (
            ("async-rollout run -a web -a api", "two groups at once, one new instance more each"),
            ("async-rollout run -a web --max-surge 25% --only-outdated -y", "a quarter at a time, no question"),
            ("async-rollout run -a db -b 'consul leave' -w 30 --max-groups 1", "a command before each one goes"),
        ),
        "plan": (
            ("async-rollout plan -a web", "what run would do"),
            ("async-rollout plan -a web --only-outdated --detailed-exitcode", "nightly: exit 8 if there is work"),
        ),
        "status": (
            ("async-rollout status", "every rollout under way in this account and region"),
            ("async-rollout status -a web --output json", "one group, as data"),
        ),
        "restore": (
            ("async-rollout restore -a web", "put back what a killed run left; stop a live one"),
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
    }
)  # fmt: skip
"""Command lines and what they are for, by command."""

SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Groups": ("--autoscaler", "--region", "--profile", "--api-share", "--max-groups", "--fail-fast"),
        "Which instances, and how many at once": (
            "--only-outdated", "--max-surge", "--max-unavailable", "--max-draining",
        ),
        "Your commands": (
            "--check-if-new-server-is-up-command", "--run-before-server-going-down-command",
            "--run-after-server-going-down-command", "--wait-for-seconds",
        ),
        "Checks and limits": (
            "--check-interval", "--max-timeout", "--launch-timeout", "--healthy-timeout", "--drain-timeout",
            "--hook-timeout", "--terminate-timeout", "--on-failure", "--force", "--skip-elb-health-check",
        ),
        "Output": ("--output", "--json", "--events", "--report", "--verbose", "--yes"),
    }
)  # fmt: skip
"""Long names of options by what they are about; all others come last."""


class Helpful(TyperCommand):
    """A command with that help."""

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Examples, then what it does."""
        if examples := EXAMPLES.get(self.name or ""):
            with formatter.section("Examples"):
                for line, why in examples:
                    formatter.write_text(f"# {why}")
                    formatter.write(f"{' ' * formatter.current_indent}{line}\n")
        super().format_help_text(ctx, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """A section for each thing that options are about."""
        records = {id(one): one.get_help_record(ctx) for one in self.get_params(ctx)}
        left = {name: one for one in self.get_params(ctx) for name in one.opts if name.startswith("--")}
        arguments = [records[id(one)] for one in self.get_params(ctx) if one.param_type_name == "argument"]
        _write(formatter, "Arguments", arguments)
        for section, names in SECTIONS.items():
            _write(formatter, section, [records[id(left.pop(name))] for name in names if name in left])
        _write(formatter, "Other options", [records[id(one)] for one in left.values()])


def _write(formatter: Any, section: str, records: list[Any]) -> None:
    if shown := [one for one in records if one]:
        with formatter.section(section):
            formatter.write_dl(list(_tidy(shown)))


def _tidy(records: list[Any]) -> Iterator[tuple[str, str]]:
    for names, words in records:
        yield names.replace(" <bool>", ""), words
