"""What tests of the command line share: a tool that is typed, a sandbox that is served."""

from __future__ import annotations

import fcntl
import json
import os
import select
import struct
import subprocess
import termios
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

ENTRY = "import sys; sys.argv[0] = 'it'; from async_rollout.cli import {entry}; {entry}()"


@contextmanager
def a_person() -> Iterator[list[str]]:
    """Words before a command line: whoever is started so sits at a terminal of his own, wherever its streams go."""
    terminal, other = os.openpty()
    try:
        yield ["/bin/sh", "-c", f'exec "$0" "$@" 3<>{os.ttyname(other)}']
    finally:
        os.close(terminal)
        os.close(other)


@dataclass(kw_only=True)
class Tool:
    """Starts command lines. environment: theirs; processes: all that were started."""

    environment: dict[str, str]
    python: str
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def __call__(self, *words: str, entry: str = "main", limit: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run one to its end."""
        return subprocess.run(
            [self.python, "-c", ENTRY.format(entry=entry), *words],
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit, check=False,
        )  # fmt: skip

    def start(
        self, *words: str, stdin: int = subprocess.DEVNULL, stdout: int | IO[Any] = subprocess.PIPE,
        stderr: int | IO[Any] = subprocess.PIPE, before: list[str] | None = None,
    ) -> subprocess.Popen[str]:  # fmt: skip
        """Start one and go on. before: see `a_person`; else there is none, whoever runs the tests."""
        process = subprocess.Popen(
            [*(before or ()), self.python, "-c", ENTRY.format(entry="main"), *words], start_new_session=True,
            env=self.environment, stdin=stdin, stdout=stdout, stderr=stderr, text=True,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


def on_a_terminal(tool: Tool, columns: int, *words: str, **environment: str) -> str:
    """What it writes to a terminal of that width."""
    terminal, other = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    variables = tool.environment | {"TERM": "xterm", "LANG": "C.UTF-8", "PYTHONUTF8": "1"} | environment
    variables.pop("COLUMNS", None)
    command = [tool.python, "-c", ENTRY.format(entry="main"), *words]
    with subprocess.Popen(command, env=variables, stdin=other, stdout=other, stderr=other) as process:
        os.close(other)
        text = b""
        while process.poll() is None or select.select([terminal], [], [], 0)[0]:
            try:
                text += os.read(terminal, 65_536)
            except OSError:  # all of it was read, and nobody writes any more
                break
    os.close(terminal)
    return text.decode().replace("\r\n", "\n")


@dataclass(frozen=True, kw_only=True)
class Served:
    """A sandbox in a process of its own, and its world's truth."""

    process: subprocess.Popen[str]
    endpoint: str

    def ask(self, what: str) -> Any:
        with urllib.request.urlopen(f"{self.endpoint}/_sandbox/{what}") as reply:  # noqa: S310 - a loopback address
            return json.load(reply)

    def deeds(self, group: str, who: str = "owner") -> list[dict[str, Any]]:
        """What was done to a group through AWS's own calls."""
        return [one for one in self.ask("record") if one["group"] == group and one["who"] == who]

    def kinds(self, group: str) -> list[str]:
        return [one["what"] for one in self.deeds(group)]

    def until(self, true: Callable[[], bool], seconds: float = 30.0) -> None:
        ends = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < ends, "it never came to that"
            time.sleep(0.05)
