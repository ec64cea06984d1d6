"""What `--help` shows: examples that are true, then each option in the section of what it is about."""

from __future__ import annotations

import re
import shlex

import pytest
from typer.core import TyperCommand

from async_rollout.cli.app import COMMANDS as WORDS
from async_rollout.cli.app import loaded
from async_rollout.cli.help import EXAMPLES, FIRST, MOST_USED, SECTIONS
from support.terminal import Tool, on_a_terminal

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


@pytest.mark.parametrize("line", [line for line, _ in FIRST])
def test_so_is_each_that_the_program_shows(line: str) -> None:
    _, verb, *words = shlex.split(line)
    COMMANDS[verb].make_context(verb, words)


def test_the_program_shows_examples_first_then_all_commands(tool: Tool) -> None:
    text = tool("--help").stdout
    assert text.index("Examples:") < text.index("Replace every EC2") < text.index("Commands:") < text.index("Options:")
    assert all(f"\n  {name} " in text for name in COMMANDS)


@pytest.mark.parametrize(("columns", "framed"), [(100, True), (44, False)])
@pytest.mark.parametrize("words", [("run", "--help"), ("--help",)])
def test_on_a_terminal_options_stand_in_panels(tool: Tool, columns: int, framed: bool, words: tuple[str, ...]) -> None:
    text = on_a_terminal(tool, columns, *words)
    frames = [line for line in text.splitlines() if line.startswith(("\u256d", "\u2502", "\u2570"))]
    assert bool(frames) is framed
    assert len({len(line) for line in frames}) <= 1, "a frame that is straight"
    assert "--check-if-new-server-is-up-command CMD" in text or words == ("--help",)
    assert "\u256d" not in on_a_terminal(tool, columns, *words, LC_ALL="C")


@pytest.mark.parametrize("name", WORDS)
def test_the_ten_most_used_come_first_where_there_are_many(name: str) -> None:
    command, many = COMMANDS[name], name in ("run", "plan", "restore", "rollback")
    text = command.get_help(command.make_context(name, [], resilient_parsing=True))
    sections = [section for section in ("Most used", *SECTIONS) if f"\n{section}:\n" in text]
    assert (sections[:1] == ["Most used"]) is many
    first, _, others = text.partition("Most used:")[2].partition("\n\n")
    for option in MOST_USED if many else ():
        told = re.compile(rf"^  (-\w, )?{option} ", re.MULTILINE)
        assert not told.search(others)
        assert bool(told.search(first)) is any(option in one.opts for one in command.params), option
    assert len(MOST_USED) == 10


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
