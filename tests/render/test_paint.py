"""Colours: where a terminal has them, and what the variables say that people know."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from async_rollout.core.events import Event, HookSaid
from async_rollout.render.paint import STYLES, manner, painting
from async_rollout.render.plain import Plain
from support.told import EVERYTHING, EVIL, NEW, T

RED = "\x1b[1;31m"


class Screen(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def shown(*, terminal: bool, **environment: str) -> str:
    console = Console(file=Screen(terminal=terminal), _environ={"TERM": "xterm-256color"} | environment)
    lines: list[str] = []
    view = Plain(lines.append, paint=painting(console))
    for event in EVERYTHING:
        view.tell(event)
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("terminal", "environment", "colours", "attributes"),
    [
        (True, {}, True, True),
        (False, {}, False, False),
        (False, {"FORCE_COLOR": "1"}, True, True),
        (True, {"NO_COLOR": "1"}, False, True),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, True),
        (True, {"TERM": "dumb"}, False, False),
    ],
)
def test_colours_are_where_they_are_wanted(
    *, terminal: bool, environment: dict[str, str], colours: bool, attributes: bool
) -> None:
    text = shown(terminal=terminal, **environment)
    assert (RED in text) is colours and ("\x1b[32m" in text) is colours
    assert ("\x1b[" in text) is attributes


def test_every_event_has_its_look() -> None:
    assert {manner(event) for event in EVERYTHING} <= STYLES.keys()


def test_what_a_hook_says_gets_no_colour_of_its_own() -> None:
    said: Event = HookSaid(group="w", at=T, instance=NEW, point="up-check", line=EVIL)
    console = Console(file=Screen(terminal=True), _environ={"TERM": "xterm"})
    text = painting(console)("[red]", said)
    assert text == "\x1b[2m[red]\x1b[0m"
