"""Launches that can never come to be, or not beside what is there: told within seconds, with what fits."""

from __future__ import annotations

from functools import partial

import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.spec import LaunchCall, RolloutSpec
from async_rollout.render.ending import ending
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.world import World
from support.launch_texts import texts_of
from support.simulation import BY_NUMBER, Run, ours, simulate
from support.switches import pinned

TWO_ATTEMPTS = 64.0
"""From the first attempt to the second, and to the look that shows it."""


def group(world: World, *, words: str = "", quota: int | None = None, settling: float = 0.0) -> None:
    a_group(world, size=3, maximum=5)
    troubles = world.troubles["web"]
    if quota is None and not settling:
        troubles.zone_words = dict.fromkeys(world.state.groups["web"].zones, words)
    troubles.quota, troubles.quota_words = quota, words
    troubles.settling, troubles.settling_words = settling, words


def failures(run: Run) -> list[float]:
    return [one.at for one in run.world.record if one.what is What.LAUNCH_FAILED]


def lasted(run: Run) -> float:
    """From the first launch that failed to the end."""
    return run.history[-1].at - failures(run)[0]


def put_back(run: Run) -> None:
    assert run.result.verdict.code == 1, run.result.verdict
    assert run.left == run.found and run.members == run.found_ids and not ours(run.left)
    assert min(one.serving for one in run.history) == 3


@pytest.mark.parametrize("words", texts_of("permanent"))
def test_c15_what_only_the_owner_can_mend_is_told_at_the_second_time(words: str) -> None:
    run = simulate(partial(group, words=words), BY_NUMBER)
    put_back(run)
    assert len(failures(run)) == 2
    assert "put right what AWS names" in ending(run.result.verdict, "web").next


@pytest.mark.parametrize("words", texts_of("permanent"))
def test_c15_once_is_not_enough(words: str) -> None:
    """It failed in one zone, and in the next it came to be."""

    def build(world: World) -> None:
        group(world)
        world.troubles["web"].zone_words = {world.state.groups["web"].zones[0]: words}

    assert simulate(build).result.verdict.outcome is Outcome.DONE


@pytest.mark.parametrize("words", texts_of("quota"))
def test_c15_a_full_quota_ends_it_after_two_minutes_and_what_fits_is_named(words: str) -> None:
    run = simulate(partial(group, words=words, quota=3), BY_NUMBER)
    put_back(run)
    assert len(failures(run)) == 3
    assert "--max-surge 0 --max-unavailable 1" in ending(run.result.verdict, "web").next


@pytest.mark.parametrize("words", texts_of("quota"))
def test_c15_what_is_named_fits(words: str) -> None:
    run = simulate(partial(group, words=words, quota=3), RolloutSpec(max_surge=0, max_unavailable=1))
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    assert not run.members & run.found_ids


@pytest.mark.parametrize("words", texts_of("quota"))
def test_c15_a_quota_with_room_for_one_rolls_one_at_a_time(words: str) -> None:
    """Two are asked for at once and one of them fails again and again; each that goes makes room for the next."""
    run = simulate(partial(group, words=words, quota=4), RolloutSpec(max_surge=2))
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    assert not run.members & run.found_ids and run.left == run.found


@pytest.mark.parametrize("words", texts_of("settles"))
def test_c15_what_settles_by_itself_is_waited_for(words: str) -> None:
    run = simulate(partial(group, words=words, settling=100.0), BY_NUMBER)
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    assert len(failures(run)) == 2


@pytest.mark.parametrize("words", texts_of("settles"))
def test_c15_and_told_where_it_does_not_settle(words: str) -> None:
    run = simulate(partial(group, words=words), BY_NUMBER)
    put_back(run)
    assert len(failures(run)) == 4


def test_c15_words_that_nobody_has_seen_are_waited_for_until_the_limit_and_quoted() -> None:
    run = simulate(partial(group, words="The moon is in the wrong house."), BY_NUMBER)
    put_back(run)
    assert "The moon is in the wrong house." in run.result.verdict.why
    assert len(failures(run)) >= 10


@pytest.mark.parametrize("way", LaunchCall)
def test_what_the_group_launches_from_is_deleted(way: LaunchCall) -> None:
    """Its owner tidies up launch template versions, and the group still names one of them."""

    def build(world: World) -> None:
        pinned(world, size=3, version="1")
        world.human_deletes_version("web-template", 1)

    run = simulate(build, RolloutSpec(launch=way))
    assert (run.result.verdict.code, run.left, run.members) == (1, run.found, run.found_ids), run.result.verdict
    assert "Could not find the specified version 1 for the launch template with ID" in run.result.verdict.why
    assert run.result.verdict.next == "put right what AWS names, then run again" and run.result.seconds < 180.0
