"""What became of the requests, a line for each way to roll."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from support.traffic.ended import ended
from support.traffic.load import KINDS
from support.traffic.original import original
from support.traffic.ours import ours_killed
from support.traffic.refresh import launching_first, terminating_first
from support.traffic.scene import Roller
from support.traffic.trial import Told

WAYS: Mapping[str, tuple[str, Roller]] = MappingProxyType(
    {
        "ours": ("async-rollout run, kill -9 in the middle, run", ours_killed),
        "original": ("the original's loop", original),
        "refresh": ("instance refresh 100/110 (model)", launching_first),
        "refresh-90": ("instance refresh, 90 as by default (model)", terminating_first),
        "ended": ("ended at EC2 without draining", ended),
    }
)
"""By the name on the command line: its title, and how it rolls."""

LINE = "{:46} {:>8} {:>6} {:>6}" + " {:>8}" * len(KINDS) + " {:>8} {:>8} {:>7} {:>13} {:>6}"
HEAD = LINE.format("", "requests", "slow", "failed", *KINDS, "p99 ms", "seconds", "fewest", "lag ms, most", "late")


def line(title: str, told: Told) -> str:
    """p99: beyond what the request itself took. fewest: that served, of how many. late: a death, ms at most."""
    tally = told.tally
    kinds = (tally.failures.get(kind, 0) for kind in KINDS)
    lag = "{:.1f}, {:.0f}".format(*(1000 * one for one in told.lag))
    few, late = f"{told.fewest} of {told.size}", f"{1000 * told.death:.0f}"
    took = (f"{tally.p99:.1f}", f"{told.seconds:.0f}", few, lag, late)
    return LINE.format(title, tally.requests, tally.slow, told.failed, *kinds, *took)
