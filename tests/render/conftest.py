"""Goldens: what people read, letter for letter. They are rewritten by a flag only, never in CI."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

Golden = Callable[[str, list[str]], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-goldens", action="store_true", help="Write the golden files anew; never in CI.")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare lines with golden/<name>.txt beside the test."""
    folder = Path(request.path).parent / "golden"
    rewrite = request.config.getoption("--rewrite-goldens", default=False) and not os.environ.get("CI")

    def compare(name: str, lines: list[str]) -> None:
        file = folder / f"{name}.txt"
        if rewrite:
            file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        assert lines == file.read_text(encoding="utf-8").splitlines()

    return compare
