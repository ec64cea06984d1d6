"""The demo as a newcomer runs it."""

from __future__ import annotations

import re
import time

from cli.terminal import Tool


def test_the_demo_needs_nothing_and_everything_holds(tool: Tool) -> None:
    began = time.monotonic()
    done = tool("demo", limit=100)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 60
    table = done.stdout.splitlines()
    assert table[-1] == "all of it held"
    assert [row.split()[:4] for row in table[2:5]] == [
        ["web", "3", "of", "3"],
        ["api", "4", "of", "4"],
        ["batch", "2", "of", "2"],
    ]
    assert re.search(r"AWS calls: \d{3,}, \d+ for each replaced instance", done.stdout)
