"""Wrong input is refused with 2, 3 or 4 and a sentence, as a real process says it; nothing is touched."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from support.terminal import Served, Tool

NOWHERE = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "Missing option"),
        (["run", "-a", ""], "the name of a group is empty"),
        (["run", "-a", "web", "--max-surge", "0"], "nothing can ever be replaced"),
        (["run", "-a", "web", "--max-surge", "lots"], "write 3 or 25%"),
        (["run", "-a", "web", "--check-interval", "5x"], "write 90, 90s, 5m or 1h30m"),
        (["run", "-a", "web", "--check-interval", "0"], "is not between"),
        (["run", "-a", "web", "--max-timeout", "99999h"], "is not between"),
        (["run", "-a", "web", "--max-groups", "0"], "--max-groups"),
        (["run", "-a", "web", "--events", "/nowhere/at/all"], "No such file or directory"),
        (["run", "-a", "web", "--output", "opera"], "--output"),
        (["run", "-a", "web"], "no AWS region"),
        (["sandbox", "--scenario", "opera"], "there are demo"),
        (["opera"], "opera"),
    ],
)
def test_senseless_orders_exit_2(tool: Tool, words: list[str], said: str) -> None:
    done = tool(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["run", "plan", "status", "restore"])
def test_credentials_that_cannot_be_read_exit_4(tool: Tool, verb: str) -> None:
    tool.environment.update(AWS_DEFAULT_REGION="eu-west-1", AWS_PROFILE="nobody")
    done = tool(verb, "-a", "web")
    assert done.returncode == 4
    assert "nobody" in done.stderr and "next:" in done.stderr


def test_an_endpoint_that_is_down_exits_3_with_a_sentence(tool: Tool) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        tool.environment.update(NOWHERE, AWS_ENDPOINT_URL=f"http://127.0.0.1:{free.getsockname()[1]}")
        done = tool("plan", "-a", "web", limit=90)
    assert done.returncode == 3
    assert "Could not connect" in done.stderr and "nothing was changed" in done.stderr


def test_one_unknown_group_refuses_all_and_nothing_is_touched(tool: Tool, serve: Callable[..., Served]) -> None:
    served = serve("size-1")
    for verb in ("run", "restore", "plan"):
        done = tool(verb, "-a", "web", "-a", "wbe")
        assert done.returncode == 3
        assert "no such group: wbe" in done.stderr
    assert served.deeds("web") == []


def test_a_taken_port_is_a_sentence(tool: Tool) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = tool("sandbox", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "cannot be served" in done.stderr
