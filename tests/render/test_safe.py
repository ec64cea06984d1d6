"""Text from outside, and words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.render.safe import LONGEST, safe
from async_rollout.render.words import advice, command, lasting
from support.told import EVIL


@given(st.text())
def test_whatever_it_is_it_becomes_one_printable_line(text: str) -> None:
    assert safe(text).isprintable()
    assert not re.search(r"##\w*\[", safe(text))


@given(st.text(st.characters(categories=["L", "N", "P", "Sm", "Sc"], exclude_characters="#"), max_size=200))
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert safe(text) == text


def test_what_steers_a_terminal_is_left_out() -> None:
    assert safe(EVIL) == "[31mred[0m [bold]x[/]   ::error::boo # #[command]x esrever"


@pytest.mark.parametrize("order", ["##[error]x", "##vso[task]x", "##teamcity[x]", "###[x", "####[x"])
def test_no_older_order_to_a_ci_stands_anywhere(order: str) -> None:
    assert re.search(r"##\w*\[", order) and not re.search(r"##\w*\[", safe(order))


def test_what_is_endless_is_cut() -> None:
    assert len(safe("x" * 10 * LONGEST)) == LONGEST + 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0s"), (0, "0s"), (59.4, "59s"), (59.6, "1m"), (252, "4m12s"), (600, "10m"), (3599.7, "1h"), (3900, "1h05m")],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


def test_commands_to_type_are_quoted_for_a_shell() -> None:
    assert command("run", "web", "a b; rm -rf /") == "async-rollout run -a web -a 'a b; rm -rf /'"
    assert advice("run or restore", "web") == "async-rollout run -a web   or   async-rollout restore -a web"
    assert advice("restore", "web") == "async-rollout restore -a web"
    assert advice("async-rollout docs permissions", "web") == "async-rollout docs permissions"
