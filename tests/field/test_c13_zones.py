"""A zone that cannot launch: AWS boots in another, and the run goes on; what only evens out the zones fails nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from async_rollout.aws.survey import activity
from async_rollout.core.actions import Outcome
from async_rollout.core.budget import FEWEST_FAILURES
from async_rollout.core.launch_failures import failure_of
from async_rollout.core.spec import Limits
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.troubles import Troubles
from async_rollout.sandbox.words import ABANDONED
from async_rollout.sandbox.world import World
from support.launch_texts import texts_of
from support.simulation import BY_NUMBER, Run, simulate


def _without(world: World, zone: int, words: str, size: int = 4, zones: int = 2) -> None:
    group = a_group(world, size=size, maximum=size + 2, zones=zones)
    world.troubles["web"].zone_words = {group.zones[zone]: words}


def failures(run: Run) -> int:
    return sum(one.what is What.LAUNCH_FAILED for one in run.world.record)


def launches(run: Run) -> int:
    """What was launched in the run: who was there before is no launch of it."""
    return sum(one.what is What.LAUNCH and one.instance not in run.found_ids for one in run.world.record)


@pytest.mark.parametrize("words", texts_of("zone", "capacity"))
def test_c13_a_zone_that_fails_ends_nothing_while_another_boots(words: str) -> None:
    run = simulate(partial(_without, zone=0, words=words), BY_NUMBER)
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    assert run.left == run.found and not run.members & run.found_ids
    assert failures(run) >= 4  # one before each launch
    assert min(one.serving for one in run.history) == 4


def _when_all_are_replaced(world: World, happen: Callable[[Troubles], None]) -> None:
    """All launches land in one zone, so that one more has to come at the end; something happens before it does."""
    group = a_group(world, size=4, maximum=6, zones=2)
    old = {one.id for one in world.state.members("web")}
    world.troubles["web"].zone_words = {group.zones[0]: "words that nobody has seen yet"}

    def look() -> None:
        if old.intersection(one.id for one in world.state.members("web")):
            world.after(1.0, look)
        else:
            happen(world.troubles["web"])

    world.after(1.0, look)


def _fails_everywhere(troubles: Troubles, words: str) -> None:
    troubles.zone_words = dict.fromkeys(("eu-west-1a", "eu-west-1b"), words)


@pytest.mark.parametrize("words", texts_of("zone", "capacity", "quota", "permanent", "settles"))
def test_c13_a_launch_that_only_evens_out_the_zones_fails_no_rollout(words: str) -> None:
    run = simulate(partial(_when_all_are_replaced, happen=partial(_fails_everywhere, words=words)), BY_NUMBER)
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    assert run.left == run.found and not run.members & run.found_ids
    assert any(failure_of(one.message) == failure_of(words) for one in run.world.state.activities["web"])
    assert launches(run) == 4


def _sick(troubles: Troubles) -> None:
    troubles.sick_launches = 100


def _dying(troubles: Troubles) -> None:
    troubles.dying_launches = 100


@pytest.mark.parametrize("happen", [_sick, _dying])
def test_c13_one_that_comes_to_even_out_the_zones_and_never_serves_is_given_up(
    happen: Callable[[Troubles], None],
) -> None:
    spec = replace(BY_NUMBER, limits=Limits(healthy=120.0))
    run = simulate(partial(_when_all_are_replaced, happen=happen), spec)
    assert run.result.verdict.outcome is Outcome.DONE, run.result.verdict
    assert run.left == run.found and not run.members & run.found_ids
    assert 5 <= launches(run) <= 4 + FEWEST_FAILURES + 1
    assert min(one.serving for one in run.history) == 4


SHAPES = Path(__file__).parent / "shapes"


def _row(name: str) -> dict[str, Any]:
    (row,) = json.loads((SHAPES / name).read_text(encoding="utf-8"))["Activities"]
    times = {key: datetime.fromisoformat(row[key]) for key in ("StartTime", "EndTime")}
    return {**row, **times}


def test_c13_an_activity_in_awss_own_form_is_read() -> None:
    """Its EndTime is cut to whole seconds and lies before its StartTime; the zone stands in JSON in a string."""
    found = activity(_row("activity_invalid_fleet_zone.json"))
    assert (found.kind, found.failed, found.zone, found.instance) == ("launch", True, "us-east-1e", None)
    assert found.ended_at is not None and found.ended_at < found.started_at
    assert failure_of(found.message) == "zone"
    other = activity(_row("activity_protected.json"))
    assert (other.kind, other.failed, other.zone) == ("other", True, "")
    assert replace(found, message=ABANDONED).failed and datetime.fromtimestamp(found.started_at, UTC).year == 2021


@pytest.mark.parametrize("details", [None, "", "{}", "[]", "no json", '{"Availability Zone": 3}'])
def test_c13_details_that_are_not_as_known_name_no_zone(details: str | None) -> None:
    assert activity({**_row("activity_invalid_fleet_zone.json"), "Details": details}).zone == ""
