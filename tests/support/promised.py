"""What this release promises by name: the package's public names with what each has, the events, the command line."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, get_args

import async_rollout
from async_rollout.cli.app import COMMANDS, loaded
from async_rollout.core.events import Event

Surface = dict[str, dict[str, list[str]]]
"""By part, by name: what it has."""


def surface() -> Surface:
    """All of it, in a form that can be kept as JSON."""
    return {
        "names": {name: members(getattr(async_rollout, name)) for name in sorted(async_rollout.__all__)},
        "events": {kind.__name__: members(kind) for kind in get_args(Event)},
        "commands": {name: sorted(words_of(loaded(name))) for name in COMMANDS} | {"(original)": sorted(original())},
    }


def members(thing: Any) -> list[str]:
    """A function's parameters, an enum's members with their values, what a class has else."""
    if inspect.isfunction(thing):
        return list(inspect.signature(thing).parameters)
    if inspect.isclass(thing) and issubclass(thing, Enum):
        return [f"{one.name}={one.value}" for one in thing]
    if inspect.isclass(thing):
        names = {*dir(thing), *(one.name for one in fields(thing))} if is_dataclass(thing) else dir(thing)
        return sorted(name for name in names if not name.startswith("_"))
    return []


def original() -> Iterator[str]:
    """What the second command takes."""
    import typer

    from async_rollout.cli.original import app

    return words_of(typer.main.get_command(app()))


def words_of(command: Any) -> Iterator[str]:
    """The flags, the environment variables and the choices of a command."""
    for one in command.params:
        yield from one.opts
        yield from one.secondary_opts
        kind = one.type_descriptor.annotation
        if inspect.isclass(kind) and issubclass(kind, Enum):
            yield from (f"{one.opts[0]}={choice.value}" for choice in kind)
        elif re.fullmatch(r"<\w+(\|\w+)+>", one.metavar or ""):  # they come from a table
            yield from (f"{one.opts[0]}={choice}" for choice in one.metavar[1:-1].split("|"))
        names = one.envvar or ()
        yield from (f"${name}" for name in ([names] if isinstance(names, str) else names))
