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
from async_rollout.core.decide import decide
from async_rollout.core.draft import Draft
from async_rollout.core.journal import OPEN_MAX, Cause, Goal, Journal, OpenLaunch, Way
from async_rollout.core.launching import asked_again, asked_for
from async_rollout.core.laws import objection
from async_rollout.core.open_launches import settled, unanswerable, way_of
from async_rollout.core.outcomes import ActOutcome, LaunchError
from async_rollout.core.plan import plan_of
from async_rollout.core.policy import LAUNCH_SHOWS, TOKEN_LASTS
from async_rollout.core.recall import recall
from async_rollout.core.restore import restore
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import LaunchCall, RolloutSpec
from async_rollout.core.survey import objections
from async_rollout.core.trouble import trouble
from async_rollout.core.zones import chosen
from support.drafts import NOW, draft_of, snapshot_of
from support.drawn import AT, looked, observation, recorded

AUTO = RolloutSpec(launch=LaunchCall.AUTO)
ZONES = {"zones": ("a", "b", "c")}
ANSWERED: dict[str, Any] = {"way": Way.ANSWERED}
WIDE = replace(AUTO, max_surge=5)
NO_CAPACITY = "InsufficientInstanceCapacity: We currently do not have sufficient t3.micro capacity"
OPEN = OpenLaunch(token="run0-1", zone="b", count=2, at=int(AT))


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


def after(*outcomes: ActOutcome, run: str = "run0") -> Snapshot:
    """What is known after these answers to a launch of `run`."""
    seen = recorded(observation("S S S"), open=(replace(OPEN, token=f"{run}-1"),), asked=5, launches=2, **ANSWERED)
    belief = looked(AUTO, seen).belief
    now = replace(seen, at=NOW + 5.0)
    return Snapshot(observation=now, belief=recall(AUTO, belief, now, outcomes))


def told(ok: bool | None, *, run: str = "run0", **fields: Any) -> ActOutcome:
    return ActOutcome(action=Launch(zone="b", count=2, token=f"{run}-1"), at=NOW, ok=ok, **fields)


NO = LaunchError(code="InsufficientInstanceCapacity", message="We currently do not have sufficient t3.micro capacity")
ONE, TWO = ("i-1",), ("i-1", "i-2")


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


@pytest.mark.parametrize(
    ("group", "why"),
    [
        ({}, ""),
        ({"template": "lc:old"}, "launch configuration"),
        ({"template": ""}, "launch configuration"),
        ({"mixed_purchase": True}, "On-Demand and Spot"),
        ({"weighted": True}, "weights"),
        ({"warm_pool": True}, "warm pool"),
        ({"zones": ()}, "zones"),
    ],
)
def test_which_groups_launches_are_answered(group: dict[str, Any], why: str) -> None:
    shown = replace(observation("S").group, **(ZONES | group))
    assert why in unanswerable(shown) and bool(why) == bool(unanswerable(shown))
    assert way_of(AUTO, shown) is (Way.DESIRED if why else Way.ANSWERED)
    assert way_of(RolloutSpec(), shown) is Way.DESIRED


@pytest.mark.parametrize(
    ("outcomes", "said", "denied"),
    [
        ((told(False, code="AccessDenied", message="no", denied=True),), "AccessDenied: no", True),
        ((told(False, code="UnsupportedOperation", message="no"),), "UnsupportedOperation: no", False),
        ((told(False, code="ValidationError", message="no"),), None, False),
        ((told(False, code="Odd", message="no"), told(False, code="Odd", message="again")), "Odd: again", False),
        ((told(False, code="ExpiredToken", message="no", denied=True),), None, False),
        ((told(True, errors=(NO, NO)),), None, False),
    ],
)
def test_when_launches_are_asked_for_in_the_other_way(
    outcomes: tuple[ActOutcome, ...], said: str | None, *, denied: bool
) -> None:
    known = after(*outcomes)
    mute = known.belief.mute
    assert (mute and mute.said, bool(mute and mute.denied)) == (said, denied)
    assert (known.belief.denied is not None) == any(one.code == "ExpiredToken" for one in outcomes)
    decision = decide(AUTO, replace(known, belief=replace(known.belief, held=known.belief.settled)))
    assert decision.meant is None or decision.meant.way is (Way.DESIRED if mute else Way.ANSWERED)


@pytest.mark.parametrize(("denied", "code"), [(True, 4), (False, 1)])
def test_who_wants_no_other_way_is_told_so(*, denied: bool, code: int) -> None:
    spec = replace(AUTO, launch=LaunchCall.ANSWERED)
    draft = draft_of("S S S", spec, group=ZONES, record=ANSWERED, mute=Mute("Odd: no", denied=denied))
    assert trouble(draft) == Cause(code=code, text="--launch answered: Odd: no")
    assert trouble(replace(draft, spec=AUTO)) is None


def test_an_image_that_is_not_there_ends_it_at_the_second_zone_and_a_full_quota_at_the_first() -> None:
    image = LaunchError(code="InvalidAMIID.NotFound", message="The image id '[ami-1]' does not exist")
    quota = LaunchError(
        code="VcpuLimitExceeded",
        message="You have requested more vCPU capacity than your current vCPU limit of 5 allows",
    )

    def cause(*errors: LaunchError, zones: str = "abc", **record: Any) -> Cause | None:
        snapshot = snapshot_of("S S S", AUTO, group={"zones": tuple(zones)}, record=ANSWERED | record)
        belief = snapshot.belief
        for number, error in enumerate(errors):
            launch = Launch(zone=zones[number], count=1, token=f"run0-{number}")
            at = NOW + number
            belief = recall(AUTO, belief, replace(snapshot.observation, at=at), (
                ActOutcome(action=launch, at=at, ok=True, errors=(error,)),
            ))  # fmt: skip
        draft = draft_of("S S S", AUTO, group={"zones": tuple(zones)}, record=ANSWERED | record)
        return trouble(replace(draft, belief=belief))

    assert cause(image) is None
    assert "does not exist" in str(cause(image, image))
    assert "does not exist" in str(cause(image, zones="a"))  # nowhere else to try
    assert "vCPU" in str(cause(quota))
    assert cause(quota, replaced=1) is None  # what has gone may make room in it
    assert cause(NO, NO, NO) is None  # capacity comes and goes


def test_no_zone_for_too_long_is_a_cause() -> None:
    draft = draft_of("S S S", AUTO, group=ZONES, record=ANSWERED, dry_since=NOW)
    late = NOW + 590.0
    belief = recall(AUTO, draft.belief, draft.observation, tuple(
        ActOutcome(action=Launch(zone=zone, count=1, token=f"run0-{zone}"), at=late, ok=True, errors=(NO,))
        for zone in "abc"
    ))  # fmt: skip
    assert belief.dry_since == NOW  # since the first of them

    def cause(at: float) -> Cause | None:
        return trouble(replace(draft, belief=belief, observation=replace(draft.observation, at=at)))

    assert cause(NOW + 600.0) is None
    assert "no zone took a launch within 600 s; AWS says: Insufficient" in str(cause(NOW + 601.0))
    came = recall(AUTO, belief, draft.observation, (told(True, launched=ONE),))
    assert came.dry_since is None


def test_a_run_that_is_forced_is_refused_where_it_cannot_be() -> None:
    seen = observation("S S S")
    assert seen.survey is not None
    forced = replace(seen, group=replace(seen.group, template="lc:x", **ZONES))
    (line,) = objections(replace(AUTO, launch=LaunchCall.ANSWERED), forced, seen.survey)
    assert line == "--launch answered: it has a launch configuration, so AWS does not answer launches here"
    assert objections(AUTO, forced, seen.survey) == ()


@pytest.mark.parametrize(
    ("call", "group", "told"),
    [
        (
            LaunchCall.AUTO,
            {},
            "zone by zone, each answered by AWS at once (LaunchInstances), or by desired capacity where",
        ),
        (LaunchCall.ANSWERED, {}, "zone by zone, each answered by AWS at once (LaunchInstances)"),
        (LaunchCall.AUTO, {"mixed_purchase": True}, "by desired capacity: its policy mixes On-Demand and Spot"),
        (LaunchCall.DESIRED, {}, ""),
    ],
)
def test_a_plan_says_by_which_call_new_ones_come_and_why(call: LaunchCall, group: dict[str, Any], told: str) -> None:
    seen = observation("S S S")
    shown = replace(seen, journal=None, group=replace(seen.group, suspended=frozenset(), **(ZONES | group)))
    plan = plan_of(RolloutSpec(launch=call), shown)
    lines = [note for note in plan.notes if note.startswith("new instances are")]
    assert len(lines) == bool(told) and all(told in line for line in lines)
    zones = [step.action.zone for step in plan.steps if isinstance(step.action, Launch)]
    assert sorted(zones) == (["a", "b", "c"] if "zone by zone" in told else [])
