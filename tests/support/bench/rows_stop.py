"""Rows of the bench: SIGTERM with many groups under way, over HTTP, in real time."""

from __future__ import annotations

from collections.abc import Iterator

from support.bench.stopped import told_to_stop
from support.bench.table import Row

GROUPS = (10, 30, 50, 100)
SHORT, LONG = 5.0, 25.0
SURE = 50
"""With so many groups no alarm stays off, and with the long grace nobody drains on."""


def rows() -> Iterator[Row]:
    """Groups with alarms off, instances that drain, seconds; for each number of groups and each grace."""
    for groups in GROUPS:
        for grace in (SHORT, LONG):
            one = told_to_stop(groups, grace)
            goal = (0.0, 0.0) if grace == LONG else (0.0,)
            yield Row(
                what=f"SIGTERM, {groups} groups, --stop-grace {grace:g}: alarms off, draining, seconds",
                measured=(one.off, one.draining, one.seconds),
                goal=goal if groups <= SURE else (),
                form=".3g",
            )
