"""R1, R2 with a canary: a release that fails while its first instance is watched costs not one old instance."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial

import pytest

from async_rollout.core.actions import Outcome, Wait
from async_rollout.core.events import CanaryPassed, Waiting
from async_rollout.core.gates import Answer, Closed, Open, Shut, asked
from async_rollout.core.journal import Cause, Goal, Journal
from async_rollout.core.plan import plan_of
from async_rollout.core.situation import Situation
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.preview import EVERYTHING
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.depth import deeper
from support.drafts import draft_of
from support.releases import release, taken_out
from support.simulation import Run, ours, simulate

WATCHED = RolloutSpec(canary_wait=120.0, max_surge=3)


def times(run: Run, what: What) -> list[float]:
    return [one.at for one in run.world.record if one.what is what and one.instance not in run.found_ids]


def healthy(run: Run) -> float:
    """When the first new one was healthy everywhere, as its load balancers say."""
    return min(times(run, What.HEALTHY))


@pytest.mark.parametrize("fails", [10.0, 60.0, 100.0])
@pytest.mark.parametrize("size", [1, 6, 12])
def test_not_one_old_instance_goes_for_a_release_that_fails_under_watch(size: int, fails: float) -> None:
    run = simulate(partial(release, size=size, fails=fails), replace(WATCHED, max_failures=1))
    assert (run.result.verdict.outcome, run.result.verdict.code) == (Outcome.FAILED, 1), run.result.verdict
    assert taken_out(run) == [] and run.members == run.found_ids and not ours(run.left)
    assert len(times(run, What.LAUNCH_INSTANCES)) == 1


@pytest.mark.parametrize(
    ("surge", "gap"), [(1, 0), (3, 0), ("100%", 0), (0, 1), (0, 3), (2, 2)], ids=lambda amount: str(amount)
)
def test_one_at_a_time_until_the_first_has_stayed_well_and_then_as_ever(surge: int | str, gap: int) -> None:
    spec = RolloutSpec(canary_wait=120.0, max_surge=surge, max_unavailable=gap)
    run = simulate(partial(a_group, size=6, maximum=14, delay=20.0), spec)
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    passed, launches, outs = healthy(run) + 120.0, times(run, What.LAUNCH), taken_out(run)
    assert sum(at < passed for at in launches) == 1
    assert sum(at < passed for at in outs) == (0 if surge else 1)
    told = [wait for event in run.events if isinstance(event, Waiting) for wait in event.waits]
    said = [wait.option for wait in told if "as the first new one it has to stay so for 120 s" in wait.why]
    assert set(said) == {"--canary-wait"}
    quick = simulate(partial(a_group, size=6, maximum=14, delay=20.0), replace(spec, canary_wait=0.0))
    assert run.result.seconds < quick.result.seconds + 120.0 + 110.0


def test_a_killed_run_that_had_passed_does_not_wait_again_and_one_that_had_not_does() -> None:
    build = partial(a_group, size=4, maximum=8, delay=20.0)
    seconds = {}
    for kill in (9, 24):
        run = simulate(build, WATCHED, goals=(Goal.REPLACE,) * 2, kill_after=kill)
        assert run.result.verdict.code == 0, run.result.verdict
        seconds[kill] = run.result.seconds
    assert seconds[9] > seconds[24] + 60.0, seconds


def test_the_plan_says_it_and_counts_it() -> None:
    async def planned() -> list[tuple[float, bool]]:
        found = []
        for spec in (RolloutSpec(canary_wait=0.0), RolloutSpec()):
            world = World(0, loop_clock())
            a_group(world, size=3, delay=20.0)
            plan = plan_of(spec, await PortCloud(world).look("web", EVERYTHING, 0.0))
            said = any("first new instance has to stay well for 120 s" in note for note in plan.notes)
            found.append((plan.expected_seconds, said))
        return found

    (without, unsaid), (watched, said) = run_virtual(planned)
    assert (unsaid, said) == (False, True)
    assert 100.0 < watched - without < 140.0


@pytest.mark.parametrize("seeds", deeper((range(begin, begin + 10) for begin in range(0, 40, 10)), always=1, id=str))
def test_of_drawn_releases_that_fail_under_watch_none_costs_an_old_instance(seeds: range) -> None:
    for seed in seeds:
        rng = random.Random(f"watched {seed}")
        size, wait = rng.choice([1, 2, 3, 6, 10, 20]), rng.uniform(30.0, 600.0)
        spec = RolloutSpec(
            max_surge=rng.choice([1, 2, "25%", "100%"]), max_failures=rng.choice([None, 1, 3]), canary_wait=wait
        )
        run = simulate(partial(release, size=size, fails=rng.uniform(0.0, max(1.0, wait - 60.0))), spec, seed=seed)
        assert run.result.verdict.code == 1, (seed, run.result.verdict)
        assert taken_out(run) == [], seed
        assert run.found_ids <= run.members and not ours(run.left), seed


class Made:
    """A gate that says what it is told to."""

    def __init__(self, answer: Answer) -> None:
        self.answer, self.times = answer, 0

    def needs(self, spec: RolloutSpec, record: Journal) -> bool:
        return True

    def ask(self, situation: Situation) -> Answer:
        self.times += 1
        return self.answer

    def passed(self, record: Journal) -> Journal:
        return record


CLOSED = Closed(Wait(on="a made-up gate", why="it is not time yet", since=0.0))


def test_the_first_that_is_not_open_answers_and_of_those_open_the_narrowest(monkeypatch: pytest.MonkeyPatch) -> None:
    for answers, said in (
        ([Open(), Open(most=2), Open(most=1), Open()], Open(most=1)),
        ([Open(most=3), CLOSED, Shut(Cause(code=1, text="x"))], CLOSED),
        ([], Open()),
    ):
        monkeypatch.setattr("async_rollout.core.gates.GATES", tuple(map(Made, answers)))
        assert asked(draft_of("SSS"))[0] == said


@pytest.mark.parametrize(
    ("answer", "code", "why"),
    [(Shut(Cause(code=1, text="the alarm is on")), 1, "the alarm is on"), (CLOSED, 1, "nothing came forward")],
)
def test_a_gate_that_is_shut_turns_it_back_and_one_that_stays_closed_holds_it(
    answer: Answer, code: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("async_rollout.core.gates.GATES", (Made(answer),))
    run = simulate(partial(a_group, size=2, maximum=4, delay=20.0))
    assert run.result.verdict.code == code and why in run.result.verdict.why
    assert taken_out(run) == [] and times(run, What.LAUNCH) == [] and not ours(run.left)


def test_that_it_passed_is_told_once() -> None:
    run = simulate(partial(a_group, size=3, maximum=6, delay=20.0), WATCHED)
    (told,) = [one for one in run.events if isinstance(one, CanaryPassed)]
    assert told.instance not in run.found_ids and told.at >= healthy(run) + 120.0
    run = simulate(partial(a_group, size=3, maximum=6, delay=20.0), replace(WATCHED, canary_wait=0.0))
    assert not [one for one in run.events if isinstance(one, CanaryPassed)]
