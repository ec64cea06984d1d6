"""A command whose parameters are dataclasses of options: their fields, spread out, are what typer sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints

import typer


def with_flat_options(command: Callable[..., int]) -> Callable[..., None]:
    """The same command with one option a field; it ends with the exit code that the command returns."""
    kinds = {name: get_type_hints(command)[name] for name in signature(command).parameters}

    def flat(**given: Any) -> None:
        built = {name: kind(**{one.name: given[one.name] for one in fields(kind)}) for name, kind in kinds.items()}
        raise typer.Exit(command(**built))

    options = [option for kind in kinds.values() for option in _options(kind)]
    flat.__name__, flat.__doc__, flat.__annotations__ = command.__name__, command.__doc__, {}
    flat.__signature__ = Signature(options)  # type: ignore[attr-defined]
    return flat


def _options(kind: type[Any]) -> list[Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        Parameter(one.name, Parameter.KEYWORD_ONLY, default=_default(one), annotation=hints[one.name])
        for one in fields(kind)
    ]


def _default(one: Field[Any]) -> object:
    return Parameter.empty if one.default is MISSING else one.default
