"""A made-up kind whose cranes move what a closed berth held: nobody more goes until they have come to rest."""

from __future__ import annotations

from math import inf

import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.amounts import Amount
from async_rollout.core.events import Waiting
from async_rollout.core.journal import Goal
from async_rollout.core.snapshot import Stop
from support.laws.at_rest import LIMITS, LONG, PATIENT, begun, told
from support.moored import of_harbour, rolled
from support.pier import Quay
from support.simulation import ours

WHOLE = Amount(value=100, percent=True)


def test_one_goes_first_and_all_others_together_once_its_work_is_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    story = rolled(monkeypatch, of_harbour(busy=200.0, leave=20.0), kind=Quay(), limits=LIMITS, max_surge=WHOLE)
    assert told(story) == []
    first, second, third = begun(story)
    at = story.harbour.closings[0][0]
    assert first < at and at + 200 <= second < at + 230 and third < second + 10
    assert story.harbour.closings[2][0] < story.harbour.closings[1][0] + 10, "what is under way is not held back"
    last = max(story.first("TerminateInstanceInAutoScalingGroup", id) for id in story.order)
    assert last < story.harbour.closings[1][0] + 100
    waits = [wait for one in story.events if isinstance(one, Waiting) for wait in one.waits if "at rest" in wait.why]
    assert {(wait.on, wait.why, wait.option) for wait in waits} == {
        ("pier the long pier", "nothing more goes out until it is at rest: crane-1: it lifts", "--drain-timeout")
    }
    assert waits[0].until == waits[0].since + 360.0


@pytest.mark.deep
def test_while_it_waits_it_looks_at_that_source_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    story = rolled(monkeypatch, of_harbour(busy=300.0, leave=20.0), kind=Quay(), limits=LIMITS)
    assert told(story) == []
    begin = story.first("TerminateInstanceInAutoScalingGroup", story.order[0]) + 60
    asked = [call.operation for at, call in story.sent if begin < at < story.harbour.closings[0][0] + 300]
    assert asked.count("DescribeBerths") > 4 * asked.count("DescribeTargetHealth")


def test_a_source_that_moves_no_work_by_its_word_is_waited_for_too_but_no_first_one_is_sent_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = rolled(monkeypatch, of_harbour(busy=50.0, leave=20.0), limits=LIMITS, max_surge=WHOLE)
    assert story.results[0].verdict.outcome is Outcome.DONE
    assert begun(story)[2] < begun(story)[0] + 10


def test_what_does_not_come_to_rest_turns_it_back_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    story = rolled(monkeypatch, of_harbour(busy=inf, leave=20.0), kind=Quay(), limits=LIMITS, max_surge=WHOLE)
    assert told(story, Outcome.FAILED) == []
    verdict, harbour = story.results[0].verdict, story.harbour
    assert verdict.code == 1
    assert verdict.why.startswith("pier the long pier is not at rest after 360 s: crane-1: it lifts")
    assert begun(story)[1] == inf, "not one more was taken out"
    assert not ours(harbour.world.group("web")) and len(story.members) == 3
    assert set(story.order[1:]) < story.members and all(map(harbour.is_open, story.members))


def test_what_was_not_at_rest_before_holds_nothing_up_until_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    calm = rolled(monkeypatch, of_harbour(leave=20.0), kind=Quay(), limits=LIMITS)
    ends = max(begun(calm))
    always = rolled(
        monkeypatch, of_harbour(leave=20.0, cranes={"crane-7": (-1.0, inf)} | {"crane-8": (inf, inf)}), kind=Quay()
    )
    assert always.results[0].verdict.outcome is Outcome.DONE and max(begun(always)) < ends + 30
    again = rolled(
        monkeypatch,
        of_harbour(leave=20.0, cranes={"crane-8": (begun(calm)[0], begun(calm)[1] - 5.0)}),
        kind=Quay(),
        limits=LIMITS,
    )
    assert again.results[0].verdict.code == 1 and "crane-8: it lifts" in again.results[0].verdict.why
    assert begun(again)[0] < inf and begun(again)[2] == inf


def test_who_goes_on_with_a_killed_run_waits_for_what_that_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = of_harbour(busy=LONG, leave=20.0)
    story = rolled(
        monkeypatch, prepare, kind=Quay(), goals=(Goal.REPLACE,) * 2, killed=300.0, limits=PATIENT, max_surge=WHOLE
    )
    assert told(story) == []
    assert story.harbour.closings[0][0] < 300.0 < begun(story)[1]


def test_who_goes_on_with_a_killed_run_cannot_tell_what_was_so_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take what the run has moved for that, and go on beside it: it waits up to the limit instead."""
    prepare = of_harbour(leave=20.0, cranes={"crane-7": (inf, inf)})
    story = rolled(monkeypatch, prepare, kind=Quay(), goals=(Goal.REPLACE,) * 2, killed=200.0, limits=LIMITS)
    assert story.results[-1].verdict.code == 1 and "crane-7" in story.results[-1].verdict.why


def test_one_that_was_killed_before_its_cutoff_has_disturbed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = of_harbour(leave=20.0, cranes={"crane-7": (inf, inf)})
    story = rolled(monkeypatch, prepare, kind=Quay(), goals=(Goal.REPLACE,) * 2, killed=3.5, limits=LIMITS)
    assert story.results[-1].verdict.outcome is Outcome.DONE


def test_nothing_that_is_put_back_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = of_harbour(busy=inf, leave=20.0)
    story = rolled(monkeypatch, prepare, kind=Quay(), stop=(260.0, Stop.FINISH), limits=LIMITS, max_surge=WHOLE)
    assert story.results[0].verdict.outcome is Outcome.STOPPED
    assert story.harbour.closings[0][0] < 260.0 and story.results[0].seconds < 500.0
    assert not ours(story.harbour.world.group("web")) and len(story.members) == 3
