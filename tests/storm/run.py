"""Storms by the thousand: `python tests/storm/run.py` runs what CI runs, `--long` the long profile, and prints

    safety: 2000 seeds, 0 violations, 0 objections

for each mode; an objection is a guard's no, whatever came of it. A seed that breaks a law prints the command that
repeats it. The exit code is 1 if any did.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in (".", "tests")]

from support.storms.blame import broken  # noqa: E402 - the path comes first
from support.storms.ec2_ends import ending  # noqa: E402
from support.storms.hosting import hosting  # noqa: E402
from support.storms.scaling import scaling  # noqa: E402
from support.storms.setting import setting  # noqa: E402
from support.storms.storm import storm  # noqa: E402

MODES = {
    "safety": {},
    "liveness": {"liveness": True},
    "wire": {"wire": True},
    "launches": {"launches": True},
    "launches-liveness": {"launches": True, "liveness": True},
    "launches-wire": {"launches": True, "wire": True},
    "releases": {"launches": True, "releases": True},
    "templates": {"launches": True, "further": setting},
    "templates-liveness": {"launches": True, "liveness": True, "further": setting},
    "scaling": {"launches": True, "further": scaling},
    "scaling-liveness": {"launches": True, "liveness": True, "further": scaling},
    "endings": {"launches": True, "further": ending},
    "ecs": {"launches": True, "further": hosting},
    "ecs-liveness": {"launches": True, "liveness": True, "further": hosting},
    "ecs-wire": {"launches": True, "wire": True, "further": hosting},
}
"""launches: of runs whose launches AWS answers; all others set desired capacity.

releases: of new instances that fail after they were healthy. templates: of runs that set what the group launches from,
and go back to what they found. scaling: of groups that scale by themselves meanwhile. endings: of
instances that EC2 ends. ecs: of groups whose instances are hosts of a cluster."""
CI = {
    "safety": 600, "liveness": 200, "wire": 40, "launches": 350, "launches-liveness": 150, "launches-wire": 30,
    "releases": 100, "templates": 130, "templates-liveness": 80,
    "scaling": 100, "scaling-liveness": 40, "endings": 100,
    "ecs": 60, "ecs-liveness": 20, "ecs-wire": 4,
}  # fmt: skip
LONG = {
    "safety": 10_000, "liveness": 2500, "wire": 500,
    "launches": 10_000, "launches-liveness": 2500, "launches-wire": 500,
    "releases": 2000, "templates": 3000, "templates-liveness": 1000,
    "scaling": 3000, "scaling-liveness": 1000, "endings": 3000,
    "ecs": 2000, "ecs-liveness": 500, "ecs-wire": 200,
}  # fmt: skip


def wrong(mode: str, seed: int) -> tuple[int, list[str]]:
    """What one storm broke; an error in it is a violation too."""
    try:
        return seed, broken(storm(seed, **MODES[mode]))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told with its seed
        return seed, ["".join(traceback.format_exception(error))[-2000:]]


def run(mode: str, seeds: range) -> int:
    """All seeds of a mode, on every core; how many broke something."""
    began, bad, objections = time.monotonic(), 0, 0
    with ProcessPoolExecutor() as pool:
        for seed, lines in pool.map(partial(wrong, mode), seeds, chunksize=10):
            bad += bool(lines)
            objections += sum(line.startswith("objection:") for line in lines)
            for line in lines[:3]:
                print(f"{mode} seed {seed}: {line}\n    again: python tests/storm/run.py --mode {mode} --seed {seed}")
    took = time.monotonic() - began
    counted = f"{len(seeds)} seeds, {bad} violations, {objections} objections"
    print(f"{mode}: {counted}, {took:.0f} s on {os.cpu_count()} cores", flush=True)
    return bad


def chosen(arguments: argparse.Namespace) -> Iterator[tuple[str, range]]:
    """Which seeds of which modes."""
    if arguments.seed is not None:
        yield arguments.mode or "safety", range(arguments.seed, arguments.seed + 1)
        return
    for mode, count in (LONG if arguments.long else CI).items():
        if arguments.mode in (None, mode):
            yield mode, range(arguments.first, arguments.first + (arguments.count or count))


def main() -> int:
    """Parse, run, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help="the long profile")
    parser.add_argument("--mode", choices=MODES, help="this mode alone")
    parser.add_argument("--seed", type=int, help="this seed alone")
    parser.add_argument("--first", type=int, default=0, help="begin with this seed")
    parser.add_argument("--count", type=int, help="so many seeds of each mode")
    return min(1, sum(run(mode, seeds) for mode, seeds in chosen(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
