"""The benchmark runs, and its oracle is right where the answer can be worked out by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from async_rollout import LaunchCall
from support.bench import bad_ones, bench_rollouts, rows_rollouts
from support.bench.bad_ones import Release, cost
from support.bench.bench_rollouts import measure
from support.bench.fleet_runs import Fleet, RolloutsFailedError, beginning, interval, rolled
from support.bench.oracle import ideal
from support.bench.rivals import instance_refresh, original
from support.bench.rows_rollouts import SWIFT, polled
from support.bench.small import small
from support.bench.table import Row, median_ratio, p50_p95

SCRIPT = Path(bench_rollouts.__file__)


def test_strictly_one_after_the_other_each_waits_for_the_one_before() -> None:
    """Surge 1, no draining beside it: N * (rise + fall)."""
    assert ideal([70.0, 80.0, 60.0], 40.0, surge=1, draining=0) == 70 + 40 + 80 + 40 + 60 + 40


@pytest.mark.parametrize(
    ("rise", "fall", "seconds"),
    [
        (70.0, 40.0, 3 * 70 + 40),  # boots follow each other, falls beside them, the last fall alone
        (40.0, 70.0, 40 + 3 * 70),  # falls follow each other, the first boot alone
    ],
)
def test_one_draining_beside_one_booting(rise: float, fall: float, seconds: float) -> None:
    """N * max + min."""
    assert ideal([rise] * 3, fall, surge=1, draining=1) == seconds


def test_two_at_once() -> None:
    """At 10 the first is proven, so one goes and a third is asked for; at 30 two go and the last is asked for."""
    assert ideal([10.0, 30.0, 20.0, 20.0], 5.0, surge=2, draining=2) == 10 + 20 + 20 + 5


@pytest.mark.parametrize("seed", range(3))
def test_what_a_bad_release_costs_is_the_same_each_time_and_ours_costs_least(seed: int) -> None:
    bad = Release(seed=seed, size=4, fails=30.0, share=1.0)
    costs = {name: cost(bad, roller) for name, roller in bad_ones.WAYS.items()}
    assert costs == {name: cost(bad, roller) for name, roller in bad_ones.WAYS.items()}
    ours, *others = costs.values()
    assert (ours.lost, ours.ended, ours.least) == (0, True, 1.0)
    assert all(one.lost > 0 or not one.ended for one in others)


def test_nobody_is_faster_than_the_ideal() -> None:
    rolled = measure(2, ("1", "1"))
    assert 1.0 <= rolled.wall / rolled.ideal < 1.25
    assert rolled.bare < rolled.ideal
    assert rolled.wall < rolled.run
    assert rolled.calls["autoscaling:TerminateInstanceInAutoScalingGroup"] >= 2


def test_the_documented_command_prints_its_table() -> None:
    ended = subprocess.run([sys.executable, str(SCRIPT), "1"], capture_output=True, text=True, check=True)
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("size surge draining")
    assert [line.split()[:3] for line in lines[1:]] == [["1", "1", "0"], ["1", "1", "1"], ["1", "25%", "25%"]]


def test_one_group_is_near_the_limit_and_frugal() -> None:
    one = rolled()
    assert one.groups[0].ratio(1, 1) <= 1.03
    assert one.each("elbv2:DescribeTargetHealth") <= 15
    assert one.throttled == 0
    assert one.groups[0].recorded <= 3.0 and one.groups[0].changed <= 6.0


def test_three_instances_in_three_zones_take_three_launches_and_no_wait() -> None:
    answered, desired = small(0, LaunchCall.AUTO), small(0, LaunchCall.DESIRED)
    assert (answered.launched, desired.launched) == (3, 4)  # the fourth is to even out the zones
    assert answered.ratio <= 0.9 < desired.ratio
    assert answered.changed <= 6.0
    assert answered.calls["autoscaling:LaunchInstances"] == 1


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_the_first_of_a_hundred_groups_waits_for_no_other(share: float) -> None:
    recorded, changed = beginning(100, share=share)
    assert (recorded <= 3.0, changed <= 6.0) == (True, True), (recorded, changed)


def test_with_a_look_a_minute_it_takes_what_the_formula_says() -> None:
    slow = rolled(spec=interval(60.0), latency=SWIFT).groups[0]
    assert slow.wall == pytest.approx(polled(slow, 60.0), rel=0.002)


def test_with_looks_that_cost_nothing_nothing_is_lost() -> None:
    assert rolled(size=3, spec=interval(0.1), latency=SWIFT).groups[0].ratio(1, 1, 0.0) <= 1.01


def test_a_row_says_whether_its_goal_is_met() -> None:
    met = Row(number="4", what="ratio", measured=(1.03, 1.05), goal=(1.04, 1.06), anchor="1.235", limit="1.02")
    assert str(met).split() == ["4", "ratio", "1.030,", "1.050", "1.04,", "1.06", "1.235", "1.02", "met"]
    assert (met.missed, Row(what="x", measured=(2.0, 1.0), goal=(1.0, 1.0)).missed) == (False, True)
    assert "MISSED" in str(Row(what="x", measured=(1.0, 2.0), goal=(1.0, 1.0)))
    assert not Row(what="a figure without a goal", measured=(9.0,)).missed


def test_medians_of_pairs() -> None:
    assert median_ratio([2.0, 30.0, 4.0], [1.0, 10.0, 1.0]) == 3.0
    assert p50_p95([float(number) for number in range(1, 101)]) == (50.5, 95.0)


def test_the_rivals_by_hand() -> None:
    assert instance_refresh([100.0, 110.0], [60.0, 70.0], 50.0, grace=0.0) == 260.0
    assert instance_refresh([100.0, 110.0], [60.0, 70.0], 50.0, grace=300.0) == 780.0
    assert 100 + 60 < original([100.0], [60.0], 60.0) < 100 + 60 + 30


def test_a_fleet_that_fails_is_a_row_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    small = rolled(size=1)

    def rolled_or_not(*, groups: int, share: float, others: float) -> Fleet:
        if groups == 2:
            raise RolloutsFailedError("1 of 2 groups failed: why")
        return small

    monkeypatch.setattr(rows_rollouts, "rolled", rolled_or_not)
    told = list(rows_rollouts.fits(1, 2, 3))
    assert ["FAILED, 1 of 2 groups failed: why" in row.what for row in told] == [False, False, True, True, False, False]
    assert [row.missed for row in told] == [False, False, True, True, False, False]


def test_nothing_is_faster_than_the_buckets_allow() -> None:
    few = rolled(groups=6, size=1, share=0.05, others=0.95)
    assert 1.0 <= few.wall / few.shortest < 3.0
    assert few.shortest > few.groups[0].wall
