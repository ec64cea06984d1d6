"""The command line as a real process, against the sandbox as another; each is ended through its own handle."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.terminal import Served, Tool

ROOT = Path(__file__).parents[2]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, list[str]], None]:
    """Compare lines with golden/<name>.txt; `pytest tests/render tests/cli --rewrite-goldens` writes them anew."""
    folder = Path(__file__).parent / "golden"
    rewrite = request.config.getoption("--rewrite-goldens", default=False) and not os.environ.get("CI")

    def compare(name: str, lines: list[str]) -> None:
        file = folder / f"{name}.txt"
        if rewrite:
            file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        assert lines == file.read_text(encoding="utf-8").splitlines()

    return compare


@pytest.fixture
def tool(tmp_path: Path) -> Iterator[Tool]:
    """Starts command lines in an environment without anything of this machine's AWS; ends what is left."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ASYNC_ROLLOUT_"))}
    kept.pop("CI", None)
    ours = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "ASYNC_ROLLOUT_YES": "1"}
    made = Tool(environment=kept | ours, python=sys.executable)
    yield made
    made.end()


@pytest.fixture
def serve(tool: Tool) -> Callable[..., Served]:
    """Serves a scenario; what is started afterwards talks to it."""

    def begin(scenario: str, speed: float = 20.0) -> Served:
        process = tool.start("sandbox", "--scenario", scenario, "--speed", str(speed), stderr=subprocess.DEVNULL)
        assert process.stdout is not None
        exports: dict[str, str] = {}
        while "AWS_SHARED_CREDENTIALS_FILE" not in exports:
            line = process.stdout.readline()
            assert line.startswith("export "), line
            name, _, value = line.removeprefix("export ").strip().partition("=")
            exports[name] = value
        tool.environment.update(exports)
        return Served(process=process, endpoint=exports["AWS_ENDPOINT_URL"])

    return begin
