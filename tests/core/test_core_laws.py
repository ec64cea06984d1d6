"""Each law as a guard: an act that breaks it is named by its number, and the lawful one beside it passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import (
    Action,
    Deregister,
    EnterStandby,
    Erase,
    Launch,
    Order,
    Probe,
    Record,
    Registration,
    Resume,
    RunHook,
    SetCapacity,
    SetSizes,
    SetTemplate,
    Suspend,
    Terminate,
)
from async_rollout.core.choices import Scaling
from async_rollout.core.journal import Cause, Departure, Found, Goal, Journal, Mark, OpenLaunch, Removal
from async_rollout.core.laws import objection
from async_rollout.core.observation import Observation
from async_rollout.core.policy import OLDEST_LOOK
from async_rollout.core.spec import HookPoint, Hooks, RolloutSpec
from async_rollout.core.templates import Templates
from support.drawn import AT, ident, looked, observation, recorded

SPEC = RolloutSpec()
RESTORING: dict[str, Any] = {"goal": Goal.RESTORE, "cause": Cause(code=1, text="x")}
ALL = ("AZRebalance", "AlarmNotification", "ReplaceUnhealthy", "ScheduledActions")


def out(*numbers: int) -> Deregister:
    return Deregister(registrations=tuple(Registration(source="tg1", instance=ident(n), port=80) for n in numbers))


def departure(number: int, **fields: Any) -> Departure:
    return Departure(id=ident(number), at=int(AT), **fields)


DUE = {"caught_up": True, "found": Found(minimum=1, desired=5, maximum=9)}
SWITCHED = Templates(found="lt-1:1", wanted="lt-1:2")
KEPT, SHRUNK = departure(0, removal=Removal.KEEP), departure(0, removal=Removal.SHRINK)
PARKED = departure(0, removal=Removal.PARKED, before=Mark.FAILED)
ASIDE = EnterStandby(instance=ident(0))
TAKEN = Terminate(instance=ident(0), shrink=True)
GOING = tuple(map(departure, range(3)))


def said(
    action: Action, drawing: str, spec: RolloutSpec = SPEC, /, group: dict[str, Any] | None = None, **record: Any
) -> str:
    """What the guard says to this act, with the record as it was just written."""
    seen = observation(drawing)
    seen = replace(seen, group=replace(seen.group, **(group or {})))
    snapshot = looked(spec, seen)
    assert isinstance(seen.journal, Journal)
    written = replace(seen.journal, **record)
    return objection(spec, snapshot, (Record(journal=written),), action) or ""


@pytest.mark.parametrize(
    ("law", "action", "drawing", "record"),
    [
        ("law 1", out(0), "SSSW", {"departures": (departure(0),)}),
        ("", out(0), "SSSN", {"departures": (departure(0),)}),
        ("", out(2), "SSUN", {"departures": (departure(2),)}),  # an ill one is no healthy one less
        ("", out(3), "SSSN", {"departures": (departure(3, surplus=True),), **RESTORING}),
        ("law 2", SetCapacity(desired=5), "SSSN", {"asked": 5}),
        ("law 2", SetCapacity(desired=6), "TTTSSS", {"asked": 6, "base": 5, "departures": GOING}),
        ("", SetCapacity(desired=4), "SSS", {"asked": 4}),
        ("law 3", SetCapacity(desired=2), "SSS", {"asked": 2}),
        ("", SetCapacity(desired=3), "SSS", {"asked": 3}),
        ("law 3", out(3), "SSSN", {"departures": (departure(3),)}),
        ("law 3", out(0), "SSSN", {"departures": ()}),
        ("law 3", Terminate(instance=ident(9), shrink=True), "SSSN", {"departures": (departure(9),)}),
        ("", out(0), "SSSS", {"departures": (departure(0),)}),  # one more than the owner wants, left by a killed run
        ("", out(0), "SSSS", {"departures": (departure(0),), **RESTORING}),
        ("law 6", SetCapacity(desired=4), "SSS", {"asked": 4, "launches": 24}),
        ("", SetCapacity(desired=4), "SSS", {"asked": 4, "launches": 23}),
        ("law 8", Resume(processes=("Launch",)), "SSS", {}),
        ("law 8: nothing", Resume(processes=()), "SSS", {}),
        ("", Resume(processes=("AZRebalance",)), "SSS", {}),
        ("law 8", Suspend(processes=("Launch",)), "SSS", {"suspended": ("Launch",)}),
        ("law 8", Suspend(processes=()), "SSS", {}),
        ("law 8", SetCapacity(maximum=2), "SSS", {}),
        ("", SetCapacity(maximum=3), "SSS", {}),
        ("law 9", SetCapacity(desired=4), "SSS", {"asked": 3}),
        ("law 9", SetCapacity(maximum=11), "SSS", {}),
        ("", SetCapacity(maximum=11), "SSS", {"raised": 11}),
        ("law 8", SetSizes(minimum=1, desired=5, maximum=9), "DSSN", {"departures": (departure(0),), **DUE}),
        ("law 8", SetSizes(minimum=1, desired=5, maximum=9), "SSS", {**RESTORING, **DUE}),
        ("law 9", SetSizes(minimum=1, desired=6, maximum=9), "SSS", DUE),
        ("", SetSizes(minimum=1, desired=5, maximum=9), "SSS", DUE),
        ("law 9", SetTemplate(spelled="lt-1:3"), "SSS", {"templates": SWITCHED}),
        ("law 9", SetTemplate(spelled="lt-1:2"), "SSS", {}),
        ("", SetTemplate(spelled="lt-1:2"), "SSS", {"templates": SWITCHED}),
        ("law 21", SetTemplate(spelled="lt-1:2"), "SSS", {"templates": SWITCHED, **RESTORING}),
        ("", SetTemplate(spelled="lt-1:1"), "SSS", {"templates": SWITCHED, **RESTORING}),
        ("law 9", Suspend(processes=("AZRebalance",)), "SSS", {"suspended": ()}),
        ("", Suspend(processes=("AZRebalance",)), "SSS", {}),
        ("law 9", Terminate(instance=ident(0), shrink=True), "DSSN", {"departures": (departure(0),)}),
        ("law 9", Terminate(instance=ident(0), shrink=True), "DSSN", {"departures": (KEPT,)}),
        ("", Terminate(instance=ident(0), shrink=True), "DSSN", {"departures": (SHRUNK,)}),
        ("law 10: the before-command of", TAKEN, "DSSN", {"departures": (replace(SHRUNK, before=Mark.FAILED),)}),
        ("law 9", ASIDE, "DSSN", {"departures": (departure(0, before=Mark.FAILED),), **RESTORING}),
        ("law 9", ASIDE, "DSSN", {"departures": (replace(SHRUNK, before=Mark.FAILED),), **RESTORING}),
        ("", ASIDE, "DSSN", {"departures": (PARKED,), **RESTORING}),
        ("law 10", ASIDE, "DSSN", {"departures": (PARKED,)}),  # it may go on
        ("law 10", ASIDE, "DSSN", {"departures": (replace(PARKED, before=Mark.NOT),), **RESTORING}),  # it may come back
        ("", ASIDE, "DSSN", {"departures": (replace(PARKED, before=Mark.ENDED),), **RESTORING}),
        ("law 1", ASIDE, "SSSW", {"departures": (PARKED,), **RESTORING}),
        ("law 3", ASIDE, "SSSN", {"departures": (), **RESTORING}),
        ("law 11", ASIDE, "DSSN", {"departures": (PARKED,), "until": int(AT) - 60, **RESTORING}),
        ("law 11", SetCapacity(desired=4), "SSS", {"asked": 4, "until": int(AT) - 60}),
        ("", Erase(), "SSS", {"until": int(AT) - 60}),
        ("", RunHook(point=HookPoint.UP_CHECK, instance=ident(0)), "SSS", {"until": int(AT) - 60}),
    ],
)  # fmt: skip
def test_an_act_against_a_law_is_named(law: str, action: Action, drawing: str, record: dict[str, Any]) -> None:
    found = said(action, drawing, **record)
    assert found.startswith(law) if law else found == ""


def test_a_gap_lets_none_go_before_a_new_one_is_proven() -> None:
    gap = RolloutSpec(max_unavailable=1)
    assert said(out(0), "SSS", gap, departures=(departure(0),)).startswith("law 5")
    assert said(out(0), "SSSN", gap, departures=(departure(0),)) == ""


@pytest.mark.parametrize(
    ("hooks", "action", "mark", "lacking"),
    [
        (Hooks(before_draining="x"), out(0), {"draining": Mark.BEGUN}, "before-draining command"),
        (Hooks(before_draining="x"), out(0), {"draining": Mark.ENDED}, ""),
        (Hooks(before_terminate="x"), out(0), {"before": Mark.NOT}, ""),
        (Hooks(before_terminate="x"), TAKEN, {"before": Mark.BEGUN}, "before-command"),
        (Hooks(before_draining="x"), TAKEN, {"draining": Mark.NOT}, "before-draining command"),
        (Hooks(), TAKEN, {"before": Mark.NOT}, ""),
    ],
)  # fmt: skip
def test_nobody_goes_who_has_a_command_to_come(
    hooks: Hooks, action: Action, mark: dict[str, Mark], lacking: str
) -> None:
    removal = Removal.SHRINK if action is TAKEN else Removal.NOT
    said_of_it = said(action, "SSSN", RolloutSpec(hooks=hooks), departures=(departure(0, removal=removal, **mark),))
    assert said_of_it == (f"law 10: the {lacking} of {ident(0)} is not over" if lacking else "")


def test_more_may_not_exist_than_the_bound_though_the_ceiling_would_allow_it() -> None:
    spec = RolloutSpec(max_surge=2, max_draining=0)
    departures = (departure(0, removal=Removal.SHRINK), departure(1, removal=Removal.SHRINK))
    found = said(SetCapacity(desired=5), "TTSSN", spec, asked=5, departures=departures)
    assert found == "law 2: 7 would exist, 5 may"


@pytest.mark.parametrize(("spelled", "law"), [("lt-1:2", "law 21"), ("lt-1:1", ""), ("lt-1:9", "")])
def test_put_back_it_does_not_end_while_the_group_launches_the_release(spelled: str, law: str) -> None:
    """What others have set meanwhile is theirs."""
    group = {"spelled": spelled, "suspended": frozenset()}
    assert said(Erase(), "SSS", group=group, templates=SWITCHED, **RESTORING).partition(":")[0] == law


OPENED = OpenLaunch(token="r-1", zone="a", count=1, at=int(AT))
FOLLOWING = RolloutSpec(scaling=Scaling.FOLLOW)
CUT = {"lowered_at": int(AT) - 200}


@pytest.mark.parametrize(
    ("law", "action", "record"),
    [
        ("law 22", SetCapacity(desired=4), {"asked": 4, **CUT}),
        ("", SetCapacity(desired=4), {"asked": 4, "lowered_at": int(AT) - 300}),
        ("", SetCapacity(desired=4), {"asked": 4, "base": 4, **CUT}),  # up to what is wanted
        ("", SetCapacity(maximum=11), {"raised": 11, **CUT}),
        ("law 22", Launch(zone="a", count=1, token="r-1"), {"asked": 4, "open": (OPENED,), **CUT}),
        ("law 22", Suspend(processes=("AlarmNotification",)), {}),
        ("law 22", Suspend(processes=("AZRebalance", "ScheduledActions")), {}),
        ("", Suspend(processes=("AZRebalance",)), {}),
    ],
)
def test_who_scales_has_the_last_word_where_it_is_followed(law: str, action: Action, record: dict[str, Any]) -> None:
    assert said(action, "SSS", FOLLOWING, **record).partition(":")[0] == law
    assert said(action, "SSS", **record) == ""


def test_a_launch_that_is_asked_for_again_asks_for_nobody_more() -> None:
    seen = observation("SSS")
    assert isinstance(seen.journal, Journal)
    written = replace(seen.journal, asked=4, open=(OPENED,), **CUT)
    snapshot = looked(FOLLOWING, replace(seen, journal=written))
    assert objection(FOLLOWING, snapshot, (), Launch(zone="a", count=1, token="r-1")) is None


@pytest.mark.parametrize("action", [Record, Order, Probe])
def test_what_only_writes_tags_needs_no_record(action: type) -> None:
    seen = observation("SSS")
    acts = {Record: Record(journal=seen.journal), Order: Order(text="stop"), Probe: Probe(run="run0")}  # type: ignore[arg-type]
    snapshot = looked(SPEC, replace(seen, journal=None))
    assert objection(SPEC, snapshot, (), acts[action]) is None


def test_nothing_else_is_done_without_a_record() -> None:
    snapshot = looked(SPEC, replace(observation("SSS"), journal=None))
    assert objection(SPEC, snapshot, (), Suspend(processes=ALL)) == "law 9: nothing is done without a record"


def test_nothing_is_done_on_the_record_of_another() -> None:
    snapshot = looked(SPEC, recorded(observation("SSS"), run="other"))
    assert objection(SPEC, snapshot, (), Resume(processes=ALL)) == "law 11: the record that was seen is not ours"


def test_force_may_resume_what_a_rollout_needs() -> None:
    seen: Observation = observation("SSS")
    for healthy, found in ((True, "law 8: Launch is not ours to resume"), (False, None)):
        spec = RolloutSpec(require_healthy_group=healthy)
        assert objection(spec, looked(spec, seen), (), Resume(processes=("Launch",))) == found


def test_a_lease_that_is_over_is_no_lease() -> None:
    for until, found in ((30.0 - OLDEST_LOOK, None), (29.0 - OLDEST_LOOK, "law 11: our lease is over")):
        snapshot = looked(SPEC, recorded(observation("SSS"), until=int(AT + until)))
        assert objection(SPEC, snapshot, (), Resume(processes=("AZRebalance",))) == found


def test_whose_way_out_was_recorded_before_goes_on_though_it_looks_well_again() -> None:
    seen = recorded(observation("SSSN"), departures=(departure(3),))
    assert isinstance(seen.journal, Journal)
    assert objection(SPEC, looked(SPEC, seen), (Record(journal=seen.journal),), out(3)) is None
