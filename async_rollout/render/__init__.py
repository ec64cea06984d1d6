"""The views: they eat events and nothing else, and give lines to whoever writes them.

A new view is one file of this folder with a `view(write)`, and its name here.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from async_rollout.core.events import Event

RENDERERS = (
    ("live", "stderr", "async_rollout.render.live"),
    ("plain", "stderr", "async_rollout.render.plain"),
    ("github", "stderr", "async_rollout.render.github"),
    ("json", "stdout", "async_rollout.render.jsonl"),
)
"""The name of each view (as `--output` takes it), the stream it belongs on, and its module."""

Write = Callable[[str], object]
"""Takes one line without its end; never raises, never blocks."""


Behind = Callable[[], bool]
"""Whether the reader is far behind: a view that may leave something out then does."""


class View(Protocol):
    """One way to see a rollout. in_place: it draws over its own rows, so nothing else may write between them."""

    in_place: bool

    def tell(self, event: Event) -> None:
        """Show one event."""
        ...

    def say(self, line: str) -> None:
        """Show a line for people; a view for programs leaves it out."""
        ...

    def end(self, code: int, error: str = "") -> None:
        """The command is over with this exit code; error: why it could not begin, or was torn."""
        ...


def view(name: str, write: Write, *, verbose: bool = False, behind: Behind = lambda: False) -> View:
    """Open the view of that name. Raises KeyError for an unknown one."""
    module = {known: home for known, _, home in RENDERERS}[name]
    return cast("View", import_module(module).view(write, verbose=verbose, behind=behind))


def stream(name: str) -> str:
    """Where the view of that name belongs: stdout or stderr. Raises KeyError for an unknown one."""
    return {known: where for known, where, _ in RENDERERS}[name]
