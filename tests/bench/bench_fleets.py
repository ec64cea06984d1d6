"""How near rollouts come to the physical limit, what they cost in calls, and how long others take for the same draws.

    python tests/bench/bench_fleets.py                       30 seeds, and 100 groups at once: some ten minutes
    python tests/bench/bench_fleets.py --seeds 5 --groups 0  the quick part, a minute

Virtual clock, the sandbox with AWS's published request buckets, 80 to 250 ms a call (`fleet_runs`). Groups of ten,
healthy 150 s after a launch was asked for (within 10 %), drained in 60 s, one Classic Load Balancer, two target groups.

wall / path    from the first raise of desired until the last old one is gone, over the best legal schedule for the very
               same draws (`oracle.ideal`); the proof that the rules ask for is counted, `bare` is without it
original       a loop of that timing, and AWS's instance refresh at its best, on the same draws (`rivals`)
controls       with looks that cost no time the ratio is 1; with a look a minute it is what the formula says: half a
               minute lost to each newcomer and each drain that somebody waits for
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from async_rollout import RolloutSpec  # noqa: E402 - the path comes first
from fleet_runs import DRAIN, FALL, PHYSICS, Fleet, Rolled, interval, rolled  # noqa: E402
from rivals import instance_refresh, original  # noqa: E402

SWIFT = (0.0001, 0.0002)
LINE = "{:66} {:>15} {:>9} {:>12}"


def p95(values: Sequence[float]) -> float:
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)]


def one_group(seeds: int) -> Iterator[tuple[str, str, str, str]]:
    """The rows of one group, over many seeds."""
    runs = [rolled(seed=seed).groups[0] for seed in range(seeds)]
    ratios = [one.ratio(1, 1) for one in runs]
    bare = [one.ratio(1, 1, 0.0) for one in runs]
    yield "1  wall / path, one group: p50, p95", _two(ratios), "1.048", "1.02, 1.035"
    yield "   the same, bare", _two(bare), "", ""
    yield "2  wall / the original's", f"{statistics.median(one.wall / _original(one) for one in runs):.3f}", "1", "0.73"
    refresh = [statistics.median(one.wall / _refresh(one, grace) for one in runs) for grace in (0.0, 300.0)]
    both = f"{refresh[0]:.3f}, {refresh[1]:.3f}"
    yield "3  wall / instance refresh, no warm-up; 300 s grace", both, "1", "1.03, 0.42"
    large = rolled(size=100, spec=RolloutSpec(max_surge="10%")).groups[0]
    ours = f"{large.wall / _original(large):.3f}"
    yield "2  size 100, surge and draining 10 %, wall / the original's", ours, "1", "0.08"
    yield "   the same, wall / path", f"{large.ratio(10, 10):.3f}", "", ""
    yield "   control: a look each 0.1 s, calls that cost nothing", f"{_control(0.1):.3f}", "", "1.00"
    yield "   control: a look each 60 s (1.2 to 1.5 by the formula)", f"{_control(60.0):.3f}", "", ""


def fleet(groups: int) -> Iterator[tuple[str, str, str, str]]:
    """The rows of many groups at once, on all of AWS's buckets and on half while others use the other half."""
    whole, half = rolled(groups=groups, share=1.0), rolled(groups=groups, share=0.5, others=0.5)
    yield f"4  {groups} groups, --api-share 1, wall / path: p50, p95", _two(_ratios(whole)), "1.235", "1.04, 1.06"
    yield "   on half of them: p50, p95", _two(_ratios(half)), "1.372", "1.06"
    health = "elbv2:DescribeTargetHealth"
    yield "5  target health calls a replaced instance: whole, half", _calls(whole, half, health), "88", "15, then 8"
    yield "5b Auto Scaling calls a replaced instance: whole, half", _calls(whole, half, "autoscaling:"), "13", "8"
    yield "6  throttled answers: whole, half", f"{whole.throttled}, {half.throttled}", "", "0 on half"
    first = min(one.recorded for one in whole.groups), min(one.changed for one in whole.groups)
    yield "   first record, first change after, s", f"{first[0]:.1f}, {first[1]:.1f}", "36", "3, 20"


def _ratios(fleet: Fleet) -> list[float]:
    return [one.ratio(1, 1) for one in fleet.groups]


def _calls(whole: Fleet, half: Fleet, name: str) -> str:
    return f"{whole.each(name):.1f}, {half.each(name):.1f}"


def _two(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3f}, {p95(values):.3f}"


def _original(one: Rolled) -> float:
    return original(one.rises, one.up, DRAIN) + PHYSICS.terminate


def _refresh(one: Rolled, grace: float) -> float:
    return instance_refresh(one.rises, one.up, FALL, grace=grace)


def _control(seconds: float) -> float:
    return rolled(spec=interval(seconds), latency=SWIFT).groups[0].ratio(1, 1, 0.0)


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30, help="of the rows of one group")
    parser.add_argument("--groups", type=int, default=100, help="of the rows of many; 0 leaves them out")
    asked = parser.parse_args()
    began = time.process_time()
    sys.stdout.write(LINE.format("", "measured", "anchor", "goal") + "\n")
    for row in (*one_group(asked.seeds), *(fleet(asked.groups) if asked.groups else ())):
        sys.stdout.write(LINE.format(*row) + "\n")
        sys.stdout.flush()
    sys.stdout.write(f"{time.process_time() - began:.0f} s of CPU\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
