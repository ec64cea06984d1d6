"""The table of requests: what a line says, and that the command begins where it may."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.traffic.load import Tally
from support.traffic.trial import Told
from support.traffic.ways import HEAD, WAYS, line

SCRIPT = Path(__file__).parent


def test_a_line_says_how_many_failed_and_how() -> None:
    tally = Tally(requests=900, failures={"5xx": 2, "reset": 1}, slow=40, connections=9, p99=12.34)
    told = Told(tally=tally, seconds=61.0, size=2, fewest=1, lag=(0.001, 0.02), death=0.003, counted=900)
    cells = dict(zip(HEAD.split(), line("it", told).split()[1:], strict=False))
    assert (cells["requests"], cells["failed"], cells["5xx"], cells["reset"], cells["refused"]) == (
        "900", "3", "2", "1", "0",
    )  # fmt: skip
    assert len({title for title, _ in WAYS.values()}) == len(WAYS)


def test_so_fast_that_requests_outlive_their_drain_is_refused() -> None:
    """AWS cuts those, whoever rolls: nothing could be told from it."""
    words = [sys.executable, str(SCRIPT), "--speed", "10"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "outlive their drain" in ended.stderr
