"""What of a source's work has not come to rest, as looks show it, and the gate that waits for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.core.actions import HealthOf
from async_rollout.core.advance import advance
from async_rollout.core.belief import Belief, Me
from async_rollout.core.carried import carried
from async_rollout.core.draft import Draft
from async_rollout.core.finish import finish
from async_rollout.core.gates import Closed, Open, Shut, asked
from async_rollout.core.journal import Goal, Journal, Unreadable
from async_rollout.core.observation import Observation, Source, unfound
from async_rollout.core.pace import Look
from async_rollout.core.plan import plan_of
from async_rollout.core.recall import recall
from async_rollout.core.restless import Restless, folded
from async_rollout.core.spec import Limits, RolloutSpec
from async_rollout.core.templates import Back, Templates
from support.drafts import NOW, draft_of
from support.drawn import AT, SOURCES, ident, observation, recorded

SPEC = RolloutSpec(limits=Limits(drain=100.0))
QUAY = Source(
    id="q", kind="quay", noun="quay", name="west", drain_delay=50.0, has_listener=False, moves_work=True, seen_at=NOW
)
UNREST = (("one", "it lifts"),)
WORDS = {"one": "it lifts", "two": "it turns"}


def at(*names: str, **fields: Any) -> Draft:
    """One old one is to go, one new one serves. names: of what is not at rest for 20 s. fields: of the draft."""
    return with_unrest(draft_of(fields.pop("drawing", "SN"), SPEC, record=fields.pop("record", {})), names, **fields)


def with_unrest(draft: Draft, names: tuple[str, ...], since: float = NOW - 20.0, **source: Any) -> Draft:
    quay = replace(QUAY, unsettled=tuple((name, WORDS.get(name, "it rolls")) for name in names), **source)
    known = Restless(since=dict.fromkeys(names, since))
    return replace(
        draft,
        spec=SPEC,
        observation=replace(draft.observation, sources=(*SOURCES, quay)),
        belief=replace(draft.belief, restless={"q": known}),
    )


def said(draft: Draft) -> Any:
    return asked(draft)[0]


def test_it_is_told_what_is_waited_for_since_when_and_until_when() -> None:
    answer = said(at("two", "one"))
    assert isinstance(answer, Closed)
    assert (answer.wait.on, answer.wait.option) == ("quay west", "--drain-timeout")
    assert (answer.wait.since, answer.wait.until) == (NOW - 20.0, NOW + 130.0)
    assert answer.wait.why == "nothing more goes out until it is at rest: one: it lifts; two: it turns"
    assert answer.look == Look(NOW + 2.0, frozenset({HealthOf("q")}))


def test_of_many_three_are_named() -> None:
    answer = said(at("one", "two", "x", "y", "z"))
    assert answer.wait.why.endswith("one: it lifts; two: it turns; x: it rolls; and 2 more")


@pytest.mark.parametrize(("seconds", "shut"), [(149.0, False), (150.0, False), (151.0, True), (4000.0, True)])
def test_at_the_limit_of_a_drain_it_is_shut(seconds: float, shut: bool) -> None:
    answer = said(at("one", since=NOW - seconds))
    assert isinstance(answer, Shut) is shut
    if isinstance(answer, Shut):
        assert answer.cause.code == 1
        assert answer.cause.text == "quay west is not at rest after 150 s: one: it lifts; raise --drain-timeout"


def test_time_in_which_nobody_looked_is_not_counted() -> None:
    draft = at("one", since=NOW - 200.0)
    draft = replace(draft, belief=replace(draft.belief, unseen=((NOW - 50.0, 60.0),)))
    assert isinstance(said(draft), Closed)


def test_the_first_that_is_late_is_the_cause_whatever_came_later() -> None:
    draft = at("one", "two")
    known = Restless(since={"one": NOW - 5.0, "two": NOW - 500.0})
    answer = said(replace(draft, belief=replace(draft.belief, restless={"q": known})))
    assert isinstance(answer, Shut) and "two: it turns" in answer.cause.text


@pytest.mark.parametrize(
    ("record", "source", "most"),
    [
        ({}, {}, 1),
        ({"replaced": 1}, {}, None),
        ({}, {"moves_work": False}, None),
        ({}, {"gone": True}, None),
    ],
    ids=["the first", "one has left", "a source that moves nothing", "a source that is gone"],
)
def test_the_first_old_one_goes_alone_where_work_is_moved(
    record: dict[str, Any], source: dict[str, Any], most: int | None
) -> None:
    assert said(at(record=record, **source)) == Open(most=most)


def test_the_first_goes_alone_whatever_may_go_beside_it() -> None:
    def out(record: dict[str, Any]) -> int:
        draft = replace(at(drawing="SSSNNN", record={"base": 3, **record}), spec=replace(SPEC, max_surge="100%"))
        return len(advance(draft).journal.departures)

    assert (out({}), out({"replaced": 1})) == (1, 3)


def test_what_was_not_asked_yet_is_asked_at_once() -> None:
    draft = at()
    answer = said(replace(draft, belief=replace(draft.belief, restless={})))
    assert isinstance(answer, Closed)
    assert answer.look == Look(NOW, frozenset({HealthOf("q")})) and answer.wait.on == "quay west"
    calm = replace(draft, observation=replace(draft.observation, sources=SOURCES))
    assert said(replace(calm, belief=replace(draft.belief, restless={}))) == Open()


@pytest.mark.parametrize("drawing", ["N", "NN", "DN"])
def test_where_nobody_more_is_to_go_it_neither_holds_nor_turns_back(drawing: str) -> None:
    base = {"base": len(drawing)}
    assert said(at("one", since=NOW - 4000.0, drawing=drawing, record=base)) == Open()


def test_nobody_waits_for_a_source_that_is_gone() -> None:
    draft = at("one", since=NOW - 4000.0)
    gone = replace(draft.observation, sources=(*SOURCES, unfound(draft.observation.sources[-1])))
    assert said(replace(draft, observation=gone)) == Open()


def test_it_stands_before_no_rollback() -> None:
    back = Templates(found="lt-1:1", wanted="lt-1:2", back=Back.BEGUN)
    assert said(at("one", since=NOW - 4000.0, record={"templates": back})) == Open()


@pytest.mark.parametrize(("names", "goes"), [((), True), (("one",), False)])
def test_it_stands_before_one_too_many_at_the_end_but_not_where_all_is_put_back(
    names: tuple[str, ...], goes: bool
) -> None:
    for goal in Goal:
        record = {"base": 2, "replaced": 2, "goal": goal, "asked": 3}
        done = finish(at(*names, drawing="NNN", record=record))
        assert bool(done.journal.departures) is (goes or goal is Goal.RESTORE), goal


def test_what_is_under_way_goes_on() -> None:
    draft = at("one", drawing="DSN")
    after = advance(draft)
    assert [one.id for one in after.journal.departures] == [ident(0)]
    assert any(wait.on.startswith(ident(0)) for wait in after.waits)
    assert Look(NOW + 2.0, frozenset({HealthOf("q")})) in after.looks, "it is looked for beside that"
    assert not any("at rest" in wait.why for wait in after.waits)


def seen(*names: str, at: float = AT, **fields: Any) -> Observation:
    quay = replace(QUAY, seen_at=at, unsettled=tuple((name, "x") for name in names))
    return replace(observation("SN", at=at), sources=(replace(quay, **fields),))


def test_what_was_so_before_is_left_out_until_it_comes_to_rest() -> None:
    known = folded({}, seen("a", "b"), begun=False)
    known = folded(known, seen("b", "c", at=AT + 10), begun=False)
    assert known == {"q": Restless(before=frozenset("bc"))}
    known = folded(known, seen("b", "c", "d", at=AT + 20), begun=True)
    assert known == {"q": Restless(before=frozenset("bc"), since={"d": AT + 20})}
    known = folded(known, seen("c", "d", at=AT + 30), begun=True)
    assert known == {"q": Restless(before=frozenset("c"), since={"d": AT + 20})}
    known = folded(known, seen("b", "c", at=AT + 40), begun=True)
    assert known == {"q": Restless(before=frozenset("c"), since={"b": AT + 40})}


@pytest.mark.parametrize("fields", [{"seen_at": None}, {"gone": True}], ids=str)
def test_a_look_that_does_not_tell_changes_nothing(fields: dict[str, Any]) -> None:
    known = {"q": Restless(before=frozenset("a"), since={"b": AT})}
    assert folded(known, seen(at=AT + 50, **fields), begun=True) == known


@given(st.lists(st.tuples(st.booleans(), st.sets(st.sampled_from("abc"))), max_size=8))
def test_all_that_is_not_at_rest_was_so_before_or_counts_from_its_first_look(
    looks: list[tuple[bool, set[str]]],
) -> None:
    known: dict[str, Restless] = {}
    begun, shown = False, list[set[str]]()
    for number, (begins, names) in enumerate(looks):
        begun = begun or begins
        earlier = known.get("q", Restless())
        known = folded(known, seen(*names, at=AT + number), begun=begun)
        now = known["q"]
        shown.append(names)
        assert now.before | now.since.keys() == names and not now.before & now.since.keys()
        if begun:
            assert now.before <= earlier.before
        for name, since in now.since.items():
            assert all(name in each for each in shown[int(since - AT) :])


def _record(**fields: Any) -> Journal:
    record = recorded(observation("SN"), **fields).journal
    assert isinstance(record, Journal)
    return record


@pytest.mark.parametrize(
    ("shown", "ours", "before"),
    [
        (None, None, True),
        (_record(began=0, cutoff=None), None, True),
        (_record(), None, False),
        (_record(run="another"), None, False),
        (_record(cutoff=None), None, False),
        (Unreadable(why="torn"), None, False),
        (None, _record(), False),
    ],
    ids=["no record", "not begun", "ours", "another's", "begun anew", "unreadable", "it vanished"],
)
def test_only_before_the_rollout_acts_it_is_found_so(
    shown: Journal | Unreadable | None, ours: Journal | None, before: bool
) -> None:
    belief = Belief(me=Me(run="run0", holder="host/boot/1"), journal=ours)
    known = recall(SPEC, belief, replace(seen("a"), journal=shown)).restless["q"]
    assert known == (Restless(before=frozenset("a")) if before else Restless(since={"a": AT}))


def test_a_look_that_did_not_ask_shows_what_the_last_one_said() -> None:
    belief, blind = Belief(me=Me(run="run0", holder="host/boot/1")), seen(at=AT + 5, seen_at=None)
    (quay,) = carried(blind, seen("a"), belief, ()).sources
    assert (quay.unsettled, quay.seen_at) == ((("a", "x"),), None)
    (told,) = carried(seen(at=AT + 5), seen("a"), belief, ()).sources
    assert told.unsettled == ()
    assert folded({}, carried(blind, seen("a"), belief, ()), begun=True) == {}, "it is no news"


def test_a_plan_is_played_beside_what_never_comes_to_rest_and_counts_the_first_that_goes_alone() -> None:
    found = replace(observation("SSS", desired=3), journal=None)
    free = replace(found, group=replace(found.group, suspended=frozenset()))
    spec = RolloutSpec(max_surge="100%", canary_wait=0.0)
    plans = [
        plan_of(spec, replace(free, sources=(*SOURCES, *more))) for more in ((), (replace(QUAY, unsettled=UNREST),))
    ]
    assert [(len(plan.old), plan.objections) for plan in plans] == [(3, ()), (3, ())]
    assert plans[1].expected_seconds > plans[0].expected_seconds + 50.0
