"""`async-rollout replay`: show a recorded run through any view."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import anyio
import typer

from async_rollout.cli.command import run_command
from async_rollout.cli.console import Console
from async_rollout.cli.durations import seconds
from async_rollout.cli.options import Viewing
from async_rollout.core.events import Event
from async_rollout.errors import UsageError
from async_rollout.render.recorded import Recording, recordings
from async_rollout.render.safe import safe

LARGEST = 512 * 2**20
"""Bytes of a file that is still read whole: a hundred groups of a hundred instances write a tenth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Which recording, and how it is shown."""

    file: Annotated[Path, typer.Argument(metavar="FILE", help="What --events or --output json wrote.")]
    speed: Annotated[
        float | None,
        typer.Option(
            min=0.01, max=100_000.0, metavar="X", envvar="ASYNC_ROLLOUT_REPLAY_SPEED", show_envvar=False,
            help="The run's seconds in one second here. [default: all at once]",
        ),
    ] = None  # fmt: skip
    until: Annotated[
        float | None,
        typer.Option(
            parser=seconds, metavar="S", envvar="ASYNC_ROLLOUT_UNTIL", show_envvar=False,
            help="Only its first so many seconds. [default: all]",
        ),
    ] = None  # fmt: skip
    svg: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", envvar="ASYNC_ROLLOUT_SVG", show_envvar=False,
            help="Write the live view as it stands at the end as a picture, too.",
        ),
    ] = None  # fmt: skip


def replay(recorded: Recorded, viewing: Viewing) -> int:
    """Show a recorded run through any view; needs nothing of AWS.

    Of several runs in one file the last one is shown. Exits 0 when it was shown, whatever the run ended with.
    """

    async def story(console: Console) -> int:
        run = last_run(recorded.file)
        events = first(run.events, recorded.until)
        if recorded.svg is not None:
            _pictured(recorded.svg, events)
        for before, event in zip((None, *events), events, strict=False):
            if recorded.speed is not None and before is not None and event.at > before.at > 0:
                await anyio.sleep((event.at - before.at) / recorded.speed)
            console.tell(event)
        _ended(console, run, recorded.until if len(events) < len(run.events) else None)
        return 0

    return run_command("replay", viewing, story, runner=anyio.run)


def last_run(file: Path) -> Recording:
    """The last run of a file. Raises UsageError if it cannot be read or holds none."""
    name = safe(file)
    try:
        if file.stat().st_size > LARGEST:
            raise UsageError(f"{name} is larger than {LARGEST // 2**20} MiB")
        with file.open(encoding="utf-8") as lines:
            found = recordings(lines, name)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{name} cannot be read: {safe(error)}") from error
    if not found:
        raise UsageError(f"{name} holds no recorded run")
    return found[-1]


def first(events: Sequence[Event], limit: float | None) -> list[Event]:
    """The events of the first so many seconds of the run; all of them for None."""
    began = next((event.at for event in events if event.at > 0), 0.0)
    return list(itertools.takewhile(lambda event: limit is None or event.at - began <= limit, events))


def _ended(console: Console, run: Recording, until: float | None) -> None:
    """As it ended; until: it is shown so far only."""
    if until is not None:
        console.say(f"# so far, after {until:g} s")
    elif run.ended is None:
        console.say("# it has no end: the run was killed, or is still under way")
    else:
        console.ended(run.ended.code, safe(run.ended.error))
        if run.ended.error:
            console.say(safe(run.ended.error))


def _pictured(file: Path, events: Sequence[Event]) -> None:
    from async_rollout.render.picture import svg

    try:
        file.write_text(svg(events), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--svg {safe(file)}: {error.strerror}") from error
