"""K7: a service that embeds rollouts is told to stop while callers hang on: it ends soon, and its groups are safe."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from support.quick import Desk, desks

EXAMPLES = Path(__file__).parents[2] / "examples"
SERVICES = {
    "aiohttp": [sys.executable, str(EXAMPLES / "web_service.py"), "PORT"],
    "fastapi": [
        sys.executable, "-m", "uvicorn", "--app-dir", str(EXAMPLES), "fastapi_service:app", "--port", "PORT",
        "--log-level", "warning",
    ],
}  # fmt: skip
GRACE = 20.0
"""Seconds, most of which the start and end of a process take on a busy machine."""
COUNT = 4


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def service(command: list[str], port: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    words = [str(port) if word == "PORT" else word for word in command]
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def posted(port: int, groups: list[str], process: subprocess.Popen[bytes]) -> Any:
    """The answer, as soon as the service takes calls."""
    ends = time.monotonic() + 30
    while True:
        try:
            return HTTPConnectionPool("127.0.0.1", port, retries=False).request(
                "POST", "/rollouts", json={"groups": groups, "check_interval": 0.2}, preload_content=False
            )
        except HTTPError:
            assert process.poll() is None and time.monotonic() < ends, "the service never answered"
            time.sleep(0.1)


def out(several: list[Desk]) -> set[str]:
    return {id for one in several for id in one.look().out}


@pytest.mark.parametrize("name", SERVICES)
def test_k7_a_service_stops_its_rollouts_before_it_waits_for_its_callers(name: str, tmp_path: Path) -> None:
    with desks(2 * COUNT, tmp_path) as every:
        several, port = every[1::2], free_port()
        with service(SERVICES[name], port, several[0].environment) as process:
            answer = posted(port, [one.group for one in several], process)
            several[0].until(lambda: bool(out(several)), 60)
            process.send_signal(signal.SIGTERM)
            told = time.monotonic()
            events = [json.loads(line) for line in answer.read().splitlines()]
            code = process.wait(GRACE)
            took = time.monotonic() - told
        gone = out(several)
        time.sleep(1.0)
        seen = [one.look() for one in several]
    assert code in (0, -signal.SIGTERM) and took < GRACE
    assert events[-1]["type"] == "FleetEnded"
    ends = {one["group"]: one["verdict"]["code"] for one in events if one["type"] == "RolloutEnded"}
    assert ends.keys() == {one.group for one in several}
    assert 143 in ends.values(), "they were stopped, not rolled to their ends"
    for one in seen:
        assert not one.suspended & {"AlarmNotification", "ScheduledActions"}, "alarms run again"
    assert set().union(*(one.out for one in seen)) == gone, "nobody goes after its end"
