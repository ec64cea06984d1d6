"""U9: against a sandbox with a speed the command line lives by the sandbox's clock, and by its own anywhere else."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from async_rollout.cli.pace import pace, variables
from async_rollout.core.spec import HookCall, HookPoint
from async_rollout.engine.hooks import ShellHooks
from async_rollout.errors import UsageError
from async_rollout.sandbox.virtual import run_scaled
from support.quick import clean_environment
from support.terminal import ENTRY

HERE = "http://127.0.0.1:4566"
SPEED = 20.0


def command(*words: str) -> list[str]:
    return [sys.executable, "-c", ENTRY.format(entry="main"), *words]


@pytest.fixture
def exports() -> Iterator[dict[str, str]]:
    """What a sandbox of that speed prints, as long as it is served."""
    serve = command("sandbox", "--scenario", "demo", "--speed", str(SPEED))
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(serve, env=clean_environment(), text=True, **streams) as server:  # type: ignore[call-overload]
        found: dict[str, str] = {}
        while "ASYNC_ROLLOUT_SANDBOX_SPEED" not in found:
            name, _, value = server.stdout.readline().removeprefix("export ").strip().partition("=")
            found[name] = value
        yield found
        server.kill()


def test_u9_a_rollout_takes_as_long_as_its_world_says(exports: dict[str, str], tmp_path: Path) -> None:
    """Two instances of 40 s boot each and -w 20: minutes of the world, not half an hour; the same by both clocks."""
    file, began = tmp_path / "events.jsonl", time.monotonic()
    words = command("run", "-a", "batch", "-y", "-w", "20", "-b", "true", "--events", str(file))
    done = subprocess.run(
        words, env=clean_environment() | exports | {"CI": "1"}, capture_output=True, text=True, timeout=100, check=False
    )
    real = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    times = [one["at"] for one in map(json.loads, file.read_text().splitlines()) if one.get("at", 0) > 0]
    world = max(times) - min(times)
    assert 60 < world < 600
    assert world <= real * SPEED + 2  # its own time never outran the sandbox's


def test_u9_the_variables_hold_for_their_endpoint_only() -> None:
    given = variables(HERE, 20.0)
    assert pace(given | {"AWS_ENDPOINT_URL": HERE}) == 20.0
    for other in (
        {},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        {"AWS_ENDPOINT_URL": HERE, "AWS_ENDPOINT_URL_EC2": "https://ec2.eu-west-1.amazonaws.com"},
        {"AWS_ENDPOINT_URL": HERE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    ):
        assert pace(given | other) == 1.0
    assert pace({"AWS_ENDPOINT_URL": HERE}) == 1.0
    for wrong in ("fast", "0", "-1", "nan", "1e9"):
        with pytest.raises(UsageError, match="is no speed"):
            pace(given | {"AWS_ENDPOINT_URL": HERE, "ASYNC_ROLLOUT_SANDBOX_SPEED": wrong})


def test_u9_a_command_past_its_limit_gets_its_grace_in_real_seconds(tmp_path: Path) -> None:
    """The limit is the world's; a process that winds up knows real seconds only."""
    mark = tmp_path / "wound-up"
    call = HookCall(point=HookPoint.BEFORE_TERMINATE, group="web", instance="i-0123456789abcdef0")
    hook = f"trap 'sleep 1; touch {mark}; exit 0' TERM; while :; do sleep 0.05; done"

    async def main() -> None:
        result = await ShellHooks(grace=3.0).run(hook, call, 20.0, lambda _: None)
        assert result.timed_out

    began = time.monotonic()
    run_scaled(main, SPEED)
    assert mark.exists()
    assert time.monotonic() - began < 10
