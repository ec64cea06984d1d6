"""Rows of the bench: what a release that fails costs, by each way to roll it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from support.bench.bad_ones import WAYS, cost, drawn
from support.bench.table import Row

SEEDS = {10: 100, 50: 30}
"""So many releases of groups of up to so many instances."""


def rows() -> Iterator[Row]:
    """Old instances lost of a hundred, the worst moment, and how many never ended; small groups, then larger ones."""
    for most, seeds in SEEDS.items():
        releases = [drawn(seed, most) for seed in range(seeds)]
        size = sum(one.size for one in releases)
        for name, roller in WAYS.items():
            costs = [cost(one, roller) for one in releases]
            lost = 100 * sum(one.lost for one in costs) / size
            least, never = min(one.least for one in costs), sum(not one.ended for one in costs)
            whole = statistics.mean(not one.lost for one in costs)
            what = f"{seeds} bad releases, up to {most}, {name}: % lost, nothing lost, fewest, never ended"
            yield Row(what=what, measured=(lost, 100 * whole, 100 * least, float(never)), form=".0f")
