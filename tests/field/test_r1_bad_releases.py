"""R1, R2: a release that fails some time after it got healthy. It turns back at max failures, and all is as it was."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.events import CanaryPassed, NewcomerFailed, Replaced
from async_rollout.core.journal import Goal
from async_rollout.core.spec import RolloutSpec
from async_rollout.render.ending import ending
from async_rollout.sandbox.groups import a_group
from support.releases import failures, ill, law_17, release, taken_out
from support.simulation import Run, ours, simulate


def put_back(run: Run) -> None:
    """Sizes, processes and tags as found; alarms run."""
    sizes = [(one.minimum, one.desired, one.maximum) for one in (run.left, run.found)]
    assert sizes[0] == sizes[1]
    assert run.left.suspended == run.found.suspended and not ours(run.left)


@pytest.mark.parametrize(("size", "surge"), [(6, 1), (12, "25%")], ids=["R1", "R2"])
def test_r1_it_turns_back_and_all_is_put_back(size: int, surge: int | str) -> None:
    spec = RolloutSpec(max_surge=surge, canary_wait=0.0)
    run = simulate(partial(release, size=size, fails=60.0), spec)
    verdict = run.result.verdict
    assert (verdict.outcome, verdict.code) == (Outcome.FAILED, 1), verdict
    assert "new instances failed and --max-failures is 2: i-" in verdict.why and "unhealthy" in verdict.why
    assert "new instances of that release stay; the group is as it was found" in verdict.why
    assert "a template that works" in ending(verdict, "web").next
    told = [one for one in run.events if isinstance(one, NewcomerFailed)]
    assert [(one.failed, one.most) for one in told[:2]] == [(1, 2), (2, 2)]
    assert {one.instance for one in told}.isdisjoint(run.found_ids) and "unhealthy" in told[0].why
    assert not [one for one in run.events if isinstance(one, CanaryPassed)]
    assert run.result.failed == tuple(one.instance for one in told) == getattr(run.events[-1], "failed", None)
    replaced = {one.instance for one in run.events if isinstance(one, Replaced)}
    assert replaced <= run.found_ids and len(replaced) == len(run.found_ids - run.members)
    put_back(run)
    lost = len(run.found_ids - run.members)
    assert lost <= 2 * max(1, ceil(size / 4)), "no more than two batches"
    assert list(law_17(run, most=2)) == []
    assert min(one.serving + one.ailing for one in run.history) >= size - lost


def test_r1_where_one_failure_is_enough_the_first_one_turns_it_back() -> None:
    run = simulate(partial(release, size=6, fails=60.0), RolloutSpec(max_failures=1))
    assert run.result.verdict.code == 1 and "1 new instance failed and --max-failures is 1" in run.result.verdict.why
    put_back(run)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One bad release."""

    size: int
    fails: float
    share: float
    sources: int
    spec: RolloutSpec


def drawn(seed: int) -> Drawn:
    """fails: 0 to 600 s after it was healthy; sizes 1 to 50; surge 0 to 100 %; watched, or as the defaults have it."""
    rng = random.Random(f"release {seed}")
    surge = rng.choice([0, 1, 1, 2, "10%", "25%", "50%", "100%"])
    gap = 1 if surge == 0 else rng.choice([0, 0, 1, "25%"])
    most = rng.choice([None, None, 1, 3, "20%"])
    return Drawn(
        size=rng.choice([1, 2, 3, 4, 6, 8, 12, 20, 30, 50]),
        fails=rng.choice([0.0, rng.uniform(0, 60), rng.uniform(0, 600)]),
        share=rng.choice([1.0, 1.0, 0.5, 0.2]),
        sources=rng.choice([1, 1, 1, 0]),
        spec=RolloutSpec(
            max_surge=surge, max_unavailable=gap, max_failures=most, canary_wait=rng.choice([0.0, 0.0, 120.0])
        ),
    )


def wrong(run: Run, case: Drawn) -> list[str]:
    """Law 17 by the world, and whatever else is broken."""
    found, verdict = [], run.result.verdict
    if verdict.code not in (0, 1):
        found.append(f"exit {verdict.code}: {verdict.why}")
    if "fault of async-rollout" in verdict.why:
        found.append(verdict.why)
    if ours(run.left) or run.left.suspended != run.found.suspended:
        found.append("not put back")
    if case.sources == 0 and failures(run):
        return found  # nobody tells there that an application has failed
    return [*found, *law_17(run, _most(case))]


def _most(case: Drawn) -> int:
    """What --max-failures comes to, by hand."""
    match case.spec.max_failures:
        case None:
            return max(2, ceil(case.size / 10))
        case "20%":
            return max(1, ceil(case.size / 5))
        case number:
            return int(str(number))


def batches(short: int, long: int, each: int = 10) -> list[Any]:
    """Seeds in batches: the first one always, as many as `short` with the deep tests, as `long` with the long ones."""
    marks = [() if at == 0 else pytest.mark.deep if at < short else pytest.mark.long for at in range(0, long, each)]
    return [pytest.param(range(at, at + each), marks=marks[at // each], id=f"{at}") for at in range(0, long, each)]


@pytest.mark.parametrize("seeds", batches(60, 1000))
def test_law_17_in_drawn_bad_releases(seeds: range) -> None:
    for seed in seeds:
        case = drawn(seed)
        build = partial(release, size=case.size, fails=case.fails, share=case.share, sources=case.sources)
        run = simulate(build, case.spec, seed=seed)
        assert wrong(run, case) == [], (seed, case, run.result.verdict)


@pytest.mark.parametrize("seeds", batches(20, 300))
def test_at_defaults_one_that_fails_while_it_is_watched_costs_no_old_one(seeds: range) -> None:
    """The canary is watched for 120 s; some 60 s pass until load balancers, and looks after them, have told."""
    for seed in seeds:
        rng = random.Random(f"defaults {seed}")
        build = partial(release, size=rng.randint(1, 10), fails=rng.uniform(0.0, 60.0))
        run = simulate(build, seed=seed)
        assert run.result.verdict.code == 1, (seed, run.result.verdict)
        assert run.found_ids <= run.members, seed
        assert run.result.seconds < 1100.0, "who failed makes room for the second try at once, or within its limit"
        put_back(run)


@pytest.mark.parametrize("at", [20.0, 75.0, 100.0, 140.0, 200.0])
@pytest.mark.parametrize("seconds", [60.0, 120.0, 300.0])
def test_a_world_that_is_ill_as_a_whole_is_waited_for(at: float, seconds: float) -> None:
    """A database is down: old ones and new ones fail together, and nobody is to blame for it but the database."""
    run = simulate(partial(a_group, size=4, maximum=8, delay=20.0), others=ill(at, seconds))
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    put_back(run)
    since = run.world.record[0].at + at
    assert not [one for one in taken_out(run) if since + 60.0 < one < since + seconds]


def test_when_the_last_old_one_has_gone_the_new_ones_are_compared_among_themselves() -> None:
    """All three are new, and of different ages: that they get ill in one moment is not the release's doing."""
    run = simulate(partial(a_group, size=3, maximum=6, delay=20.0), others=ill(313.0, 158.0))
    gone = [one for one in taken_out(run) if one < run.world.record[0].at + 313.0]
    assert len(gone) == 3 and run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    assert not failures(run)
    put_back(run)


@pytest.mark.parametrize("seeds", batches(20, 500))
def test_worlds_that_are_ill_as_a_whole_for_minutes_end_nothing(seeds: range) -> None:
    """Who is the only one there is, and may not fail once, has nobody to be compared with: nothing else can be told."""
    for seed in seeds:
        rng = random.Random(f"ill {seed}")
        at, seconds, size = rng.uniform(5.0, 500.0), rng.uniform(60.0, 600.0), rng.choice([1, 2, 3, 6, 10, 20])
        spec = RolloutSpec(max_surge=rng.choice([1, 2, "25%"]), max_failures=rng.choice([None, 1, 3]))
        run = simulate(partial(a_group, size=size, maximum=2 * size, delay=20.0), spec, others=ill(at, seconds))
        since = run.world.record[0].at + at
        alone = size == spec.max_failures == 1 and not [one for one in taken_out(run) if one > since + 60.0]
        assert run.result.verdict.outcome is Outcome.DONE or alone, (seed, run.result.verdict)
        put_back(run)
        assert not [one for one in taken_out(run) if since + 60.0 < one < since + seconds], seed


def test_killed_again_and_again_what_failed_stays_counted() -> None:
    """A supervisor that restarts it must not begin at none each time."""
    spec, goals = RolloutSpec(max_failures=3), (Goal.REPLACE,) * 2
    run = simulate(partial(release, size=6, fails=60.0), spec, goals=goals, kill_after=28)
    assert run.result.verdict.code == 1, run.result.verdict
    put_back(run)
    assert len(failures(run)) <= 6
    told = [one.instance for one in run.events if isinstance(one, NewcomerFailed)]
    assert 0 < len(run.result.failed) < len(told) and told[-len(run.result.failed) :] == [*run.result.failed]
