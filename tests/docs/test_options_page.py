"""The page of options is the program: every option of every command with its default, and the exit codes."""

from __future__ import annotations

import re

import click
import pytest

from async_rollout import errors
from async_rollout.cli import app, plan, status
from async_rollout.cli.app import COMMANDS, loaded
from async_rollout.render import AUTO, choices, described
from support.pages import page, part, rows

TEXT = page("options")
NOT_A_VALUE = ("", "off", "as boto3")
"""Of the column of defaults: what help does not show as one."""


def options(verb: str) -> dict[str, click.Option]:
    """The options of a command as typer has them, by their long names."""
    return {name: one for one in loaded(verb).params for name in one.opts if name.startswith("--") and name != "--help"}


def shown(verb: str) -> dict[str, str]:
    """What `--help` prints of each option, by its long name."""
    with click.Context(click.Command(verb)) as context:
        records = {name: one.get_help_record(context) for name, one in options(verb).items()}
    return {name: record[1] for name, record in records.items() if record is not None}


def table(verb: str) -> list[list[str]]:
    """The rows of what is a command's own; `run` has the table that others share."""
    name = "options" if verb == "run" else f"options: {verb}"
    return rows(part(TEXT, name)) if f"<!-- {name} -->" in TEXT else []


def told(verb: str) -> set[str]:
    return {long for cells in table(verb) for long in re.findall(r"`(--[a-z-]+)`", cells[0])}


def test_every_option_of_run_stands_in_the_table_and_no_other() -> None:
    assert told("run") == set(options("run"))


@pytest.mark.parametrize("verb", sorted(set(COMMANDS) - {"run"}))
def test_every_option_of_another_command_stands_in_that_table_or_in_its_own(verb: str) -> None:
    assert told(verb) == set(options(verb)) - told("run")


@pytest.mark.parametrize("verb", COMMANDS)
def test_the_short_names_and_the_defaults_are_the_programs(verb: str) -> None:
    known, help_of = options(verb), shown(verb)
    for names, default, _ in table(verb):
        for long in re.findall(r"`(--[a-z-]+)`", names):
            assert set(re.findall(r"`(-[a-z])`", names)) == {one for one in known[long].opts if len(one) == 2}, long
            if default not in NOT_A_VALUE:
                words = " ".join(help_of[long].split())
                assert re.search(rf"\[default: \(?{re.escape(default)}\)?[\];]", words), (long, words)


def test_the_commands_that_share_it_are_named_rightly() -> None:
    run = set(options("run"))
    assert set(options("plan")) & run == run - {"--yes"}
    assert set(options("restore")) & run == run - {"--max-groups", "--fail-fast"}
    assert set(options("demo")) == set(options("replay")) & run == {"--output", "--events", "--report", "--verbose"}


def test_the_exit_codes_are_those_that_help_tells() -> None:
    codes = [int(code) for cells in rows(part(TEXT, "exit codes")) for code in re.findall(r"\d+", cells[0])]
    helped = [int(code) for code in re.findall(r"(?:: |; |, )(\d+)\b", app.EXIT_CODES)]
    assert sorted(codes) == sorted(helped)
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.RolloutError)]
    assert {kind.code for kind in kinds} | {plan.WORK, plan.REFUSED, status.UNDER_WAY, status.LEFT} <= set(codes)


def test_the_views_are_those_of_the_table() -> None:
    (cells,) = (cells for cells in table("run") if cells[0].startswith("`--output`"))
    *first, last = choices()
    assert cells == [f"`--output` {', '.join(first)} or {last}", AUTO, described().rstrip(".")]
