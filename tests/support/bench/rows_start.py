"""What starting costs: fresh processes in turn, each pair measured side by side, the median of the pairs' ratios."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from async_rollout.sandbox.doors.http import environment
from support.bench.table import Row, median_ratio

ROOT = Path(__file__).parents[3]
PAIRS = 11
TOOL = "import sys; sys.argv[0] = 'async-rollout'; from async_rollout.cli import main; main()"
BARE = """
import aioboto3, asyncio
async def main():
    async with aioboto3.Session().client("autoscaling") as client:
        await client.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])
asyncio.run(main())
"""


def rows() -> Iterator[Row]:
    """CPU of the list of commands; time until AWS is asked."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ASYNC_ROLLOUT_"))}
    clean |= {"PYTHONPATH": str(ROOT), "CI": "true"}
    ours, theirs = [TOOL, "--help"], ["import typer, rich"]
    spent = [(cpu(ours, clean), cpu(theirs, clean)) for _ in range(PAIRS)]
    what, ratio = "CPU of --help / of importing typer and rich alone", median_ratio(*zip(*spent, strict=True))
    yield Row(number="10", what=what, measured=(ratio,), goal=(1.15,), anchor="2", limit="1", form=".2f")
    ours, theirs = [TOOL, "run", "-a", "web"], [BARE]
    taken = [(first_byte(ours, clean), first_byte(theirs, clean)) for _ in range(PAIRS)]
    what, ratio = "first byte to AWS / a bare aioboto3 script's", median_ratio(*zip(*taken, strict=True))
    yield Row(number="11", what=what, measured=(ratio,), goal=(1.15,), anchor="1.25-1.3", limit="1", form=".2f")


def cpu(code: Sequence[str], environment: Mapping[str, str]) -> float:
    """CPU seconds of one Python process, by the operating system's own account."""
    with subprocess.Popen([sys.executable, "-c", *code], env=environment, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{code} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def first_byte(code: Sequence[str], clean: Mapping[str, str]) -> float:
    """Seconds from starting the process until its first request arrives."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30.0)
        where = environment(f"http://127.0.0.1:{server.getsockname()[1]}")
        began = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-c", *code], env={**clean, **where}, stderr=subprocess.DEVNULL
        ) as process:
            try:
                connection, _ = server.accept()
                with connection:
                    connection.recv(1)
                    return time.perf_counter() - began
            finally:
                process.kill()
