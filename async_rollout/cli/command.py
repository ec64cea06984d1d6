"""The frame of every command: a console, a loop, and whatever goes wrong becomes a sentence and an exit code."""

from __future__ import annotations

import gc
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from async_rollout.cli.console import Console, opened
from async_rollout.cli.faults import told
from async_rollout.cli.options import Viewing
from async_rollout.cli.pace import paced
from async_rollout.core.events import Called
from async_rollout.core.origin import stamped
from async_rollout.errors import UsageError
from async_rollout.render import PLAIN
from async_rollout.render.words import typed_with

if TYPE_CHECKING:
    from async_rollout.aws.cloud import AwsCloud

Story = Callable[[Console], Awaitable[int]]
"""What a command does; gives the exit code."""
Runner = Callable[[Callable[[], Awaitable[int]]], int]
"""Runs a story in an event loop of its own."""


def run_command(
    verb: str,
    viewing: Viewing,
    story: Story,
    *,
    groups: Sequence[str] = (),
    typed: Sequence[str] = (),
    runner: Runner = paced,
) -> int:
    """Run the story of the command `verb` to its end; gives the exit code and never raises.

    typed: words of its line that advice to go on repeats.
    """
    gc.freeze()  # what is loaded stays
    try:
        with typed_with(typed), opened(viewing) as console:
            code, error = _run(verb, console, story, groups, runner)
            console.end(code, error)
            return code
    except UsageError as wrong:  # there is no console to say it on
        with opened(Viewing(output=PLAIN)) as console:
            console.say(*told(wrong, verb, groups, verbose=False)[1])
        return wrong.code


@contextmanager
def counted(cloud: AwsCloud, console: Console) -> Iterator[None]:
    """However the block ends, what was sent to AWS is told."""
    try:
        yield
    finally:
        console.tell(stamped(Called(calls=dict(cloud.calls)), cloud.place))


def _run(verb: str, console: Console, story: Story, groups: Sequence[str], runner: Runner) -> tuple[int, str]:
    try:
        return runner(partial(story, console)), ""
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it ends as a sentence
        logging.getLogger("asyncio").disabled = isinstance(error, KeyboardInterrupt)  # of what was torn in its middle
        code, lines = told(error, verb, groups, verbose=console.verbose)
        console.say(*lines)
        return code, lines[0]
