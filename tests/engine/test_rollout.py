"""The loop itself, seeing: blind looks, expired credentials, groups that are gone."""

from __future__ import annotations

from itertools import pairwise

import anyio
import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.events import Acted, RolloutEnded, Warned
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import Limits, RolloutSpec
from async_rollout.errors import CredentialsError, RolloutError, UnknownGroupError, UnseenError
from async_rollout.sandbox.simulation import EPOCH
from support.fleets import BeforeLook, done_by_us, lowest, not_as_found
from support.one_group import DONE, Story
from support.simulation import ours


def between(begin: float, end: float, fault: RolloutError) -> BeforeLook:
    async def look(group: str) -> None:
        if begin <= anyio.current_time() < end:
            raise fault

    return look


EVER = 1e9
UNSEEN, EXPIRED = UnseenError("no answer (500)"), CredentialsError("ExpiredToken: renew them")
GONE = UnknownGroupError("web: no such group")


# --- blind


def test_blind_it_looks_again_with_more_patience_each_time_and_goes_on() -> None:
    story = Story(look=between(60.0, 300.0, UNSEEN))
    assert story.verdict == DONE
    assert not_as_found(story.world, "web") == []
    assert lowest(story.world, "web") >= 3
    blind = [at for at in story.looks if at >= 60.0][: 1 + len(story.told.of(Warned))]
    assert [round(after - before) for before, after in pairwise(blind)][:6] == [5, 10, 20, 30, 30, 30]
    assert {one.text for one in story.told.of(Warned)} == {"AWS cannot be seen: no answer (500)"}
    assert not [at for at in story.told.at(Acted, "web") if 60.2 < at < blind[-1]]


def test_patience_begins_anew_when_something_was_seen() -> None:
    async def look(group: str) -> None:
        if 60.0 <= (now := anyio.current_time()) < 1300.0 or 1400.0 <= now < 2600.0:
            raise UNSEEN

    story = Story(look=look)
    again = [at for at in story.looks if at >= 1400.0]
    assert story.verdict == DONE, "twice 20 minutes are not half an hour of blindness"
    assert round(again[1] - again[0]) == 5


@pytest.mark.parametrize("fault", [UNSEEN, EXPIRED])
def test_blind_for_half_an_hour_it_ends_and_the_record_stands(fault: RolloutError) -> None:
    story = Story(look=between(100.0, EVER, fault))
    assert story.verdict == (Outcome.STUCK, 10)
    assert story.why == f"{fault}; the record stands"
    assert story.result is not None and story.result.verdict.next == "run or restore"
    assert 1800.0 < story.ended - 100.0 < 1800.0 + 60.0
    assert len(ours(story.world.state.groups["web"])) >= 3
    assert story.told.of(RolloutEnded)[0].verdict == story.result.verdict


def test_its_patience_is_an_option() -> None:
    story = Story(look=between(100.0, EVER, EXPIRED), spec=RolloutSpec(limits=Limits(credentials=90.0)))
    assert 90.0 < story.ended - 100.0 < 90.0 + 60.0
    assert story.verdict == (Outcome.STUCK, 10)


def test_expired_credentials_pause_it_and_renewed_ones_let_it_go_on() -> None:
    story = Story(look=between(100.0, 1500.0, EXPIRED))
    assert story.verdict == DONE
    assert not_as_found(story.world, "web") == []
    assert lowest(story.world, "web") >= 3
    assert not [one for one in done_by_us(story.world) if 106.0 < one.at - EPOCH < 1490.0]
    told = {one.text.partition(",")[0] for one in story.told.of(Warned)}
    assert told == {"AWS cannot be seen: ExpiredToken: renew them", "nothing has scaled for 15 min"}


def test_before_the_first_look_bad_credentials_refuse_at_once() -> None:
    story = Story(look=between(0.0, EVER, EXPIRED))
    assert story.verdict == (Outcome.REFUSED, 4)
    assert len(story.looks) == 1
    assert done_by_us(story.world) == []


def test_before_the_first_look_two_minutes_of_blindness_refuse() -> None:
    story = Story(look=between(0.0, EVER, UNSEEN))
    assert story.verdict == (Outcome.REFUSED, 3)
    assert 120.0 < story.ended < 160.0
    assert done_by_us(story.world) == []


def test_a_first_look_that_comes_late_is_no_fault() -> None:
    assert Story(look=between(0.0, 100.0, UNSEEN)).verdict == DONE


def test_blind_a_gentle_order_to_stop_waits_for_a_look() -> None:
    story = Story(look=between(100.0, EVER, UNSEEN), order=(200.0, Stop.FINISH))
    assert story.verdict == (Outcome.STUCK, 10)
    assert story.ended - 200.0 < 1900.0
    assert "the record stands" in story.why


def test_blind_an_order_to_stop_at_once_tries_until_its_grace_is_over() -> None:
    story = Story(look=between(100.0, EVER, UNSEEN), order=(200.0, Stop.NOW))
    assert story.verdict == (Outcome.STOPPED, 143)
    assert 3.0 < story.ended - 200.0 < 5.0
    assert story.why == "a signal; the 5 s for it were over before all was done"
    tries = [at for at in story.told.at(Warned, "web") if at >= 200.0]
    assert len(tries) >= 5
    assert story.result is not None and any("suspended by us" in line for line in story.result.verdict.left)


def test_an_order_to_stop_at_once_that_comes_while_blind_is_obeyed_as_soon_as_there_is_a_look() -> None:
    story = Story(look=between(100.0, 202.0, UNSEEN), order=(200.0, Stop.NOW))
    assert story.verdict == (Outcome.STOPPED, 143)
    assert 2.0 < story.ended - 200.0 < 4.0
    assert {name for name, _ in story.world.state.groups["web"].suspended} <= {"AZRebalance", "ReplaceUnhealthy"}


def test_a_look_that_took_too_long_is_none() -> None:
    """A process that was stopped in the middle of one: what it shows is old."""

    late = [100.0, 160.0]

    async def look(group: str) -> None:
        if late and anyio.current_time() >= late[0]:
            del late[0]
            await anyio.sleep(40.0)

    story = Story(look=look)
    assert story.verdict == DONE and not late
    told = {one.text for one in story.told.of(Warned)}
    assert told == {"AWS cannot be seen: the answer took longer than 30 s, too long to act on it"}
    assert not_as_found(story.world, "web") == []


# --- unknown


def test_a_group_that_nobody_knows_is_refused() -> None:
    story = Story(look=between(0.0, EVER, GONE))
    assert story.verdict == (Outcome.REFUSED, 3)
    assert story.why == "web: no such group"


def test_a_group_that_is_deleted_meanwhile_ends_it() -> None:
    story = Story(look=between(100.0, EVER, GONE))
    assert story.verdict == (Outcome.FAILED, 1)
    assert story.why == "the group was deleted during the run: web: no such group"
    assert 130.0 < story.ended < 145.0, "as long as answers are stale, what lacks it may be empty pages"
