"""How near rollouts come to the physical limit, what they cost in calls, and how long others take for the same draws.

Virtual clock, the sandbox with AWS's published request buckets, 80 to 250 ms a call (`fleet_runs`). Groups of ten,
healthy 150 s after a launch was asked for, drained in 60 s (both within 10 %), one Classic Load Balancer, two target
groups.

wall / path    from the first raise of desired until the last old one is gone, over the best legal schedule for the very
               same draws (`oracle.ideal`); the proof that the rules ask for is counted, `bare` is without it
original       a loop of that timing, and AWS's instance refresh at its best, on the same draws (`rivals`)
controls       with looks that cost no time the ratio is 1; with a look a minute it is what `polled` works out by hand
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

from async_rollout import LaunchCall, RolloutSpec
from async_rollout.core.policy import GONE
from support.bench.fleet_runs import PHYSICS, Fleet, Rolled, RolloutsFailedError, interval, rolled
from support.bench.rivals import instance_refresh, original
from support.bench.small import small
from support.bench.table import Row, p50_p95

SWIFT = (0.0001, 0.0002)
HEALTH = "elbv2:DescribeTargetHealth"


def one_group(seeds: int) -> Iterator[Row]:
    """The rows of one group, over many seeds."""
    runs = [rolled(seed=seed).groups[0] for seed in range(seeds)]
    ratios = p50_p95(one.ratio(1, 1) for one in runs)
    what = f"wall / path, one group, {seeds} seeds: p50, p95"
    yield Row(number="1", what=what, measured=ratios, goal=(1.02, 1.035), anchor="1.048", limit="1.00")
    yield Row(what="the same, bare", measured=p50_p95(one.ratio(1, 1, 0.0) for one in runs))
    theirs = statistics.median(one.wall / _original(one) for one in runs)
    yield Row(number="2", what="wall / the original's", measured=(theirs,), goal=(0.73,), anchor="1", limit="0.71")
    watched = statistics.median(one.wall / _original(one) for one in _watched(seeds))
    yield Row(what="the same with the first one watched for 120 s", measured=(watched,), anchor="1")
    refresh = tuple(statistics.median(one.wall / _refresh(one, grace) for one in runs) for grace in (0.0, 300.0))
    what = "wall / instance refresh, no warm-up; 300 s grace"
    yield Row(number="3", what=what, measured=refresh, goal=(1.03, 0.42), anchor="1", limit="1, 0.40")
    yield from _large()
    yield from _small()
    swift = rolled(spec=interval(0.1), latency=SWIFT).groups[0]
    yield Row(what="control: a look each 0.1 s, wall / path", measured=(swift.ratio(1, 1, 0.0),), limit="1.00")
    slow = rolled(spec=interval(60.0), latency=SWIFT).groups[0]
    yield Row(
        what="control: a look each 60 s, wall / the formula", measured=(slow.wall / polled(slow, 60.0),), limit="1.00"
    )


def _watched(seeds: int) -> Iterator[Rolled]:
    return (rolled(seed=seed, spec=RolloutSpec()).groups[0] for seed in range(seeds))


def _large() -> Iterator[Row]:
    one = rolled(size=100, spec=RolloutSpec(max_surge="10%", canary_wait=0.0)).groups[0]
    what, theirs = "size 100, surge and draining 10 %, wall / the original's", one.wall / _original(one)
    yield Row(number="2", what=what, measured=(theirs,), goal=(0.08,), anchor="1", limit="0.073")
    yield Row(what="the same, wall / path", measured=(one.ratio(10, 10),))
    watched = rolled(size=100, spec=RolloutSpec(max_surge="10%")).groups[0]
    what = "the same with the first one watched for 120 s, wall / without"
    yield Row(what=what, measured=(watched.wall / one.wall,), goal=(1.15,), limit="1.16")


def _small() -> Iterator[Row]:
    """Three instances in three zones, as the demo has them, with each way of launching."""
    answered, desired = ([small(seed, way) for seed in range(5)] for way in (LaunchCall.AUTO, LaunchCall.DESIRED))
    what, ratio = (
        "three instances, launches answered: run / the original's",
        statistics.median(one.ratio for one in answered),
    )
    yield Row(number="2b", what=what, measured=(ratio,), goal=(0.90,), anchor="1")
    yield Row(what="the same by desired capacity", measured=(statistics.median(one.ratio for one in desired),))
    watched = statistics.median(small(seed, LaunchCall.AUTO, canary_wait=120.0).ratio for seed in range(5))
    yield Row(what="three, answered, with the first one watched for 120 s", measured=(watched,), anchor="1")
    launched = float(max(one.launched for one in answered)), float(max(one.launched for one in desired))
    yield Row(what="instances launched for three: answered, desired", measured=launched, goal=(3, 4), form=".0f")
    changed = (max(one.changed for one in answered),)
    yield Row(what="first change of its capacity after, s", measured=changed, goal=(6,), form=".1f")
    calls = statistics.median(one.calls.total() for one in answered)
    yield Row(what="calls of all kinds a replaced instance", measured=(calls,), goal=(40,), anchor="73", form=".0f")


def fleet(groups: int) -> Iterator[Row]:
    """The rows of many groups at once, on all of AWS's buckets and on half while others use the other half."""
    whole = rolled(groups=groups, share=1.0)
    what = f"{groups} groups at once, --api-share 1, wall / path: p50, p95"
    measured, limit = p50_p95(one.ratio(1, 1) for one in whole.groups), "~1.02"
    yield Row(number="4", what=what, measured=measured, goal=(1.04, 1.06), anchor="1.235", limit=limit)
    half = rolled(groups=groups, share=0.5, others=0.5)
    measured = p50_p95(one.ratio(1, 1) for one in half.groups)
    yield Row(number="4", what="on half of them: p50, p95", measured=measured, goal=(1.06,), anchor="1.372")
    yield from _calls(whole, half)
    first = min(one.recorded for one in whole.groups), min(one.changed for one in whole.groups)
    yield Row(what="first record, first change after, s", measured=first, goal=(3, 6), anchor="36", form=".1f")


def _calls(whole: Fleet, half: Fleet) -> Iterator[Row]:
    health = whole.each(HEALTH), half.each(HEALTH)
    what = "target health calls a replaced instance: whole, half"
    yield Row(number="5", what=what, measured=health, goal=(8, 8), anchor="88", limit="3", form=".1f")
    scaling = whole.each("autoscaling:"), half.each("autoscaling:")
    what = "Auto Scaling calls a replaced instance: whole, half"
    yield Row(number="5b", what=what, measured=scaling, goal=(8, 8), anchor="13", limit="3", form=".1f")
    what, refused = "throttled answers while others use half", (float(half.throttled),)
    yield Row(number="6", what=what, measured=refused, goal=(0,), limit="0", form=".0f")


def fits(*counts: int) -> Iterator[Row]:
    """What fits into one account and region: so many groups at once, on all of the buckets and on half."""
    for groups in counts:
        for share, which in ((1.0, "whole"), (0.5, "half")):
            what = f"{groups} groups, wall / path p50; all / what buckets allow: {which}"
            try:
                found = rolled(groups=groups, share=share, others=1 - share)
            except RolloutsFailedError as failed:
                yield Row(what=f"{what}: FAILED, {failed}", measured=(math.inf,), goal=(1.0,))
            else:
                yield Row(
                    what=what, measured=(statistics.median(one.ratio(1, 1) for one in found.groups), _over(found))
                )


def _over(found: Fleet) -> float:
    return found.wall / found.shortest


def _original(one: Rolled) -> float:
    return original(one.rises, one.up, one.drain) + PHYSICS.terminate


def _refresh(one: Rolled, grace: float) -> float:
    return instance_refresh(one.rises, one.up, one.fall, grace=grace)


def polled(one: Rolled, pause: float) -> float:
    """What a look each `pause` seconds makes of these draws, one booting and one draining at a time.

    Each end is seen at the next look after it, and who is terminated is believed gone after so many looks without it.
    """
    first, *others = (pause * math.ceil(rise / pause) for rise in one.rises)
    drained = pause * math.ceil(one.drain / pause)
    return first + sum(max(rise, drained + pause * GONE.looks) for rise in others) + drained + PHYSICS.terminate
