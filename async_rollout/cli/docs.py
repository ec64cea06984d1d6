"""`async-rollout docs`: the pages for users, which come with the package."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Annotated

import anyio
import typer

from async_rollout.cli.columns import columns
from async_rollout.cli.command import run_command
from async_rollout.cli.console import Console
from async_rollout.cli.help import can_draw
from async_rollout.cli.options import Viewing
from async_rollout.errors import UsageError

TOPICS = (
    "start", "options", "safety", "permissions", "troubles", "ecs", "library", "recipes", "figures",
    "beside-instance-refresh",
)  # fmt: skip
"""In the order in which they are listed; each is a file of that name in `async_rollout/docs`."""

BROADEST = 110
"""Columns of a rendered page, on a terminal that has more: longer lines are hard to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be read."""

    topic: Annotated[
        str | None, typer.Argument(metavar="[TOPIC]", help="One of the topics. None: the list of them.")
    ] = None


def docs(asked: Asked) -> int:
    """Show the pages about a topic; without one, the list of topics.

    On a terminal a page is drawn for reading; into a file or a pipe it is Markdown.
    """
    return run_command("docs", Viewing(output="plain"), partial(_shown, asked.topic), runner=anyio.run)


async def _shown(topic: str | None, console: Console) -> int:
    if topic is None:
        console.result(*_listed())
    elif topic not in TOPICS:
        raise UsageError(f"there is no topic {topic!r}; there are {', '.join(TOPICS)}")
    elif can_draw():
        from async_rollout.cli.markdown import drawn

        console.result(*drawn(page(topic), min(BROADEST, shutil.get_terminal_size().columns)))
    else:
        console.result(*page(topic).splitlines())
    return 0


def page(topic: str) -> str:
    """The Markdown of one of `TOPICS`: its title, then in one line what it is about, then the rest."""
    return files("async_rollout").joinpath("docs", f"{topic}.md").read_text(encoding="utf-8")


def _listed() -> Iterator[str]:
    """Each topic, and the line of its page that says what it is about."""
    yield from columns([(topic, page(topic).splitlines()[2]) for topic in TOPICS])
    yield ""
    yield "async-rollout docs TOPIC shows one of them"
