"""What a group is to launch from, whether that may be, and where a rollback leads: pure questions, and their steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import SetTemplate
from async_rollout.core.decide import decide
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Cause, Goal, Journal
from async_rollout.core.observation import Group
from async_rollout.core.policy import RESEND
from async_rollout.core.spec import OnFailure, RolloutSpec
from async_rollout.core.switched import gone_on_from, put_in_place, rolled_back, turned, with_way_back
from async_rollout.core.switching import objections, set_and_back, way_back
from async_rollout.core.templates import Back, Templates
from support.drafts import NOW, draft_of, snapshot_of
from support.drawn import observation

SET = RolloutSpec(launch_template_version="2")
ROLLS = replace(SET, on_failure=OnFailure.ROLLBACK)
ONE = Templates(found="lt-1:1", wanted="lt-1:2")
CAUSE = Cause(code=1, text="the release failed")


def group(spelled: str) -> Group:
    return replace(observation("SSS").group, spelled=spelled)


def draft(
    spelled: str = "lt-1:1", spec: RolloutSpec = ROLLS, record: dict[str, Any] | None = None, **more: Any
) -> Draft:
    return draft_of("SSS", spec, group={"spelled": spelled}, record={"templates": ONE, **(record or {})}, **more)


@pytest.mark.parametrize(
    ("spelled", "fields", "to"),
    [
        ("lt-1:1", {}, "lt-1:1"),
        ("lt-1:2", {}, ""),  # the release itself
        ("lt-1:$Latest", {}, ""),  # an alias is no way back
        ("lt-1:$Latest", {"rollback_version": "1"}, "lt-1:1"),
        ("lc:web-1", {"launch_template_version": None, "launch_configuration": "web-2"}, "lc:web-1"),
        ("lc:web-1", {"rollback_version": "1"}, ""),  # which has no versions
        (f"lc:{'x' * 100}", {}, ""),  # no tag holds it
    ],
)
def test_where_a_rollback_leads(spelled: str, fields: dict[str, Any], to: str) -> None:
    assert way_back(replace(ROLLS, **fields), group(spelled), None) == to


@pytest.mark.parametrize(
    ("spelled", "fields", "says"),
    [
        ("lc:web-1", {"launch_template_version": None, "rollback_version": "1"}, "--rollback-version means nothing"),
        ("lt-1:$Latest", {"pin": True}, "an alias is no way back; name what to roll back to"),
        ("lt-1:1", {}, "there is no version 1 of lt-1 any more"),
    ],
)
def test_why_it_could_not_be_taken_back(spelled: str, fields: dict[str, Any], says: str) -> None:
    (said,) = objections(replace(ROLLS, **fields), group(spelled), {"2": "lt-1:2"})
    assert says in said


def test_the_plan_says_where_it_goes_back_to() -> None:
    found = observation("SSS").group
    lines = list(set_and_back(ROLLS, replace(found, spelled="lt-1:1")))
    assert any("your IaC still says version 1 of lt-1" in line for line in lines)
    assert lines[-1] == "if it fails, what is new is replaced by version 1 of lt-1 again"
    assert not any("if it fails" in line for line in set_and_back(SET, replace(found, spelled="lt-1:1")))


@pytest.mark.parametrize(("ago", "acts"), [(RESEND - 1, 0), (RESEND, 1)])
def test_what_was_just_set_is_given_time_to_show(ago: float, acts: int) -> None:
    found = put_in_place(draft(set_to=("lt-1:2", NOW - ago)))
    assert [wait.on for wait in found.waits] == ["what is launched from"]
    assert found.acts == (SetTemplate(spelled="lt-1:2"),) * acts


def test_without_a_way_back_all_is_only_put_back() -> None:
    alias = draft("lt-1:$Latest", record={"templates": replace(ONE, found="lt-1:$Latest")})
    assert with_way_back(alias, alias.journal) == alias.journal
    led = with_way_back(draft(), draft().journal).templates
    assert led is not None and (led.toward, led.back) == ("lt-1:1", Back.DUE)


def test_an_order_to_roll_back_what_is_being_put_back_is_taken() -> None:
    record = {"goal": Goal.RESTORE, "cause": CAUSE, "templates": ONE}
    found = snapshot_of("DSSN", ROLLS, group={"spelled": "lt-1:2"}, record=record)
    ordered = replace(found, observation=replace(found.observation, order="rollback run0 7 elsewhere/b/7"))
    meant = decide(ROLLS, ordered).meant
    assert meant is not None and meant.templates == replace(ONE, toward="lt-1:7", back=Back.DUE)
    assert meant.cause == CAUSE


def begun(back: Back) -> Journal:
    return draft(record={"templates": replace(ONE, toward="lt-1:1", back=back), "cause": CAUSE}).journal


@pytest.mark.parametrize(
    ("back", "then"),
    [(Back.NOT, Back.NOT), (Back.DUE, Back.DUE), (Back.BEGUN, Back.DUE), (Back.OVER, Back.OVER)],
)
def test_stopped_at_once_a_rollback_begins_again_when_all_is_put_back(back: Back, then: Back) -> None:
    assert gone_on_from(begun(back)).back is then
    plain = draft_of("SSS").journal
    assert gone_on_from(plain) == plain


def test_a_rollback_begins_anew_and_what_has_none_stays() -> None:
    found = rolled_back(draft(record={"goal": Goal.RESTORE, "cause": CAUSE, "templates": replace(
        ONE, toward="lt-1:1", back=Back.DUE), "launches": 5, "lost": 2}))  # fmt: skip
    assert (found.journal.goal, found.journal.back, found.journal.cause) == (Goal.REPLACE, Back.BEGUN, CAUSE)
    assert (found.journal.launches, found.journal.lost, found.journal.cutoff) == (0, 0, None)
    plain = draft_of("SSS")
    assert rolled_back(plain) == plain


def test_there_is_no_second_one_and_the_first_cause_stays() -> None:
    once = draft(record={"templates": replace(ONE, toward="lt-1:1", back=Back.BEGUN), "cause": CAUSE})
    record = turned(once, Cause(code=7, text="--max-timeout"), version="")
    assert (record.goal, record.back, record.cause and record.cause.code) == (Goal.RESTORE, Back.FAILED, 1)
    assert record.cause is not None and "the rollback has ended early: --max-timeout" in record.cause.text
