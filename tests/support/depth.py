"""How much of a table runs with every change, and how much where `-m deep` asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def deeper(values: Iterable[Any], always: int, *, id: Callable[[Any], str] | None = None) -> list[Any]:
    """Parameters of a test: the first ones always, all others with the deep tests."""
    return [
        pytest.param(value, marks=() if number < always else pytest.mark.deep, id=id(value) if id else None)
        for number, value in enumerate(values)
    ]


def sampled(values: Iterable[Any], every: int, *, id: Callable[[Any], str] | None = None) -> list[Any]:
    """One of so many always, from all over the list, all others with the deep tests."""
    return [
        pytest.param(value, marks=pytest.mark.deep if number % every else (), id=id(value) if id else None)
        for number, value in enumerate(values)
    ]
