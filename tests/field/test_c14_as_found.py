"""A group found uneven, for want of a zone, is even enough when it is as uneven as before."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.journal import Goal
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.words import NO_CAPACITY
from async_rollout.sandbox.world import World
from support.launch_texts import texts_of
from support.simulation import Run, simulate

UNKNOWN = "words that nobody has seen yet"


def lopsided(world: World, words: str, others: int, lasts: float = 1e9) -> None:
    """The first zone empty, two in each other: nothing was launched there, and nothing is as long as that lasts."""
    group = a_group(world, size=2 * others, maximum=2 * others + 2, zones=others)
    first = f"{world.region}f"
    world.put_group(replace(group, zones=(first, *group.zones), subnets=("subnet-0", *group.subnets)))
    for source in world.state.sources.values():
        world.put_source(replace(source, zones=(first, *source.zones)))
    troubles = world.troubles["web"]
    troubles.zone_words = {first: words}
    world.after(lasts, troubles.zone_words.clear)


ANY = [*texts_of("zone", "capacity"), UNKNOWN]


def spread(run: Run) -> list[int]:
    count = Counter(one.zone for one in run.world.members("web"))
    return [count[zone] for zone in run.found.zones]


def launches(run: Run) -> int:
    return sum(one.what is What.LAUNCH and one.instance not in run.found_ids for one in run.world.record)


@pytest.mark.parametrize("words", ANY)
def test_c14_as_uneven_as_found_is_even(words: str) -> None:
    run = simulate(partial(lopsided, words=words, others=1))
    assert run.result.verdict.outcome is Outcome.DONE
    assert run.left == run.found and not run.members & run.found_ids
    assert launches(run) == 2 and spread(run) == [0, 2]


@pytest.mark.parametrize("words", ANY)
def test_c14_what_the_run_made_more_uneven_is_evened_and_no_more(words: str) -> None:
    """AWS launches before the old one is gone: 0/2/2 may come to 0/3/1, and one launch mends that."""
    run = simulate(partial(lopsided, words=words, others=2))
    assert run.result.verdict.outcome is Outcome.DONE
    assert run.left == run.found and not run.members & run.found_ids
    assert launches(run) <= 5 and spread(run) == [0, 2, 2]


@pytest.mark.parametrize("kill", [4, 9, 14, 18, 21])
def test_c14_how_it_was_found_is_known_after_a_kill(kill: int) -> None:
    goals = (Goal.REPLACE, Goal.REPLACE)
    run = simulate(partial(lopsided, words=UNKNOWN, others=1), goals=goals, kill_after=kill)
    assert run.result.verdict.outcome is Outcome.DONE
    assert run.left == run.found and not run.members & run.found_ids
    assert spread(run) == [0, 2] and launches(run) == 2


def test_c14_a_zone_that_is_there_again_gets_its_share() -> None:
    """Evenness is what AWS's own rebalancing would make; as found is only the least of it."""
    run = simulate(partial(lopsided, words=NO_CAPACITY, others=2, lasts=10.0))
    assert run.result.verdict.outcome is Outcome.DONE
    assert sorted(spread(run)) == [1, 1, 2]
