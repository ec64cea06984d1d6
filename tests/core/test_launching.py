"""Launches that AWS answers: where they go, what is written down first, what each answer makes of the record."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.core.actions import Action, Launch, Record, SetCapacity
from async_rollout.core.advance import advance
from async_rollout.core.attribution import attribute_desired
from async_rollout.core.belief import LaunchAnswer, Mute
from async_rollout.core.draft import Draft
from async_rollout.core.journal import OPEN_MAX, Cause, Goal, Journal, OpenLaunch
from async_rollout.core.launching import asked_again, asked_for
from async_rollout.core.laws import objection
from async_rollout.core.open_launches import settled
from async_rollout.core.outcomes import ActOutcome, LaunchError
from async_rollout.core.policy import LAUNCH_SHOWS, TOKEN_LASTS
from async_rollout.core.recall import recall
from async_rollout.core.restore import restore
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.zones import chosen
from support.answers import ANSWERED, AUTO, NO, ONE, OPEN, TWO, ZONES, after, told
from support.drafts import NOW, draft_of
from support.drawn import AT, looked, observation, recorded

WIDE = replace(AUTO, max_surge=5)
NO_CAPACITY = "InsufficientInstanceCapacity: We currently do not have sufficient t3.micro capacity"


@pytest.mark.parametrize(
    ("counts", "number", "homes", "found"),
    [
        ({"a": 0, "b": 0, "c": 0}, 1, "b", {"b": 1}),
        ({"a": 0, "b": 0, "c": 0}, 3, "bb", {"a": 1, "b": 1, "c": 1}),
        ({"a": 2, "b": 1, "c": 0}, 3, "aaa", {"c": 2, "b": 1}),
        ({"b": 0, "c": 0}, 3, "aaa", {"b": 2, "c": 1}),
        ({"a": 0, "b": 0}, 0, "a", {}),
        ({}, 2, "a", {}),
    ],
)
def test_where_new_ones_come_to(counts: dict[str, int], number: int, homes: str, found: dict[str, int]) -> None:
    assert chosen(counts, number, homes) == found


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9), min_size=1), st.integers(0, 30))
def test_zones_become_as_even_as_so_many_can_make_them(counts: dict[str, int], number: int) -> None:
    """No other choice of as many zones would leave the emptiest fuller, nor one that got some fuller than need be."""
    more = chosen(counts, number, "a" * number)
    after = Counter(counts) + more
    assert sum(more.values()) == number
    assert all(after[zone] <= min(after[other] for other in counts) + 1 for zone in more)


def test_each_launch_has_a_zone_and_a_token_of_its_own_and_is_counted_before() -> None:
    draft = asked_for(draft_of("S S S", AUTO, group=ZONES, record=ANSWERED | {"tokens": 4}), 3)
    assert draft.acts == tuple(
        Launch(zone=zone, count=1, token=f"run0-{n}") for zone, n in zip("abc", (5, 6, 7), strict=True)
    )
    assert (draft.journal.asked, draft.journal.launches, draft.journal.tokens) == (6, 3, 7)
    assert [(one.token, one.zone, one.count, one.came) for one in draft.journal.open] == [
        ("run0-5", "a", 1, None), ("run0-6", "b", 1, None), ("run0-7", "c", 1, None),
    ]  # fmt: skip


def test_the_first_comes_where_the_first_goes() -> None:
    draft = draft_of("S S S", AUTO, group=ZONES, record=ANSWERED)
    first = draft.tally.victims[0].zone
    assert [act.zone for act in asked_for(draft, 1).acts if isinstance(act, Launch)] == [first]


def test_where_one_is_open_or_aws_has_just_failed_none_is_launched() -> None:
    failed = ActOutcome(action=Launch(zone="a", count=1, token="run0-9"), at=AT, ok=True, errors=(
        LaunchError(code="InsufficientInstanceCapacity", message="We currently do not have sufficient t3 capacity"),
    ))  # fmt: skip
    seen = replace(observation("S S S"), group=replace(observation("S S S").group, **ZONES))
    belief = recall(AUTO, looked(AUTO, seen).belief, replace(seen, at=NOW + 5.0), (failed,))
    draft = draft_of("S S S", AUTO, group=ZONES, record=ANSWERED | {"open": (OPEN,), "asked": 5})
    draft = replace(draft, belief=replace(draft.belief, launches=belief.launches))
    (act,) = asked_for(draft, 2).acts
    assert isinstance(act, Launch) and (act.zone, act.count) == ("c", 2)


def test_where_no_zone_is_left_what_aws_said_is_told_and_nothing_is_asked_for() -> None:
    belief = looked(AUTO, observation("S S S")).belief
    for number, zone in enumerate("abc"):
        launch = Launch(zone=zone, count=1, token=f"run0-{number}")
        error = LaunchError(
            code="InsufficientInstanceCapacity", message="We currently do not have sufficient t3 capacity"
        )
        belief = recall(AUTO, belief, observation("S S S", at=NOW + number), (
            ActOutcome(action=launch, at=NOW + number, ok=True, errors=(error,)),
        ))  # fmt: skip
    draft = replace(draft_of("S S S", AUTO, group=ZONES, record=ANSWERED), belief=belief)
    asked = asked_for(draft, 1)
    assert asked.acts == () and asked.journal == draft.journal
    (wait,) = asked.waits
    assert wait.on == "a zone to launch in" and NO_CAPACITY.split(": ")[1][:20] in wait.why
    assert wait.option == "--launch-timeout" and wait.until == NOW + 600.0


def test_at_most_so_many_are_open_at_once() -> None:
    zones = {"zones": tuple("abcdefg")}
    draft = asked_for(draft_of("S S S", AUTO, group=zones, record=ANSWERED), 7)
    assert len(draft.acts) == len(draft.journal.open) == OPEN_MAX
    assert len(asked_for(draft, 3).journal.open) == OPEN_MAX


def test_by_its_number_only_when_nothing_is_open() -> None:
    open = draft_of("S S S", record={"open": (OPEN,), "asked": 5})
    assert asked_for(open, 1).acts == ()
    assert asked_for(draft_of("S S S"), 1).acts == (SetCapacity(desired=4),)


@pytest.mark.parametrize(
    ("open", "answer", "mute", "again"),
    [
        (OPEN, None, False, True),  # another run had asked, or we have no answer yet
        (OPEN, LaunchAnswer(at=AT, since=AT), False, True),
        (OPEN, LaunchAnswer(at=AT, since=AT, final=True), False, False),
        (OPEN, None, True, False),
        (replace(OPEN, came=1), None, False, False),
        (replace(OPEN, at=int(NOW) - TOKEN_LASTS), None, False, False),
    ],
)
def test_what_is_not_answered_is_asked_again_as_it_was(
    open: OpenLaunch, answer: LaunchAnswer | None, *, mute: bool, again: bool
) -> None:
    answers = {OPEN.token: answer} if answer else {}
    said = Mute("AccessDenied: no", denied=True) if mute else None
    draft = draft_of("S S S", WIDE, group=ZONES, record={"open": (open,), "asked": 5}, answers=answers, mute=said)
    assert asked_again(draft).acts == ((Launch(zone="b", count=2, token="run0-1"),) if again else ())
    assert [wait.on for wait in asked_again(draft).waits] == [f"{open.most} new in b"]


@pytest.mark.parametrize(
    ("outcomes", "run", "asked", "came"),
    [
        ((told(True, launched=TWO),), "run0", 5, [2]),
        ((told(True, launched=ONE, errors=(NO,)),), "run0", 4, [1]),
        ((told(True, errors=(NO,)),), "run0", 3, []),
        ((told(None),), "run0", 5, [None]),
        ((told(False, code="ValidationError"),), "run0", 3, []),
        ((told(False, code="Throttling", passing=True),), "run0", 3, []),
        ((told(False, sent=False),), "run0", 3, []),
        ((told(False, code="IdempotentCallInProgress", passing=True),), "run0", 5, [None]),
        ((told(False, code="UnsupportedOperation"),), "run0", 5, [None]),  # AWS may launch all the same
        ((told(None), told(False, code="ValidationError")), "run0", 5, [None]),  # the first may have been taken
        ((told(None), told(False, sent=False)), "run0", 5, [None]),
        ((told(None), told(True, launched=ONE, errors=(NO,))), "run0", 4, [1]),
        ((told(False, run="other", code="AccessDenied", denied=True),), "other", 5, [None]),  # whose answer is lost
        ((told(True, run="other", launched=TWO),), "other", 5, [2]),
    ],
)
def test_what_an_answer_makes_of_the_record(
    outcomes: tuple[ActOutcome, ...], run: str, asked: int, came: list[int | None]
) -> None:
    known = after(*outcomes, run=run)
    record = known.observation.journal
    assert isinstance(record, Journal)
    left = settled(Draft(spec=WIDE, observation=known.observation, belief=known.belief, journal=record), record)
    assert (left.asked, [launch.came for launch in left.open]) == (asked, came)
    assert left.launches == 2 - (5 - asked)


def still_open(drawing: str, launch: OpenLaunch, at: float, spec: RolloutSpec = WIDE) -> int:
    """How many are open of one, by a look at a time."""
    draft = draft_of(drawing, spec, group=ZONES, record={"open": (launch,), "asked": 3 + launch.most})
    return len(settled(replace(draft, observation=replace(draft.observation, at=at)), draft.journal).open)


def test_what_came_is_open_until_all_of_it_is_to_be_seen_or_long_enough() -> None:
    came = replace(OPEN, came=1)
    assert still_open("S S S P", came, AT + 5.0) == 0
    assert still_open("S S S", came, AT + LAUNCH_SHOWS - 1) == 1
    assert still_open("S S S", came, AT + LAUNCH_SHOWS) == 0


def test_what_cannot_be_asked_again_is_not_open_for_ever() -> None:
    """AWS forgets a token; or there is no room for what it would bring: then the field tells whether it came."""
    assert still_open("S S S", OPEN, AT + TOKEN_LASTS - 1) == 1
    assert still_open("S S S", OPEN, AT + TOKEN_LASTS) == 0
    assert still_open("S S S", OPEN, AT + LAUNCH_SHOWS - 1, AUTO) == 1
    assert still_open("S S S", OPEN, AT + LAUNCH_SHOWS, AUTO) == 0


@pytest.mark.parametrize(("desired", "asked", "base"), [(3, 5, 3), (4, 5, 3), (5, 5, 3), (6, 6, 4)])
def test_a_field_that_lacks_what_is_open_is_explained_and_a_raise_is_told_from_it(
    desired: int, asked: int, base: int
) -> None:
    seen = recorded(observation("S S S", desired=desired), open=(OPEN,), asked=5)
    known = looked(AUTO, seen)
    assert isinstance(known.observation.journal, Journal)
    found = attribute_desired(known.observation.journal, known.observation, known.belief)
    assert (found.explained, found.journal.asked, found.journal.base) == (True, asked, base)


def test_a_cut_below_what_is_open_leaves_room_for_what_comes() -> None:
    """The owner has taken one of three: asked is what the field will be once the two are there."""
    known = looked(AUTO, recorded(observation("S S", desired=2), open=(OPEN,), asked=5))
    assert isinstance(known.observation.journal, Journal)
    found = attribute_desired(known.observation.journal, known.observation, known.belief)
    assert found.explained and found.lowered and (found.journal.asked, found.journal.base) == (4, 3)


@pytest.mark.parametrize("goal", [advance, restore])
def test_a_field_that_did_not_rise_is_set_to_what_is_there(goal: Any) -> None:
    back = {"goal": Goal.RESTORE, "cause": Cause(code=1, text="x")} if goal is restore else {}
    record = {"open": (replace(OPEN, came=1),), "asked": 4, **ANSWERED, **back}
    draft = draft_of("S S S P", AUTO, group=ZONES | {"desired": 3}, record=record)
    assert SetCapacity(desired=4) in goal(draft).acts
    unseen = draft_of("S S S", AUTO, group=ZONES | {"desired": 3}, record=record)
    assert not any(isinstance(act, SetCapacity) for act in goal(unseen).acts)


def test_nothing_is_ended_while_a_launch_is_open() -> None:
    record = {"open": (OPEN,), "asked": 5, "goal": Goal.RESTORE, "cause": Cause(code=1, text="x"), **ANSWERED}
    done = restore(draft_of("S S S", WIDE, group=ZONES, record=record))
    assert done.acts == (Launch(zone="b", count=2, token="run0-1"),)
    assert {wait.why for wait in done.waits} == {"AWS has not answered yet"}


LAUNCHED = Launch(zone="b", count=2, token="run0-1")


@pytest.mark.parametrize(
    ("law", "action", "record"),
    [
        ("", LAUNCHED, {"open": (OPEN,), "asked": 5}),
        ("law 9", LAUNCHED, {"asked": 5}),
        ("law 9", replace(LAUNCHED, zone="c"), {"open": (OPEN,), "asked": 5}),
        ("law 9", replace(LAUNCHED, count=1), {"open": (OPEN,), "asked": 5}),
        ("law 9", replace(LAUNCHED, token="run0-2"), {"open": (OPEN,), "asked": 5}),
        ("law 6", LAUNCHED, {"open": (OPEN,), "asked": 5, "launches": 24}),
        ("law 2", LAUNCHED, {"open": (OPEN, replace(OPEN, token="run0-2", zone="c")), "asked": 7}),
        ("law 11", LAUNCHED, {"open": (OPEN,), "asked": 5, "until": int(AT) - 60}),
        ("", SetCapacity(desired=5), {"open": (replace(OPEN, came=2),), "asked": 5}),  # it did not rise by itself
    ],
)
def test_a_launch_against_a_law_is_named(law: str, action: Action, record: dict[str, Any]) -> None:
    seen = observation("S S S")
    assert isinstance(seen.journal, Journal)
    written = replace(seen.journal, **record)
    spec = replace(AUTO, max_surge=2)
    found = objection(spec, looked(spec, seen), (Record(journal=written),), action) or ""
    assert found.startswith(law) if law else found == ""
