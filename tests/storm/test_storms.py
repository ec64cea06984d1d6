"""Storms: what CI runs by the thousand (`tests/storm/run.py`), here a few of each, and that they can be repeated."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.depth import deeper
from support.storms.blame import broken
from support.storms.setting import setting
from support.storms.storm import storm

HERE = Path(__file__).parent


# 1986: our surplus stands in a zone that is shifted away; 4882: it is told before draining, and then it does; 9212: our
# tags are off, and another has begun since; 1037: one that EC2 has ended goes whatever its command says
@pytest.mark.parametrize("seed", deeper([*range(6), 1037, 1986, 4882, 9212], always=6))
def test_no_law_is_broken_while_faults_never_stop(seed: int) -> None:
    assert broken(storm(seed)) == []


# 52: all load balancers gone, and the old one marked by others; 307: who was told is itself what is more than the base;
# 449: our surplus stands in a zone that is shifted away; 109: EC2 has ended it, and no load balancer knows yet
@pytest.mark.parametrize("seed", deeper([*range(5), 52, 109, 307, 449], always=5))
def test_when_faults_stop_it_ends_within_its_limits(seed: int) -> None:
    assert broken(storm(seed, liveness=True)) == []


# 173: answers without the group, one after the other; 462: one that was thought gone, where desired does not rise
# 3745: blind since processes were suspended; 4319: a drain goes on while the tags are gone; 3784, 4338: two launches
# are open, and only one of them comes
# 8178, 9667: answers of before our record, again and again, are nobody's doing; 9427: AWS had not taken the call of one
# source, and an answer lacked just that one
# 6745: one that is new and outdated proves nothing; 5536: nobody in Standby goes in a zonal shift
# 5377: a raise that was never sent beside a launch that was; 5445: a page without a row, of launches that do not count
# 1517: asked again beside a terminate that keeps its place; 1800: somebody's raise looked like a launch of ours
@pytest.mark.parametrize(
    "seed",
    deeper(
        [*range(5), 173, 462, 1517, 1800, 3745, 3784, 4319, 4338, 5377, 5445, 5536, 6745, 8178, 9427, 9667],
        always=5,
    ),
)
def test_no_law_is_broken_where_launches_are_answered(seed: int) -> None:
    assert broken(storm(seed, launches=True)) == []


@pytest.mark.parametrize("seed", range(4))
def test_no_law_is_broken_where_releases_fail(seed: int) -> None:
    assert broken(storm(seed, launches=True, releases=True)) == []


@pytest.mark.parametrize("seed", range(4))
def test_no_law_is_broken_where_a_run_sets_its_release(seed: int) -> None:
    assert broken(storm(seed, launches=True, further=setting)) == []


@pytest.mark.parametrize("seed", range(4))
def test_who_sets_a_release_ends_within_its_limits(seed: int) -> None:
    assert broken(storm(seed, launches=True, liveness=True, further=setting)) == []


@pytest.mark.parametrize("seed", [3, 7])
def test_no_law_is_broken_through_the_aws_layer(seed: int) -> None:
    assert broken(storm(seed, wire=True)) == []


@pytest.mark.parametrize("seed", deeper(range(10), always=2))
def test_the_same_seed_is_the_same_storm(seed: int) -> None:
    assert storm(seed).digest() == storm(seed).digest()


def test_the_order_of_hashes_changes_nothing() -> None:
    script = "from support.storms.storm import storm; "
    script += "print([storm(seed).digest() for seed in range(6)], storm(1, wire=True).digest())"
    paths = os.pathsep.join(str(HERE.parents[1] / folder) for folder in (".", "tests"))
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": paths}
    said = {
        subprocess.run(
            [sys.executable, "-c", script], env={**env, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_the_runner_tells_how_many_were_broken() -> None:
    done = subprocess.run(
        [sys.executable, HERE / "run.py", "--mode", "liveness", "--seed", "4"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.split(",")[:2]) == (0, ["liveness: 1 seeds", " 0 violations"]), done
