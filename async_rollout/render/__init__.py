"""The views: they eat events and nothing else, and give lines to whoever writes them.

A new view is one file of this folder with a `view(write, verbose=…, behind=…)`, and its line in RENDERERS: what
`--output` takes, its help, its errors and what `auto` chooses follow from there. None is imported before it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast, runtime_checkable

from async_rollout.core.events import Event

AUTO, PLAIN = "auto", "plain"
"""What `--output` takes beside the views: whichever fits; and the view that always does."""


def _never(environment: Mapping[str, str], terminal: bool) -> bool:  # noqa: FBT001 - the shape of Renderer.fits
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """One view as it is offered. name: as `--output` takes it; about: what it shows; stream: where it belongs.

    module: its home. fits: whether `auto` takes it, given the environment and whether stderr is a terminal that can go
    back up; when: the same in words. drawn: it needs such a terminal, elsewhere the plain one stands in.
    """

    name: str
    about: str
    module: str
    stream: str = "stderr"
    fits: Callable[[Mapping[str, str], bool], bool] = _never
    when: str = ""
    drawn: bool = False


def _on_actions(environment: Mapping[str, str]) -> bool:
    return environment.get("GITHUB_ACTIONS") == "true"


RENDERERS: tuple[Renderer, ...] = (
    Renderer(
        name="live",
        about="rows drawn in place, on a terminal",
        module="async_rollout.render.live",
        fits=lambda environment, terminal: terminal and not environment.get("CI") and not _on_actions(environment),
        when="on a terminal outside CI",
        drawn=True,
    ),
    Renderer(name=PLAIN, about="lines on stderr", module="async_rollout.render.plain"),
    Renderer(
        name="github",
        about="those with folds, annotations and a step summary",
        module="async_rollout.render.github",
        fits=lambda environment, _: _on_actions(environment),
        when="in its Actions",
    ),
    Renderer(name="json", about="one object a line on stdout", module="async_rollout.render.jsonl", stream="stdout"),
)

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


@runtime_checkable
class TakesData(Protocol):
    """A view for programs: results come to it as data, too."""

    def record(self, type: str, body: Mapping[str, object]) -> None:
        """Show one result of any type."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Appendix:
    """What a view appends to a file at its end. what: as people call it; text: as it is to be written."""

    what: str
    file: str
    text: str


@runtime_checkable
class Appends(Protocol):
    """A view that leaves something in a file that whoever started the program named."""

    def appendix(self, environment: Mapping[str, str]) -> Appendix | None:
        """Asked after its end; None where there is no such file, or nothing to say."""
        ...


def renderer(name: str) -> Renderer:
    """The view of that name as it is offered. Raises KeyError for an unknown one."""
    return {one.name: one for one in RENDERERS}[name]


def view(name: str, write: Write, *, verbose: bool = False, behind: Behind = lambda: False) -> View:
    """Open the view of that name. Raises KeyError for an unknown one."""
    return cast("View", import_module(renderer(name).module).view(write, verbose=verbose, behind=behind))


def stream(name: str) -> str:
    """Where the view of that name belongs: stdout or stderr. Raises KeyError for an unknown one."""
    return renderer(name).stream


def choices() -> tuple[str, ...]:
    """All that `--output` takes."""
    return (AUTO, *(one.name for one in RENDERERS))


def described() -> str:
    """What each of the choices is, for people, in one line."""
    views = [f"{one.name}: {one.about}." for one in RENDERERS]
    fitting = [f"{one.name} {one.when}" for one in RENDERERS if one.when]
    return " ".join([*views, f"{AUTO}: {', '.join([*fitting, f'else {PLAIN}'])}."])


def fitting(choice: str, environment: Mapping[str, str], *, terminal: bool) -> str:
    """The name of the view. terminal: whether stderr is one that can go back up."""
    if choice == AUTO:
        return next((one.name for one in RENDERERS if one.fits(environment, terminal)), PLAIN)
    return PLAIN if renderer(choice).drawn and not terminal else choice
