"""Where one command speaks: people read stderr, results and JSON go to stdout, `--events` to a file beside.

Nothing said here can stop or slow a rollout: every stream is written by a sink of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TextIO

from async_rollout.cli.log import logged
from async_rollout.cli.options import Viewing
from async_rollout.core.events import Event
from async_rollout.errors import UsageError
from async_rollout.render import Appends, TakesData, View, fitting, stream, view
from async_rollout.render.safe import no_order, safe
from async_rollout.render.sink import Sink, encoding

LAST_FRAME = 2.0
"""Seconds that a slow terminal gets to show the last frame before results are written over it."""


class Console:
    """The streams and views of one command. errors, results: where people and programs read."""

    def __init__(self, viewing: Viewing, errors: Sink, results: Sink, events: Sink | None) -> None:
        self.verbose = viewing.verbose
        self._errors, self._results, self._events = errors, results, events
        name = chosen(viewing.output)
        sink = results if stream(name) == "stdout" else errors
        first = view(name, sink.write, verbose=viewing.verbose, behind=sink.behind)
        self.json = isinstance(first, TakesData)
        self._views: list[View] = [first]
        self._voice = first.say if sink is errors else errors.write
        self._held: list[str] = []
        self._recorded: tuple[int, str] | None = None
        if events is not None:
            self._views.append(view("json", events.write))
        if viewing.report is not None:
            from async_rollout.render.report import Report

            self._views.append(Report(partial(_saved, viewing.report)))

    def tell(self, event: Event) -> None:
        """Show an event in every view; one that fails is dropped and named."""
        for viewer in tuple(self._views):
            try:
                viewer.tell(event)
            except Exception as fault:  # noqa: BLE001 - a view must neither change the rollout nor silence others
                self._views.remove(viewer)
                self._voice = self._errors.write
                self.say(f"a fault of async-rollout: a view failed and is closed: {safe(repr(fault))}")

    def say(self, *lines: str) -> None:
        """To people, on stderr. What comes from outside must be made safe before."""
        for line in lines:
            self._voice(no_order(line))

    def result(self, *lines: str) -> None:
        """To stdout: what the command was asked for. On a terminal that is drawn on it comes after the last frame."""
        if any(viewer.in_place for viewer in self._views) and os.isatty(1):
            self._held += lines
        else:
            self._results_of(lines)

    def _results_of(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._results.write(no_order(line))

    def records(self, type: str, bodies: Iterable[Mapping[str, object]]) -> None:
        """Results as data, in every view that takes data."""
        takers = [taker for taker in self._views if isinstance(taker, TakesData)]
        for body in bodies:
            for taker in takers:
                taker.record(type, body)

    def ended(self, code: int, error: str) -> None:
        """What is shown had this end, whatever the command that shows it comes to."""
        self._recorded = code, error

    def end(self, code: int, error: str = "") -> None:
        """Close the views with the exit code."""
        code, error = self._recorded or (code, error)
        views, self._views = self._views, []
        for viewer in views:
            try:
                viewer.end(code, error)
            except OSError as fault:
                self._errors.write(f"warning: the report could not be written: {fault.strerror}")
            except Exception as fault:  # noqa: BLE001 - the rollout is over, and its exit code stands
                self._errors.write(f"a fault of async-rollout: a view failed at its end: {safe(repr(fault))}")
        if views:
            self._append(views[0])
        self._voice = self._errors.write
        if self._held:
            self._errors.drained(LAST_FRAME)
            self._results_of(self._held)

    def _append(self, first: View) -> None:
        """What the view leaves in a file at its end, if it does."""
        left = first.appendix(os.environ) if isinstance(first, Appends) else None
        if left is None:
            return
        try:
            with Path(left.file).open("a", encoding="utf-8") as file:
                file.write(left.text)
        except OSError as error:
            self._errors.write(f"warning: {left.what} could not be written: {error.strerror}")

    def silence(self) -> None:
        """The terminal is gone: nothing more for stdout and stderr; `--events` goes on."""
        self._errors.silence()
        self._results.silence()

    def close(self, seconds: float = 2.0) -> None:
        """Let what was said be written, as far as the readers take it."""
        behind = [sink for sink in (self._results, self._events) if sink is not None]
        if lost := sum(sink.close(seconds) for sink in behind):
            self.say(f"warning: {lost} lines of output were lost, their reader was too slow")
        self._errors.close(seconds)


def chosen(output: str, environment: Mapping[str, str] = os.environ) -> str:
    """The name of the view. One that draws needs a terminal that can go back up."""
    can = os.isatty(2) and environment.get("TERM", "dumb") != "dumb"
    return fitting(output, environment, terminal=can)


@contextmanager
def opened(viewing: Viewing) -> Iterator[Console]:
    """A console for one command. Raises UsageError if the file for the events cannot be opened."""
    _writable(viewing)
    events = _file(viewing)
    _flush(sys.stdout, sys.stderr)
    errors, results = Sink(2, encoding(sys.stderr)), Sink(1, encoding(sys.stdout))
    console = Console(viewing, errors, results, None if events is None else Sink(events))
    try:
        with logged(console):
            yield console
    finally:
        console.close()


def _writable(viewing: Viewing) -> None:
    """Find out before the first change whether the report can be written, not after the last."""
    if viewing.report is None:
        return
    try:
        with viewing.report.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise UsageError(f"--report {safe(viewing.report)}: {error.strerror}") from error


def _saved(file: Path, text: str) -> None:
    """Whole or not at all: who looks meanwhile sees the page before."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)


def _file(viewing: Viewing) -> int | None:
    if viewing.events is None:
        return None
    try:
        return os.open(viewing.events, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise UsageError(f"--events {safe(viewing.events)}: {error.strerror}") from error


def _flush(*streams: TextIO | None) -> None:
    for output in streams:
        with suppress(OSError, ValueError):
            if output is not None:
                output.flush()
