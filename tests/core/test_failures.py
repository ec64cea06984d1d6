"""Newcomers that fail: which do, which of them count, and what is the world's doing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Deregister, Record, Registration
from async_rollout.core.budget import failures_most
from async_rollout.core.failures import judged, worlds_doing
from async_rollout.core.history import History, Since, Streak
from async_rollout.core.journal import Departure, Goal, Journal
from async_rollout.core.laws import objection
from async_rollout.core.lost import CALLED, RECLAIMED
from async_rollout.core.observation import Observation, TargetState
from async_rollout.core.policy import ILL, LOST, TOLD_BY
from async_rollout.core.snapshot import Snapshot
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.stages import Stage
from async_rollout.core.traffic import held_up
from async_rollout.errors import UsageError
from async_rollout.sandbox.health import ENDED
from support.drafts import NOW, draft_of
from support.drawn import ident

SPEC = RolloutSpec()
BAD = Streak(bad=ILL.looks, at=NOW)
WAS_WELL: dict[str, Any] = {"proven": True, "streak": BAD, "ill_since": NOW - TOLD_BY}


LEFT, LATE = NOW - LOST.seconds, NOW - LOST.seconds - TOLD_BY
TAKEN = "At 2026-01-05T08:00:00Z an instance was taken out of service in response to"
ELB, EC2 = f"{TAKEN} an ELB system health check failure.", f"{TAKEN} {ENDED}."
ORDERS = (
    f"{TAKEN} a user request, shrinking the capacity from 4 to 3.",
    f"{TAKEN} a difference between desired and actual capacity, shrinking the capacity from 4 to 3.",
    f"{TAKEN} an EC2 instance rebalance recommendation.",
)


def seen(drawing: str, **record: Any) -> Observation:
    """Drawn instances, now."""
    return replace(draft_of(drawing, SPEC, record=record).observation, at=NOW)


def failed(observation: Observation, *, before: dict[str, Any] | None = None, since: float = 0.0, **now: Any) -> str:
    """Why the last one failed by this look. before, now: what is remembered of it."""
    id = observation.instances[-1].id
    was, seen_now = ({"stage": Since(Stage.AILING, NOW), **found} for found in (before or now, now))
    after = judged(SPEC, observation, {id: History(**was)}, {id: History(**seen_now)}, since=since)
    return after[id].failed


@pytest.mark.parametrize(
    ("drawing", "now", "why"),
    [
        ("SSSN", WAS_WELL, "not registered everywhere"),
        (
            "SSSN",
            {"proven": True, "streak": replace(BAD, bad=ILL.looks - 1)},
            "",
        ),  # perhaps a gap in the answers
        ("SSSW", {"streak": BAD}, ""),  # not proven yet: its limit is another
        ("SSSS", WAS_WELL, ""),  # an old one
        ("SSSN", {"lost_since": LATE}, "it left before it served"),
        ("SSSN", {"lost_since": LATE + 1}, ""),  # AWS may tell yet
        (
            "SSSN",
            {"lost_since": LEFT, "end": "Client.InstanceInitiatedShutdown"},
            "it left before it served: Client.InstanceInitiatedShutdown",
        ),
        ("SSSN", {"lost_since": LEFT + 1, "end": "Client.InstanceInitiatedShutdown"}, ""),
        ("SSSN", {"lost_since": LEFT, "end": "Server.InternalError"}, "it left before it served: Server.InternalError"),
        ("SSSN", {"lost_since": LATE, "end": RECLAIMED}, ""),
        ("SSSN", {"lost_since": LEFT, "cause": ELB}, ""),  # EC2 may tell yet
        ("SSSN", {**WAS_WELL, "ill_since": NOW - 20.0}, ""),
        ("SSSN", {**WAS_WELL, "ill_since": NOW - TOLD_BY}, "not registered everywhere"),
        ("SSSN", {**WAS_WELL, "ill_since": NOW - 20.0, "run_at": NOW - 10.0}, "not registered everywhere"),
        ("SSSN", {**WAS_WELL, "ill_since": NOW - 20.0, "run_at": NOW - 30.0}, ""),  # it ran when it was well
        ("SSSN", {**WAS_WELL, "ill_since": NOW - 20.0, "end": RECLAIMED}, ""),
        ("SSSN", {**WAS_WELL, "ill_since": NOW - 20.0, "end": "Server.InternalError"}, "not registered everywhere"),
        (
            "SSSN",
            {**WAS_WELL, "ill_since": NOW - 20.0, "end": "Client.InstanceInitiatedShutdown"},
            "not registered everywhere",
        ),
        ("SSSN", {"lost_since": LATE, "end": RECLAIMED, "cause": ELB}, ""),  # EC2's word goes before
        ("SSSN", {"lost_since": LATE, "end": CALLED}, f"it left before it served: {CALLED}"),  # by whom nobody knows
        ("SSSN", {"lost_since": LEFT, "end": CALLED, "cause": ELB}, f"it left before it served: {CALLED}"),
        ("SSSN", {"lost_since": LATE, "end": CALLED, "cause": EC2}, ""),  # Auto Scaling has only found it so
        ("SSSN", {"lost_since": LATE, "cause": EC2}, "it left before it served"),
        *(("SSSN", {"lost_since": LATE, "end": end, "cause": cause}, "") for cause in ORDERS for end in ("", CALLED)),
        (
            "SSSN",
            {"lost_since": LEFT, "end": "Client.InternalError", "cause": ORDERS[0]},
            "it left before it served: Client.InternalError",
        ),
    ],
)
def test_which_newcomers_fail(drawing: str, now: dict[str, Any], why: str) -> None:
    assert failed(seen(drawing), **now) == why
    assert failed(seen(drawing, goal=Goal.RESTORE), **now) == ""
    assert failed(seen(drawing), failed="as it was told first", **now) == "as it was told first"
    assert failed(seen(drawing), since=NOW + 1.0, **now) == "", "others have counted it"


def test_one_that_others_mark_is_ill_where_no_load_balancer_calls_it_healthy() -> None:
    observation = seen("SSSN")
    marked = replace(observation.instances[3], health="Unhealthy")
    observation = replace(observation, instances=(*observation.instances[:3], marked))
    assert failed(observation, proven=True, streak=Streak(good=9, at=NOW)) == ""
    assert failed(observation, **WAS_WELL) == "it is marked Unhealthy"


def test_one_that_is_taken_out_before_it_was_proven_has_failed_at_that_moment() -> None:
    out = Departure(id=ident(3), at=int(NOW))
    young = {"stage": Since(Stage.REGISTERING, NOW - 900), "streak": BAD}
    gone = {"stage": Since(Stage.DRAINING, NOW - 5), "streak": BAD}
    observation = seen("SSSW", departures=(out,))
    assert "tg1" in failed(observation, before=young, streak=BAD)
    assert failed(observation, before=gone, streak=BAD) == "", "it was counted when it was taken out"
    assert failed(observation, before=young, streak=BAD, proven=True) == ""
    assert failed(seen("SSSW", departures=(replace(out, surplus=True),)), before=young, streak=BAD) == ""


def ended(drawing: str, reasons: dict[int, str], *, apart: float = 0.0, **record: Any) -> dict[str, str]:
    """Who counts as failed by a look in which EC2 has ended some, by their place. apart: s from launch to launch."""
    observation = seen(drawing, **record)
    assert isinstance(observation.journal, Journal)
    found = [
        replace(one, down="terminated", reason=reasons[n], health="Unhealthy") if n in reasons else one
        for n, one in enumerate(observation.instances)
    ]
    new = drawing.index("N")
    found[new:] = [replace(one, launched_at=NOW - 900 + apart * n) for n, one in enumerate(found[new:])]
    observation = replace(observation, instances=tuple(found))
    histories = {one.id: History(proven=True, stage=Since(Stage.AILING, NOW)) for one in found}
    after = judged(SPEC, observation, histories, histories, since=0.0)
    return {id: one.failed for id, one in after.items() if one.failed}


BY_EC2, BY_ITSELF = "Server.InternalError", "Client.InstanceInitiatedShutdown"


@pytest.mark.parametrize(
    ("drawing", "reasons", "fail"),
    [
        ("SSNN", {2: BY_EC2}, [2]),
        ("SSNN", {2: BY_ITSELF}, [2]),
        ("SSNN", {2: RECLAIMED, 3: CALLED}, []),
        ("SSNN", {1: BY_EC2, 2: BY_EC2, 3: BY_EC2}, []),  # an old one too: that is no release's doing
        ("SSNN", {1: BY_EC2, 2: BY_ITSELF}, [2]),  # another cause
        ("SSNN", {1: CALLED, 2: BY_EC2}, [2]),
    ],
)
def test_whom_ec2_has_ended_fails_by_the_same_rule(drawing: str, reasons: dict[int, str], fail: list[int]) -> None:
    why = {ident(n): f"EC2 does not run it: {reasons[n]}" for n in fail}
    assert ended(drawing, reasons) == why
    out = tuple(Departure(id=ident(n), at=int(NOW)) for n in reasons)
    assert ended(drawing, reasons, departures=out) == {}, "it was judged when it was first seen"


@pytest.mark.parametrize(("apart", "world"), [(60.0, False), (61.0, True)])
def test_where_no_old_one_is_left_what_ends_all_ages_at_once_is_the_worlds(apart: float, *, world: bool) -> None:
    assert bool(ended("NNN", {0: BY_EC2, 1: BY_EC2}, apart=apart)) is not world
    assert ended("NNN", {0: BY_EC2, 1: BY_ITSELF}, apart=apart).keys() == {ident(0), ident(1)}


@pytest.mark.parametrize(
    ("drawing", "new", "old", "ill"),
    [
        ("SSSN", 1, 3, True),
        ("SSSN", 1, 2, False),  # two thirds of the old, all of the new
        ("SNNN", 1, 0, False),
        ("SSNN", 1, 1, True),
        ("NNNN", 4, 0, False),  # nobody old is left to tell, and each got ill at the same age
        ("SSSS", 0, 4, False),  # the new ones are well, or there are none
    ],
)
def test_what_hits_old_ones_in_the_same_share_is_the_worlds(drawing: str, new: int, old: int, *, ill: bool) -> None:
    observation = seen(drawing)
    assert isinstance(observation.journal, Journal)
    olds = [one.id for one in observation.instances][: drawing.count("S")]
    news = [one.id for one in observation.instances][drawing.count("S") :]
    histories = {id: History(proven=True, streak=Streak(good=3, at=NOW)) for id in (*olds, *news)}
    launched = {one.id: one.launched_at or 0.0 for one in observation.instances}
    since = {id: launched[id] + 60.0 for id in news[:new]}
    histories |= {id: History(**{**WAS_WELL, "streak": replace(BAD, since=at)}) for id, at in since.items()}
    histories |= {id: History(proven=True, streak=Streak(bad=1, at=NOW)) for id in olds[:old]}
    assert bool(worlds_doing(SPEC, observation, observation.journal, histories)) is ill
    counted = [id for id, one in judged(SPEC, observation, histories, histories, since=0.0).items() if one.failed]
    assert len(counted) == (0 if ill else new)
    draft = draft_of(drawing, SPEC)
    wait = held_up(replace(draft, belief=replace(draft.belief, histories=histories)))
    assert (wait is not None and wait.on == "the world") is ill


@pytest.mark.parametrize(
    ("launched", "ill", "world"),
    [
        ((0, 60, 120), (400, 400, 410), True),
        ((0, 60, 120), (400, 430, 459), True),
        ((0, 60, 120), (400, 430, 460), False),
        ((0, 60, 120), (400, 460, 520), False),  # each at the same age
        ((100, 100, 100), (400, 400, 400), False),  # of one batch: age and moment are the same
        ((0,), (400,), False),
        ((0, 60, 120), (400, 400, None), False),  # one is well
    ],
)
def test_where_no_old_one_is_left_a_moment_is_told_from_an_age(
    launched: tuple[float, ...], ill: tuple[float | None, ...], *, world: bool
) -> None:
    observation = seen("N" * len(launched))
    assert isinstance(observation.journal, Journal)
    assert observation.journal.cutoff is not None
    begun = observation.journal.cutoff + 1
    found = tuple(replace(one, launched_at=begun + at) for one, at in zip(observation.instances, launched, strict=True))
    observation = replace(observation, instances=found, at=NOW)
    well = Streak(good=9, at=NOW, since=NOW - 900)
    streaks = [well if at is None else replace(BAD, since=at) for at in ill]
    histories = {one.id: History(proven=True, streak=streak) for one, streak in zip(found, streaks, strict=True)}
    said = worlds_doing(SPEC, observation, observation.journal, histories)
    assert said == ("all new instances got ill at once, whatever their age" if world else "")


@pytest.mark.parametrize(("old", "new"), [(True, False), (False, True), (True, True), (False, False)])
def test_who_has_just_got_well_does_not_speak_against_the_world(*, old: bool, new: bool) -> None:
    """What hit all is over, and the checks of a load balancer are up to an interval apart."""
    observation = seen("SNNN")
    assert isinstance(observation.journal, Journal)
    soon, long = (Streak(good=1, at=NOW, since=NOW - ago) for ago in (ILL.looks * SPEC.interval - 1, 900.0))
    streaks = [soon if old else long, soon if new else long, BAD, BAD]
    histories = {
        one.id: History(proven=True, streak=streak) for one, streak in zip(observation.instances, streaks, strict=True)
    }
    assert bool(worlds_doing(SPEC, observation, observation.journal, histories)) is old


@pytest.mark.parametrize(
    ("max_failures", "size", "most"),
    [
        (None, 1, 2), (None, 20, 2), (None, 21, 3), (None, 100, 10),
        (1, 50, 1), ("5%", 50, 3), ("5%", 0, 1), ("100%", 3, 3),
    ],
)  # fmt: skip
def test_how_many_may_fail(max_failures: int | str | None, size: int, most: int) -> None:
    draft = draft_of("SSS", record={})
    record = replace(draft.journal, found=replace(draft.journal.found, desired=size))
    assert failures_most(RolloutSpec(max_failures=max_failures), record) == most


def test_none_may_not_be_the_most() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        RolloutSpec(max_failures=0)


@pytest.mark.parametrize(("lost", "bad", "law"), [(1, 0, False), (2, 0, True), (2, ILL.looks, False)])
def test_law_17_no_old_one_that_serves_is_newly_taken_out(lost: int, bad: int, *, law: bool) -> None:
    draft = draft_of("SSSN", record={"lost": lost})
    first, targets = draft.observation.instances[0], draft.observation.instances[0].targets
    if bad:
        targets = tuple(replace(one, state=TargetState.UNHEALTHY) for one in targets)
        first = replace(first, targets=targets)
    observation = replace(draft.observation, instances=(first, *draft.observation.instances[1:]))
    belief = draft.belief.noted(first.id, streak=Streak(bad=bad, at=NOW) if bad else Streak(good=3, at=NOW))
    record = Record(journal=draft.journal.with_departure(Departure(id=first.id, at=int(NOW))))
    act = Deregister(registrations=(Registration(source="tg1", instance=first.id, port=80),))
    said = objection(SPEC, Snapshot(observation=observation, belief=belief), (record,), act) or ""
    assert said.startswith("law 17") is law, said
