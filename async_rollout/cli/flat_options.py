"""A command whose parameters are dataclasses of options: their fields, spread out, are what typer sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints

import typer


def with_flat_options(command: Callable[..., int]) -> Callable[..., None]:
    """The same command with one option a field; it ends with the exit code that the command returns."""
    kinds = {name: get_type_hints(command)[name] for name in signature(command).parameters}

    def flat(**given: Any) -> None:
        raise typer.Exit(command(**{name: _built(kind, given) for name, kind in kinds.items()}))

    options = [option for kind in kinds.values() for option in _options(kind)]
    flat.__name__, flat.__doc__, flat.__annotations__ = command.__name__, command.__doc__, {}
    flat.__signature__ = Signature(options)  # type: ignore[attr-defined]
    return flat


def _options(kind: type[Any]) -> list[Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        Parameter(field.name, Parameter.KEYWORD_ONLY, default=_default(field), annotation=hints[field.name])
        for field in fields(kind)
    ]


def _built(kind: type[Any], given: Mapping[str, Any]) -> Any:
    return kind(**{field.name: given[field.name] for field in fields(kind)})


def _default(field: Field[Any]) -> object:
    return Parameter.empty if field.default is MISSING else field.default
