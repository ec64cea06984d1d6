"""What `--help` shows: examples that are true, then each option in the section of what it is about."""

from __future__ import annotations

import shlex

import pytest
from typer.core import TyperCommand

from async_rollout.cli.app import COMMANDS as WORDS
from async_rollout.cli.app import loaded
from async_rollout.cli.help import EXAMPLES, SECTIONS
from cli.terminal import Tool

COMMANDS: dict[str, TyperCommand] = {name: loaded(name) for name in WORDS}


def test_every_command_has_examples() -> None:
    assert EXAMPLES.keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", WORDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    assert (COMMANDS[name].help or "").splitlines()[0] == WORDS[name]


def test_a_mistyped_command_is_answered_with_the_one_that_is_meant(tool: Tool) -> None:
    done = tool("restor", "-a", "web")
    assert done.returncode == 2
    assert "Did you mean 'restore'?" in done.stderr


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, each in EXAMPLES.items() for line, _ in each])
def test_every_example_is_a_command_line_that_is_taken(name: str, line: str) -> None:
    program, verb, *words = shlex.split(line)
    assert (program, verb) == ("async-rollout", name)
    COMMANDS[name].make_context(name, words)


def test_an_option_stands_in_one_section() -> None:
    listed = [name for names in SECTIONS.values() for name in names]
    assert len(set(listed)) == len(listed)
    known = {name for command in COMMANDS.values() for one in command.params for name in one.opts}
    assert set(listed) <= known
    run = {name for one in COMMANDS["run"].params for name in one.opts if name.startswith("--")}
    assert run - {"--help"} <= set(listed)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_examples_come_first_and_no_name_is_cut(tool: Tool, columns: int) -> None:
    tool.environment["COLUMNS"] = str(columns)
    done = tool("run", "--help")
    assert done.returncode == 0
    assert done.stdout.index("Examples:") < done.stdout.index("Replace every instance") < done.stdout.index("Groups:")
    assert "--check-if-new-server-is-up-command CMD" in done.stdout
    assert "async-rollout run -a web --max-surge 25% --only-outdated -y\n" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_it(tool: Tool, shell: str) -> None:
    tool.environment.update(_ASYNC_ROLLOUT_COMPLETE=f"source_{shell}")
    done = tool()
    assert done.returncode == 0 and f"_ASYNC_ROLLOUT_COMPLETE=complete_{shell}" in done.stdout
