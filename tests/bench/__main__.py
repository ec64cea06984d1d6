"""How fast, how frugal, how light: a table of ratios and counts, each with its goal, an anchor and the limit beside it.

    python tests/bench                       all of it, some fifty minutes
    python tests/bench --only one start      parts of it: one, fleet, fits, start, loop, process, smoke,
                                         stop, releases, ecs

one       one group on a virtual clock, against the best legal schedule and against rivals, for the same draws
fleet     a hundred groups at once, on all of AWS's request buckets and on half of them
fits      what fits into one account and region
start     what a fresh process costs, against bare ones
loop      a hundred commands at once, the live view, the simulator
process   a hundred groups, and a thousand in ten accounts, rolled for real over HTTP
smoke     one group in real time beside the same on the virtual clock
stop      SIGTERM with ten to a hundred groups under way
releases  what releases that fail cost, beside the original's loop, a plain surge and a model of a refresh
ecs       hosts of ECS, beside models of a refresh with managed draining, of ecsmec and of a script

Virtual figures are the same on every machine (seeds 0, 1, 2, ...); of real ones only the ratios are worth quoting, and
those of an idle machine. Ends with 1 if a goal was missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from support.bench.table import HEAD, Row  # noqa: E402 - the path comes first

PARTS = ("one", "fleet", "fits", "start", "loop", "process", "smoke", "stop", "releases", "ecs")
"""Each imports what it needs when its turn comes."""
FITS = (25, 50, 200, 400)


def rows(part: str, seeds: int, groups: int) -> Iterator[Row]:
    """The rows of one part."""
    match part:
        case "one":
            yield from import_module("support.bench.rows_rollouts").one_group(seeds)
        case "fleet":
            yield from import_module("support.bench.rows_rollouts").fleet(groups)
        case "fits":
            yield from import_module("support.bench.rows_rollouts").fits(*FITS)
        case _:
            yield from import_module(f"support.bench.rows_{part}").rows()


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(
        prog="python tests/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--seeds", type=int, default=30, help="of one group")
    parser.add_argument("--groups", type=int, default=100, help="of a fleet")
    asked = parser.parse_args()
    missed = 0
    sys.stdout.write(HEAD.rstrip() + "\n")
    for part in asked.only:
        for row in rows(part, asked.seeds, asked.groups):
            missed += row.missed
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
    return min(1, missed)


if __name__ == "__main__":
    sys.exit(main())
