"""The loop itself, acting: answers that do not come, what is waited for, acts in flight."""

from __future__ import annotations

from itertools import pairwise

import anyio
import pytest

from async_rollout.core.actions import CloudAction, Outcome, Record, Resume, SetCapacity
from async_rollout.core.events import Acted, Waiting
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.parting import BLIND_FOR
from async_rollout.engine.ports import Answer, Refused, Unknown, Urgency
from async_rollout.sandbox.history import What
from async_rollout.sandbox.simulation import EPOCH
from async_rollout.sandbox.world import World
from support.fleets import BeforeAct, BeforeLook, Wayward, done_by_us, lowest, not_as_found
from support.one_group import DONE, SPEC, Story
from support.simulation import BY_NUMBER, ours

# --- answers


class Answering(Wayward):
    """A cloud that answers the first SetDesiredCapacity itself."""

    answer: Answer = Unknown(why="the connection was reset")
    asked: list[float]

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        if isinstance(action, SetCapacity) and action.desired:
            self.asked = [*getattr(self, "asked", []), anyio.current_time()]
            if len(self.asked) == 1:
                return self.answer
        return await super().act(group, action, young, urgency)


class Refusing(Answering):
    answer = Refused(code="ScalingActivityInProgress", message="wait")


@pytest.mark.parametrize(
    ("cloud", "answer", "why"),
    [
        (Answering, "unknown", "the connection was reset"),
        (Refusing, "refused", "ScalingActivityInProgress: wait"),
    ],
)
def test_what_is_not_answered_well_is_told_looked_at_and_not_sent_again_at_once(
    cloud: type[Answering], answer: str, why: str
) -> None:
    story = Story(cloud=cloud, spec=BY_NUMBER)
    assert isinstance(story.cloud, Answering)
    assert story.verdict == DONE
    assert [(one.answer, one.why) for one in story.told.of(Acted) if one.answer != "done"] == [(answer, why)]
    first, second = story.cloud.asked[:2]
    assert second - first >= SPEC.interval
    assert [at for at in story.looks if first < at < second]
    assert not_as_found(story.world, "web") == []


EXPIRED = Refused(code="ExpiredToken", message="renew it", denied=True)


def taking_nothing(answer: Answer, begin: float, end: float) -> type[Wayward]:
    """A cloud that can be looked at, and answers every act so between these times."""

    class Closed(Wayward):
        async def act(
            self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
        ) -> Answer:
            if begin <= anyio.current_time() < end:
                return answer
            return await super().act(group, action, young, urgency)

    return Closed


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (EXPIRED, "ExpiredToken: renew it"),
        (Refused(code="AccessDenied", message="not yours", denied=True), "AccessDenied: not yours"),
        (Refused(code="Throttling", message="slow"), "Throttling: slow"),
        (Unknown(why="no answer"), "no answer"),
    ],
)
@pytest.mark.parametrize("begin", [30.0, 100.0, 150.0])
def test_where_no_act_is_taken_it_ends_after_half_an_hour(answer: Answer, words: str, begin: float) -> None:
    """Not even the record that all is to be put back can be written: it stands as it is, and what is left is named."""
    story = Story(cloud=taking_nothing(answer, begin, 1e9))
    assert story.verdict == (Outcome.STUCK, 10)
    assert story.why == f"AWS takes none of our acts: {words}; the record stands"
    assert story.result is not None and any("suspended by us" in line for line in story.result.verdict.left)
    assert 1800.0 < story.ended - begin < 1800.0 + 120.0
    assert ours(story.world.state.groups["web"])


class OnlyResuming(Wayward):
    """In these times nothing is taken but that processes are resumed."""

    times: tuple[tuple[float, float], ...] = ((100.0, 1e9),)

    async def act(
        self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
    ) -> Answer:
        closed = any(begin <= anyio.current_time() < end for begin, end in self.times)
        if closed and not isinstance(action, Resume):
            return Refused(code="InternalFailure", message="sorry", passing=True)
        return await super().act(group, action, young, urgency)


class TwiceClosed(OnlyResuming):
    times = ((100.0, 500.0), (540.0, 950.0))


def test_where_no_act_is_taken_alarms_run_as_soon_as_that_has_lasted() -> None:
    story = Story(cloud=OnlyResuming)
    resumed = [one.at - EPOCH for one in done_by_us(story.world) if one.what is What.RESUME]
    assert 100.0 + BLIND_FOR < resumed[0] < 100.0 + BLIND_FOR + 60.0
    assert {name for name, _ in story.world.state.groups["web"].suspended} == {"AZRebalance", "ReplaceUnhealthy"}
    assert story.verdict == (Outcome.STUCK, 10)
    assert story.result is not None and "AlarmNotification" not in " ".join(story.result.verdict.left)


def test_what_it_has_resumed_itself_was_resumed_by_nobody_else() -> None:
    """Twice nothing is taken for so long that alarms are let run; each time it goes on."""
    story = Story(cloud=TwiceClosed)
    resumed = [one for one in done_by_us(story.world) if one.what is What.RESUME and one.at - EPOCH < 950.0]
    assert len(resumed) >= 2, "each time"
    assert story.verdict == DONE, story.why
    assert not_as_found(story.world, "web") == []


def test_where_acts_are_taken_again_it_goes_on() -> None:
    story = Story(cloud=taking_nothing(EXPIRED, 100.0, 1500.0))
    assert story.verdict == DONE
    assert not_as_found(story.world, "web") == []
    assert lowest(story.world, "web") >= 3


def test_its_patience_with_refusals_begins_anew_when_one_act_was_taken() -> None:
    """Twice twenty minutes, and one act between them."""

    class TwiceClosed(Wayward):
        async def act(
            self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
        ) -> Answer:
            if 100.0 <= (now := anyio.current_time()) < 1300.0 or 1310.0 <= now < 2500.0:
                return EXPIRED
            return await super().act(group, action, young, urgency)

    assert Story(cloud=TwiceClosed).verdict == DONE


def test_a_record_that_is_not_written_is_followed_by_nothing() -> None:
    """Write down, then do: the first act that is not answered Done ends the tick."""

    tries: list[float] = []

    class Forgetful(Wayward):
        async def act(
            self, group: str, action: CloudAction, young: Young = always, urgency: Urgency = Urgency.USUAL
        ) -> Answer:
            if isinstance(action, Record) and action.journal.serial > 1:
                tries.append(anyio.current_time())
                return Unknown(why="lost")
            return await super().act(group, action, young, urgency)

    story = Story(cloud=Forgetful, cancelled_at=120.0)
    first = {What.TAG, What.UNTAG, What.SUSPEND, What.RESUME}  # what is suspended stands in the first of them
    assert {one.what for one in done_by_us(story.world)} <= first
    before_the_stop = [at for at in tries if at < 120.0]
    assert len(before_the_stop) > 5
    assert all(after - before >= SPEC.interval for before, after in pairwise(before_the_stop))


SLOW = (3, 5, 9)
"""Serials of the records that take 40 seconds to be written."""


def test_an_act_that_took_too_long_is_followed_by_a_look_first() -> None:
    asked: list[tuple[float, str]] = []

    async def act(group: str, action: CloudAction) -> None:
        asked.append((anyio.current_time(), type(action).__name__))
        if isinstance(action, Record) and action.journal.serial in SLOW:
            await anyio.sleep(40.0)

    story = Story(act=act)
    assert story.verdict == DONE
    slow = [(at, after, other) for (at, _), (after, other) in pairwise(asked) if after - at >= 40.0]
    assert len(slow) >= len(SLOW)
    for at, after, other in slow:
        assert [look for look in story.looks if at + 40.0 <= look <= after], f"{other} rests on an old look"


# --- waiting


def test_what_is_waited_for_is_told_when_it_changes_and_every_half_minute() -> None:
    class Sick(Wayward):
        def __init__(self, world: World, **more: BeforeLook) -> None:
            super().__init__(world, **more)
            world.troubles["web"].sick_versions = frozenset({"2"})

    story = Story(cloud=Sick)
    times = story.told.at(Waiting, "web")
    keys = [tuple(wait.on + wait.why for wait in one.waits) for one in story.told.of(Waiting)]
    same = [
        after - before
        for (one, other), (before, after) in zip(pairwise(keys), pairwise(times), strict=True)
        if one == other
    ]
    assert len(same) >= 20
    assert all(30.0 <= gap <= 31.0 + 2 * SPEC.interval for gap in same)  # a call may take as long as a second
    assert len(set(keys)) >= 3
    assert all(keys)


# --- cancelled in flight


def in_flight(seconds: float) -> BeforeAct:
    """The act that asks for a new instance takes so long."""

    async def act(group: str, action: CloudAction) -> None:
        if isinstance(action, SetCapacity) and action.desired:
            await anyio.sleep(seconds)

    return act


@pytest.mark.parametrize(("takes", "arrives"), [(0.5, True), (3.0, True), (1e6, False)])
def test_an_act_in_flight_when_cancelled_may_end_within_the_grace(takes: float, arrives: bool) -> None:
    free = Story(spec=BY_NUMBER)
    acts = zip(free.told.of(Acted), free.told.at(Acted, "web"), strict=True)
    when = next(at for one, at in acts if one.action.startswith("set desired")) - 0.05
    story = Story(act=in_flight(takes), spec=BY_NUMBER, cancelled_at=when)
    assert story.result is None
    assert min(takes, 4.0) <= story.ended - when + 0.11 and story.ended - when <= 4.01
    assert (What.SET_DESIRED in {one.what for one in done_by_us(story.world)}) is arrives
    assert len(ours(story.world.state.groups["web"])) >= 3


def test_cancelled_between_two_acts_it_does_what_a_stop_does_and_no_more() -> None:
    story = Story(cancelled_at=90.0)
    assert story.ended < 92.0
    late = {one.what for one in done_by_us(story.world) if one.at > EPOCH + 90.0}
    assert What.RESUME in late
    assert late <= {What.TAG, What.UNTAG, What.RESUME, What.REGISTER}  # a shorter record has tags to take down
