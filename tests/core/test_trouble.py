"""What ends a rollout early, cause by cause: when it is one, and when it is not yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import SetCapacity
from async_rollout.core.history import Ended, Odd, Since
from async_rollout.core.journal import Departure, Mark
from async_rollout.core.observation import Survey, Target, TargetState
from async_rollout.core.orders import stopped
from async_rollout.core.outcomes import ActOutcome, HookOutcome
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import HookPoint, Limits, RolloutSpec
from async_rollout.core.stages import Stage
from async_rollout.core.traffic import drains_still
from async_rollout.core.trouble import failing_newcomers, marked_failed, trouble
from async_rollout.sandbox.words import NO_CAPACITY, NO_IMAGE
from support.drafts import NOW, draft_of, launch, snapshot_of
from support.drawn import AT, ident

SPEC = RolloutSpec(limits=Limits(total=3000.0))
BEFORE = (HookPoint.BEFORE_TERMINATE, ident(0))


def denied(code: str) -> ActOutcome:
    return ActOutcome(action=SetCapacity(desired=4), at=NOW, ok=False, code=code, message="no", denied=True)


def since(number: int, stage: Stage, ago: float) -> dict[str, Any]:
    stages = {n: stage if n == number else Stage.SERVING for n in range(5)}
    return {"histories": {ident(n): {"stage": Since(one, NOW - ago)} for n, one in stages.items()}}


def ended(
    *, code: int | None = 3, point: HookPoint = HookPoint.BEFORE_TERMINATE, timed_out: bool = False
) -> dict[str, Any]:
    outcome = HookOutcome(point=point, instance=ident(0), ok=code == 0, code=code, timed_out=timed_out, said="oh")
    return {"histories": {ident(0): {"ended": {point: Ended(outcome, NOW, 1)}}}}


@pytest.mark.parametrize(
    ("cause", "drawing", "fields"),
    [
        (None, "SSS", {}),
        ((4, "AccessDenied: no"), "SSS", {"denied": denied("AccessDenied"), "denied_since": NOW}),
        (None, "SSS", {"denied": denied("ExpiredToken"), "denied_since": NOW - 1800}),
        ((4, "ExpiredToken: no"), "SSS", {"denied": denied("ExpiredToken"), "denied_since": NOW - 1801}),
        ((1, "the group is being deleted: Delete in progress"), "SSS", {"group": {"status": "Delete in progress"}}),
        ((1, "an instance refresh has begun: InProgress"), "SSS", {"survey": Survey(at=AT, refresh="InProgress")}),
        ((1, "the template changed during the run"), "SSS", {"group": {"template": "lt-1:3"}}),
        (None, "SSS", {"lowered": 2}),
        ((1, "desired capacity was lowered again and again"), "SSS", {"lowered": 3}),
        (None, "SSS", {"group": {"suspended": frozenset()}}),  # the first time they are suspended again
        ((1, "processes that we suspended were resumed"), "SSS",
         {"group": {"suspended": frozenset()}, "resuspended": 1}),
        (None, "NNN", {"group": {"suspended": frozenset()}, "resuspended": 1}),  # nothing left to take out
        ((6, f"the before-terminate command for {ident(0)} ended with 3"), "DSSN", ended()),
        ((6, f"the before-terminate command for {ident(0)} timed out"), "DSSN", ended(code=None, timed_out=True)),
        (None, "DSSN", ended(code=0)),
        (None, "SSSN", ended()),  # it has no departure any more
        (None, "DSSN", ended(point=HookPoint.UP_CHECK)),  # an up-check may fail as often as it likes
        ((6, f"the after-terminate command for {ident(0)} ended with 3"), "DSSN",
         ended(point=HookPoint.AFTER_TERMINATE)),
        (None, "DSSN", {**ended(), "record": {"departures": (Departure(id=ident(0), at=1, surplus=True),)}}),
        (None, "SSS", {"record": {"lost": 1}}),
        ((1, "2 new instances failed and --max-failures is 2"), "SSS", {"record": {"lost": 2}}),
        ((1, f"2 new instances failed and --max-failures is 2: {ident(3)} tg1 unhealthy"), "SSSN",
         {"record": {"lost": 2}, "histories": {ident(3): {"failed": "tg1 unhealthy"}}}),
        (None, "SSS", {"activities": (launch(NO_IMAGE),)}),  # once may be of AWS's making
        ((1, f"a launch failed: {NO_IMAGE}"), "SSS", {"activities": (launch(NO_IMAGE), launch(NO_IMAGE, at=NOW - 9))}),
        (None, "NNN", {"activities": (launch(NO_IMAGE), launch(NO_IMAGE, at=NOW - 9))}),  # all are replaced
        (None, "SSS", {"activities": (launch(""), launch("", at=NOW - 9, status="PreInService"))}),
        (None, "SSS", {"activities": (launch(NO_CAPACITY),)}),
        (None, "SSS", {"activities": (launch(NO_IMAGE, at=AT - 3600),)}),  # before our time
        (None, "SSS", {"began": NOW - 2999}),
        ((7, "--max-timeout: 3000 s are over"), "SSS", {"began": NOW - 3001}),
        (None, "SSS", {"hollow": Odd("4", NOW - 600, 9)}),
        ((1, "no instance appeared within 600 s; raise --launch-timeout"), "SSS", {"hollow": Odd("4", NOW - 601, 9)}),
        ((1, f"no instance appeared within 600 s; AWS says: {NO_CAPACITY}"), "SSS",
         {"hollow": Odd("4", NOW - 601, 9), "activities": (launch(NO_CAPACITY),)}),
        (None, "SSS", {"hollow": Odd("4", NOW - 601, 9), "survey": Survey(at=AT, launch_heartbeat=60.0)}),
        (None, "SSSP", since(3, Stage.LAUNCHING, 600)),
        ((1, f"{ident(3)} is still Pending after 600 s; raise --launch-timeout"), "SSSP",
         since(3, Stage.LAUNCHING, 601)),
        ((1, f"{ident(3)} was not proven healthy within 900 s: tg1 initial; tg2 initial"), "SSSW",
         {"histories": {ident(3): {"serving_since": NOW - 901}}}),
        (None, "SSSW", {"histories": {ident(3): {"serving_since": NOW - 900}}}),
        (None, "SSSN", {"histories": {ident(3): {"serving_since": NOW - 901}}}),  # proven
        (None, "SSS", {"histories": {ident(0): {"serving_since": NOW - 901}}}),  # an old one
        (None, "DSSN", since(0, Stage.DRAINING, 360)),
        ((1, f"{ident(0)} still drains after 360 s; raise --drain-timeout"), "DSSN", since(0, Stage.DRAINING, 361)),
        (None, "DSSN", {"histories": {ident(0): {"removal": Odd("k", NOW - 960, 9)}}}),
        ((1, f"{ident(0)} is still there 960 s after terminate; raise --terminate-timeout"), "DSSN",
         {"histories": {ident(0): {"removal": Odd("k", NOW - 961, 9)}}}),
        (None, "SSS", {"progress": Odd("p", NOW - 2820, 9)}),
        ((1, "nothing came forward for 2820 s"), "SSS", {"progress": Odd("p", NOW - 2821, 9)}),
    ],
)  # fmt: skip
def test_causes(cause: tuple[int, str] | None, drawing: str, fields: dict[str, Any]) -> None:
    found = trouble(draft_of(drawing, SPEC, **fields))
    if cause is None:
        assert found is None
    else:
        assert found is not None
        assert (found.code, found.text[: len(cause[1])]) == cause


def test_what_an_up_check_said_last_is_told_with_the_newcomer_that_it_kept_out() -> None:
    failed = HookOutcome(point=HookPoint.UP_CHECK, instance=ident(3), ok=False, code=7, said="starting")
    draft = draft_of(
        "SSSW",
        histories={ident(3): {"serving_since": NOW - 901, "ended": {HookPoint.UP_CHECK: Ended(failed, NOW, 4)}}},
    )
    found = trouble(draft)
    assert found is not None
    assert found.text.endswith("the up-check ended with 7")


def test_one_that_is_registered_nowhere_is_said_to_be() -> None:
    draft = draft_of("SSSW", histories={ident(3): {"serving_since": NOW - 901}})
    bare = tuple(replace(one, targets=()) for one in draft.observation.instances)
    found = trouble(replace(draft, observation=replace(draft.observation, instances=bare)))
    assert found is not None
    assert found.text.endswith("not registered everywhere")


def test_a_source_that_the_group_lost_is_named_by_its_id() -> None:
    draft = draft_of("SSSW", histories={ident(3): {"serving_since": NOW - 901}})
    found = trouble(replace(draft, observation=replace(draft.observation, sources=())))
    assert found is not None
    assert found.text.endswith("tg1 initial; tg2 initial")


@pytest.mark.parametrize(
    ("point", "begun", "code", "surplus", "mark"),
    [
        (HookPoint.BEFORE_TERMINATE, Mark.BEGUN, 3, False, Mark.FAILED),
        (HookPoint.BEFORE_TERMINATE, Mark.BEGUN, 127, False, Mark.NOT),  # it never ran: it may serve on
        (HookPoint.BEFORE_TERMINATE, Mark.BEGUN, 126, False, Mark.NOT),
        (HookPoint.BEFORE_TERMINATE, Mark.BEGUN, 127, True, Mark.ENDED),
        (HookPoint.BEFORE_TERMINATE, Mark.BEGUN, 3, True, Mark.ENDED),
        (HookPoint.BEFORE_TERMINATE, Mark.ENDED, 3, False, Mark.ENDED),
        (HookPoint.AFTER_TERMINATE, Mark.BEGUN, 3, False, Mark.FAILED),
        (HookPoint.AFTER_TERMINATE, Mark.NOT, 3, False, Mark.NOT),
    ],
)
def test_how_a_command_that_failed_is_recorded(
    point: HookPoint, begun: Mark, code: int, *, surplus: bool, mark: Mark
) -> None:
    field = "before" if point is HookPoint.BEFORE_TERMINATE else "after"
    departure = Departure(id=ident(0), at=1, surplus=surplus, **{field: begun})  # type: ignore[arg-type]
    journal = marked_failed(draft_of("DSSN", record={"departures": (departure,)}, **ended(code=code, point=point)))
    assert getattr(journal.departure(ident(0)), field) is mark


@pytest.mark.parametrize(
    ("fields", "code", "text"),
    [
        ({"stop": Stop.FINISH}, 130, "stopped"),
        ({"stop": Stop.NOW}, 143, "stopped"),
        ({"stop": Stop.FINISH, "stop_code": 9, "stop_cause": "another group failed"}, 9, "another group failed"),
        ({"order": "stop run0 there/boot/2"}, 130, "stopped by restore from there/boot/2"),
    ],
)
def test_orders_to_stop(fields: dict[str, Any], code: int, text: str) -> None:
    snapshot = snapshot_of("SSS")
    order = fields.pop("order", None)
    snapshot = replace(snapshot, observation=replace(snapshot.observation, order=order), **fields)
    found = stopped(snapshot)
    assert found is not None
    assert (found.code, found.text) == (code, text)


@pytest.mark.parametrize("order", [None, "stop another there", "stop run0", "run0"])
def test_an_order_for_another_run_is_none(order: str | None) -> None:
    snapshot = snapshot_of("SSS")
    assert stopped(replace(snapshot, observation=replace(snapshot.observation, order=order))) is None


@pytest.mark.parametrize(("ago", "over"), [(900.0, False), (901.0, True)])
def test_a_newcomer_whose_zone_takes_no_traffic_has_the_shifts_own_limit(ago: float, *, over: bool) -> None:
    draft = draft_of(
        "SSSN", shifted=Odd("shifted", NOW - ago, 9), histories={ident(3): {"stage": Since(Stage.CHECKING, NOW)}}
    )
    new = draft.observation.instances[3]
    away = tuple(replace(target, state=TargetState.SHIFTED) for target in new.targets)
    seen = replace(draft.observation, instances=(*draft.observation.instances[:3], replace(new, targets=away)))
    found = list(failing_newcomers(replace(draft, observation=seen)))
    assert [cause.code for cause in found] == [1] * over


def test_whoever_drains_for_too_long_is_given_up_with_what_holds_it_and_what_is_not_at_rest() -> None:
    one = snapshot_of("DSSN").observation
    source = replace(one.sources[0], name="pier", open_ended=True, option="--crane", unsettled=(("boxes", "2 wait"),))
    target = Target(source=source.id, port=None, state=TargetState.DRAINING, reason="3 boxes")
    held = replace(one.instances[0], targets=(target,))
    told = drains_still(replace(one, sources=(source,), instances=(held, *one.instances[1:])), held.id, 60.0)
    assert told == (
        f"{held.id} still drains after 60 s: pier holds 3 boxes; raise --crane or --drain-timeout; "
        "not at rest: boxes: 2 wait"
    )
