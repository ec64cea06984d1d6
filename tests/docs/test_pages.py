"""The pages for users: all are listed, each says what it is about, and what they show is taken as it stands."""

from __future__ import annotations

import ast
import re
import shlex

import pytest

import async_rollout as ar
from async_rollout.cli.app import COMMANDS, loaded
from async_rollout.cli.docs import TOPICS
from support.pages import PAGES, README, blocks, page

TEXTS = {topic: page(topic) for topic in TOPICS} | {"README": README.read_text(encoding="utf-8")}


def lines_of(text: str) -> list[str]:
    """Every command line of ours that a text shows: in its blocks, in what is indented, and in its running words."""
    shown = "\n".join([*blocks(text, "sh"), *re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE)])
    typed = [line.partition("  #")[0].strip() for block in shown.splitlines() for line in block.split("&&")]
    return [*typed, *re.findall(r"`(async-rollout [^`]+)`", text)]


LINES = [(topic, line) for topic, text in TEXTS.items() for line in lines_of(text) if line.startswith("async-rollout ")]


def test_every_page_is_listed_and_every_topic_has_one() -> None:
    assert sorted(TOPICS) == sorted(file.stem for file in PAGES.iterdir())


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_begins_with_its_title_and_a_line_that_says_what_it_is_about(topic: str) -> None:
    title, _, about, after, *_ = page(topic).splitlines()
    assert re.fullmatch(r"# \S.*", title)
    assert about.endswith(".") and not after
    assert len(about) <= 55, "it stands beside the topic's name on a terminal of 80 columns"


@pytest.mark.parametrize(("topic", "line"), LINES)
def test_every_command_line_is_taken(topic: str, line: str) -> None:
    _, verb, *words = shlex.split(line)
    if verb.startswith("-"):
        assert verb in ("--help", "--version", "--install-completion")
    elif "--help" in words:
        assert verb in COMMANDS
    else:
        loaded(verb).make_context(verb, words)


def test_enough_of_them_are_found() -> None:
    verbs = {shlex.split(line)[1] for _, line in LINES}
    assert set(COMMANDS) <= verbs


@pytest.mark.parametrize(("topic", "line"), [(topic, line) for topic, line in LINES if " docs" in line])
def test_a_page_sends_to_pages_that_are_there(topic: str, line: str) -> None:
    assert set(shlex.split(line)[2:]) <= {*TOPICS, "TOPIC", "[TOPIC]"}


@pytest.mark.parametrize("topic", TEXTS)
def test_the_python_it_shows_is_python_and_its_names_are_public(topic: str) -> None:
    for block in blocks(TEXTS[topic], "python"):
        tree = compile(block, topic, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
        of_ours = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        names = {node.attr for node in of_ours if isinstance(node.value, ast.Name) and node.value.id == "ar"}
        assert names <= set(ar.__all__)


def test_the_names_that_pages_tell_are_public() -> None:
    told = {name for text in TEXTS.values() for name in re.findall(r"`(?:await )?ar\.(\w+)", text)}
    assert {"connect", "roll_out"} <= told <= set(ar.__all__)
