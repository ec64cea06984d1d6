"""Days of launches that AWS answers, in each reading of what it leaves open: late, lost, half, hidden, or never."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Needs
from async_rollout.core.events import Warned
from async_rollout.core.journal import Goal
from async_rollout.core.observation import Observation
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import LaunchCall, RolloutSpec
from async_rollout.engine.ports import Urgency
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.history import What
from async_rollout.sandbox.readings import Readings
from async_rollout.sandbox.words import NO_CAPACITY, NO_IMAGE, OVER_QUOTA
from support.laws.meddling import once
from support.laws.playing import Door, Part, Play, play, small
from support.storms.owners import GROUP
from support.storms.witness import Witness

AUTO = RolloutSpec(launch=LaunchCall.AUTO, canary_wait=0.0)
CALL = "LaunchInstances"
NO_ADDRESSES = "There are not enough free addresses in subnet 'subnet-1' to satisfy the requested number of instances."


def a_day(
    *parts: Part, spec: RolloutSpec = AUTO, readings: Readings | None = None, door: type[Door] = Door,
    troubles: dict[str, Any] | None = None, others: Any = None, limit: float = 9000.0, **shape: Any,
) -> Play:  # fmt: skip
    """One group's day, three of three in three zones unless said otherwise."""

    def build(world: Witness) -> None:
        small(world, **({"size": 3, "minimum": 3, "maximum": 3, "zones": 3} | shape))
        world.readings = readings or Readings()
        for name, value in (troubles or {}).items():
            setattr(world.troubles[GROUP], name, value)

    more = {"others": others} if others else {}
    return play(spec, *(parts or (Part(),)), build=build, door=door, limit=limit, looks=9000, **more)


def zones_of(played: Play) -> Counter[str]:
    return Counter(one.zone for one in played.world.members(GROUP) if one.counts)


def ended_by_aws(played: Play) -> list[str]:
    """Whom AWS has chosen to end, since desired was below what was there."""
    told = (one for one in played.world.record if one.what is What.TERMINATE and one.who == "aws")
    return [one.instance for one in told if "difference between desired" in one.detail]


def launched(played: Play) -> int:
    return sum(one.what is What.LAUNCH for one in played.world.record)


def all_new(played: Play, size: int = 3) -> bool:
    """Replaced, as many as before, none by AWS's choice, with exit code 0."""
    members = played.world.members(GROUP)
    kept = {one.id for one in members} & played.run.found_ids
    codes = {result.verdict.code for result in played.results.values()}
    return not kept and len(members) == size and codes == {0} and not ended_by_aws(played)


STILL = Readings(raises_desired=False)


@pytest.mark.parametrize("readings", [Readings(), STILL], ids=["raised", "not raised"])
@pytest.mark.parametrize("answering", [0.0, 30.0, 120.0, 300.0])
def test_however_late_aws_answers_three_are_launched_for_three(readings: Readings, answering: float) -> None:
    played = a_day(readings=readings, troubles={"answering": answering})
    assert all_new(played) and launched(played) == 3
    assert set(zones_of(played).values()) == {1}


@pytest.mark.parametrize("lives", [11, 16])
def test_what_a_killed_run_launched_beside_desired_is_never_aws_s_to_choose_from(lives: int) -> None:
    """The field was still to be set to what is there: the next run does that before all else."""
    parts = Part(lives=lives), Part(run="two", at=900.0)
    played = a_day(*parts, spec=replace(AUTO, max_surge=2), readings=STILL, size=4, minimum=2, maximum=4)
    assert ended_by_aws(played) == []
    assert played.results["two"].verdict.code == 0 and len(played.world.members(GROUP)) == 4


class Behind(Door):
    """The rows are new and desired capacity is some seconds old, for a minute."""

    lag = 5.0

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        seen = await super().look(group, needs, after, urgency)
        sizes = [one.desired for one in self.world.history if one.at <= self.world.now - self.lag]
        return replace(seen, group=replace(seen.group, desired=sizes[-1])) if sizes else seen


def test_an_old_answer_is_no_field_that_did_not_rise() -> None:
    played = a_day(door=Behind, minimum=1, maximum=8)
    assert all_new(played)
    assert not any(one.what is What.SET_DESIRED and one.who == "owner" for one in played.world.record)


@pytest.mark.parametrize("at", [13.0, 83.0, 90.0])
def test_a_stop_at_once_does_not_wait_for_aws_to_answer(at: float) -> None:
    """Alarms run, and who was only drained serves again, though a launch is under way."""
    played = a_day(Part(stop=(at, Stop.NOW)), troubles={"answering": 25.0})
    assert played.results["one"].verdict.code == 143
    group = played.world.state.groups[GROUP]
    assert not {"AlarmNotification", "ScheduledActions"} & group.suspended_names
    assert played.ended["one"] - played.began["one"] < at + 5.0
    out = [
        one.id for one in played.world.members(GROUP) if one.id in played.run.found_ids and not _serves(played, one.id)
    ]
    assert out == []


def _serves(played: Play, id: str) -> bool:
    state = played.world.state
    return all(
        any(held.state in ("healthy", "initial") for held in state.registered(source.id, id))
        for source in state.sources_of(GROUP)
    )


@pytest.mark.parametrize("then", [Goal.REPLACE, Goal.RESTORE])
@pytest.mark.parametrize("readings", [Readings(), STILL], ids=["raised", "not raised"])
def test_what_was_stopped_with_a_launch_under_way_is_gone_on_from(then: Goal, readings: Readings) -> None:
    parts = Part(stop=(90.0, Stop.NOW)), Part(run="two", at=140.0, goal=then)
    played = a_day(*parts, readings=readings, troubles={"answering": 25.0})
    assert played.results["two"].verdict.code == 0
    assert len(played.world.members(GROUP)) == 3 and ended_by_aws(played) == []


SILENT = [
    Fault(kind=FaultKind.ERROR_500, action=CALL),
    Fault(kind=FaultKind.LOST_ANSWER, action=CALL),
    Fault(kind=FaultKind.CONTENDED, action=CALL, code="IdempotentCallInProgress", words="It is being processed."),
    Fault(kind=FaultKind.CONTENDED, action=CALL, code="ResourceContention", words="You already have a pending update."),
    Fault(kind=FaultKind.THROTTLE, action=CALL),
    Fault(kind=FaultKind.DENIED, action=CALL),
    Fault(kind=FaultKind.REFUSED, action=CALL, code="UnsupportedOperation", words="Not for this group."),
    Fault(kind=FaultKind.REFUSED, action=CALL, code="ValidationError", words="Something new."),
]


@pytest.mark.parametrize("fault", SILENT, ids=lambda fault: f"{fault.kind.value} {fault.code}")
def test_where_aws_never_answers_launches_the_other_way_is_taken_and_told(fault: Fault) -> None:
    played = a_day(Part(faults=(fault,)))
    assert all_new(played)
    told = [event.text for event in played.run.events if isinstance(event, Warned)]
    assert sum(text.startswith("AWS does not answer launches here") for text in told) <= 1
    lost = fault.kind is FaultKind.LOST_ANSWER
    assert any(text.startswith("AWS does not answer launches here") for text in told) or lost
    assert played.world.calls["autoscaling:LaunchInstances"] < 150


@pytest.mark.parametrize(("quota", "size", "surge"), [(28, 24, "25%"), (8, 6, 4), (4, 3, 2)])
def test_a_quota_with_room_for_a_part_of_the_surge_is_lived_with(quota: int, size: int, surge: Any) -> None:
    troubles = {"quota": quota, "quota_words": OVER_QUOTA}
    played = a_day(spec=replace(AUTO, max_surge=surge), troubles=troubles, size=size, minimum=2, maximum=size)
    assert all_new(played, size)
    assert max(zones_of(played).values()) - min(zones_of(played).values()) <= 1


def test_a_short_want_of_capacity_does_not_move_the_fleet_into_one_zone() -> None:
    troubles = {"failing_launches": 3, "launch_message": NO_CAPACITY}
    played = a_day(spec=replace(AUTO, max_surge="25%"), troubles=troubles, size=24, minimum=2, maximum=24)
    assert all_new(played, 24)
    assert set(zones_of(played).values()) == {8}


@pytest.mark.parametrize("words", [NO_CAPACITY, NO_ADDRESSES])
def test_where_no_zone_takes_any_for_a_while_the_first_is_tried_each_minute(words: str) -> None:
    def mend(world: Witness) -> None:
        world.troubles[GROUP].zone_words = {}

    played = a_day(troubles={"zone_words": {"eu-west-1a": words}}, zones=1, others=once(200.0, mend))
    assert all_new(played)
    assert played.ended["one"] - played.began["one"] < 500.0


@pytest.mark.parametrize(("words", "zones", "most"), [(NO_IMAGE, 3, 2), (NO_IMAGE, 1, 1), (OVER_QUOTA, 3, 1)])
def test_a_wrong_image_or_a_full_quota_turns_back_within_seconds(words: str, zones: int, most: int) -> None:
    names = [f"eu-west-1{letter}" for letter in "abc"[:zones]]
    played = a_day(troubles={"zone_words": dict.fromkeys(names, words)}, zones=zones)
    record = played.world.record
    calls = [one.at for one in record if one.what is What.LAUNCH_INSTANCES]
    back = next(one.at for one in record if one.what is What.TAG and "cause" in one.detail)
    assert len(calls) == most and back - calls[0] < 15.0
    assert played.results["one"].verdict.code == 1
    assert launched(played) == 0 and len(played.world.members(GROUP)) == 3
