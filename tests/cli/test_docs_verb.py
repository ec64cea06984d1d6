"""`async-rollout docs`: the list, a page in a pipe and on a terminal, and a topic that there is not."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from async_rollout.cli.docs import BROADEST, TOPICS
from async_rollout.cli.markdown import drawn
from support.pages import page
from support.terminal import Tool, on_a_terminal


def test_without_a_topic_it_lists_them(tool: Tool, golden: Callable[[str, list[str]], None]) -> None:
    done = tool("docs")
    assert (done.returncode, done.stderr) == (0, "")
    golden("docs", done.stdout.splitlines())


@pytest.mark.parametrize("topic", TOPICS)
def test_in_a_pipe_it_is_the_page_itself(tool: Tool, topic: str) -> None:
    done = tool("docs", topic)
    assert (done.returncode, done.stdout) == (0, page(topic))


def test_it_loads_nothing_of_aws(tool: Tool) -> None:
    tool.environment["PYTHONPROFILEIMPORTTIME"] = "1"
    done = tool("docs", "start")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "async_rollout" in imported
    assert imported & {"aioboto3", "aiobotocore", "aiohttp", "boto3", "botocore", "moto"} == set()


def test_an_unknown_topic_names_those_there_are(tool: Tool) -> None:
    done = tool("docs", "option")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"error: there is no topic 'option'; there are {', '.join(TOPICS)}",
        "  next: async-rollout docs --help",
    ]


@pytest.mark.parametrize("topic", ["../core/RULES", "/etc/hostname", "start.md", ""])
def test_a_topic_is_a_name_and_no_path(tool: Tool, topic: str) -> None:
    done = tool("docs", topic)
    assert (done.returncode, done.stdout) == (2, "")


def test_on_a_terminal_it_is_drawn(tool: Tool) -> None:
    text = on_a_terminal(tool, 80, "docs", "options")
    assert "\x1b[" in text and "\u2500" in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "# Options" not in plain and "<!--" not in plain and "|---|" not in plain
    assert max(map(len, plain.splitlines())) <= 80
    assert "\x1b[3" not in on_a_terminal(tool, 80, "docs", "options", NO_COLOR="1"), "a colour"


def test_a_terminal_that_cannot_draw_gets_the_page_itself(tool: Tool) -> None:
    assert on_a_terminal(tool, 80, "docs", "figures", TERM="dumb") == page("figures")


def test_a_broad_terminal_is_not_filled(tool: Tool) -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", on_a_terminal(tool, 200, "docs", "safety"))
    assert 80 < max(map(len, text.splitlines())) <= BROADEST


@pytest.mark.parametrize("width", [40, 80, BROADEST])
@pytest.mark.parametrize("topic", TOPICS)
def test_nothing_of_a_page_is_cut(topic: str, width: int) -> None:
    """rich puts the sign of an ellipsis where it cuts."""
    assert "".join(drawn(page(topic), width)).count("\u2026") == page(topic).count("\u2026")
