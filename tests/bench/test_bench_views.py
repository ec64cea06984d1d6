"""The benchmark of the views runs, and measures what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.bench import bench_views
from support.bench.bench_views import SECONDS, measure, told

SCRIPT = Path(bench_views.__file__)


def test_each_group_tells_its_own_minute() -> None:
    events = told(3)
    assert {event.group for _, event in events} == {"service-000", "service-001", "service-002"}
    assert [at for at, _ in events] == sorted(at for at, _ in events)
    assert max(at for at, _ in events) < SECONDS


def test_the_documented_command_prints_its_table() -> None:
    ended = subprocess.run([sys.executable, str(SCRIPT), "2"], capture_output=True, text=True, check=True)
    head, line = ended.stdout.splitlines()
    assert head.split()[:2] == ["groups", "events/s"]
    groups, events, plain, live, _, frames = map(float, line.split())
    assert groups == 2 and events > 0 and 0 < plain < live and 1 <= frames <= 10


def test_watching_a_hundred_groups_draws_at_most_eight_frames_a_second() -> None:
    """A count: what a frame costs is the benchmark's to measure, on a machine that does nothing else."""
    assert 0 < measure(100).frames <= 8 * SECONDS
