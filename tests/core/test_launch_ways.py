"""By which call new instances come: where AWS answers, where it does not, and when launching is given up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from async_rollout.core.actions import Launch
from async_rollout.core.belief import Mute
from async_rollout.core.decide import decide
from async_rollout.core.journal import Cause, Way
from async_rollout.core.open_launches import unanswerable, way_of
from async_rollout.core.outcomes import ActOutcome, LaunchError
from async_rollout.core.plan import plan_of
from async_rollout.core.recall import recall
from async_rollout.core.spec import LaunchCall, RolloutSpec
from async_rollout.core.survey import objections
from async_rollout.core.trouble import trouble
from support.answers import ANSWERED, AUTO, NO, ONE, ZONES, after, told
from support.drafts import NOW, draft_of, snapshot_of
from support.drawn import observation


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
    assert way_of(RolloutSpec(), shown) is way_of(AUTO, shown) is (Way.DESIRED if why else Way.ANSWERED)
    assert way_of(RolloutSpec(launch=LaunchCall.DESIRED), shown) is Way.DESIRED


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
