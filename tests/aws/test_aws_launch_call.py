"""A launch that answers: what AWS is asked, what its reply says, and what is asked again with the same token."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.parsers import ResponseParserError

from async_rollout.aws.calls import AUTOSCALING
from async_rollout.aws.cloud import AwsCloud
from async_rollout.core.actions import Launch
from async_rollout.core.outcomes import LaunchError
from async_rollout.engine.clocks import Young, always
from async_rollout.engine.ports import Answer, Done, Late, Refused, Unknown
from async_rollout.errors import BrokenError
from async_rollout.sandbox.virtual import run_virtual

TWO = Launch(zone="eu-west-1b", count=2, token="20260105-ab12-3")
ASKED = {
    "AutoScalingGroupName": "web",
    "RequestedCapacity": 2,
    "ClientToken": "20260105-ab12-3",
    "AvailabilityZones": ["eu-west-1b"],
    "RetryStrategy": "none",
}
BOTH = Done(launched=("i-1", "i-2"))
DRY = {"InstanceType": "m5.large", "ErrorCode": "InsufficientInstanceCapacity", "ErrorMessage": "not enough m5.large"}


def pool(*ids: str) -> dict[str, Any]:
    return {"InstanceType": "m5.large", "AvailabilityZone": "eu-west-1b", "InstanceIds": list(ids)}


@pytest.fixture
def giving(aws: Any) -> Any:
    """One that launches what is asked for."""
    aws.answers["LaunchInstances"] = lambda params: {"Instances": [pool("i-1", "i-2")], "Errors": []}
    return aws


def did(aws: Any, action: Launch = TWO, young: Young = always) -> tuple[Answer, float]:
    """The answer, and the seconds it took."""

    async def main() -> tuple[Answer, float]:
        one = AwsCloud(aws.send, region="eu-west-1", jitter=lambda: 1.0)
        return await one.act("web", action, young), anyio.current_time()

    return run_virtual(main)


def asked(aws: Any) -> list[Any]:
    assert {call.operation for _, call in aws.sent} <= {"LaunchInstances"}
    return [call.params for _, call in aws.sent]


def test_a_launch_is_one_call_that_names_the_zone_and_is_not_tried_again_by_aws(giving: Any) -> None:
    assert did(giving)[0] == BOTH
    assert asked(giving) == [ASKED]


def test_it_draws_from_the_bucket_of_auto_scaling_and_its_permission_has_its_name() -> None:
    assert AUTOSCALING.call("LaunchInstances").rate == AUTOSCALING.call("SetDesiredCapacity").rate
    assert AUTOSCALING.permission("LaunchInstances") == "autoscaling:LaunchInstances"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ({"Instances": [pool("i-1"), pool("i-2")]}, BOTH),
        ({"Instances": [pool("i-1"), pool()], "Errors": None}, Done(launched=("i-1",))),
        (
            {"Instances": [pool("i-1")], "Errors": [DRY]},
            Done(
                launched=("i-1",),
                errors=(LaunchError(code="InsufficientInstanceCapacity", message="not enough m5.large"),),
            ),
        ),
        (
            {"Instances": [], "Errors": [DRY, {"ErrorCode": "Unsupported"}, {"ErrorMessage": "why"}]},
            Done(
                errors=(
                    LaunchError(code="InsufficientInstanceCapacity", message="not enough m5.large"),
                    LaunchError(code="Unsupported", message=""),
                    LaunchError(code="Unknown", message="why"),
                )
            ),
        ),
        ({}, Done()),
    ],
)
def test_what_came_and_why_the_rest_did_not(aws: Any, reply: dict[str, Any], answer: Answer) -> None:
    aws.answers["LaunchInstances"] = lambda params: reply
    assert did(aws)[0] == answer
    assert len(aws.sent) == 1


@pytest.mark.parametrize("how", ["timeout", "html", "500", "in progress", "in progress, 400", "contended", "throttled"])
def test_what_passes_and_a_lost_answer_is_asked_again_with_the_same_token(giving: Any, refused: Any, how: str) -> None:
    errors: dict[str, Exception] = {
        "timeout": ReadTimeoutError(endpoint_url="https://x"),
        "html": ResponseParserError("<html>"),
        "500": refused("InternalFailure", status=500),
        "in progress": refused("IdempotentCallInProgress", "the first is under way", 500),
        "in progress, 400": refused("IdempotentCallInProgressFault", "the first is under way", 400),
        "contended": refused("ResourceContention", "another update", 500),
        "throttled": refused("Throttling", "Rate exceeded"),
    }
    giving.faults["LaunchInstances"] = [errors[how]]
    assert did(giving)[0] == BOTH
    assert asked(giving) == [ASKED, ASKED]


def test_one_that_never_answers_is_left_after_a_minute_and_may_have_launched(giving: Any) -> None:
    giving.hanging.add("LaunchInstances")
    answer, seconds = did(giving)
    assert isinstance(answer, Unknown)
    first, second = giving.times("LaunchInstances")
    assert second - first == pytest.approx(30.5), "an attempt, and the pause behind it"
    assert asked(giving) == [ASKED, ASKED]
    assert seconds == pytest.approx(60.0)


def test_one_that_is_under_way_all_the_time_is_no_refusal(aws: Any, refused: Any) -> None:
    """What comes of the first is not known: it was surely sent, by this run or by one that was killed."""
    aws.faults["LaunchInstances"] = [refused("IdempotentCallInProgress", "under way", 500)] * 20
    answer, _ = did(aws)
    assert answer == Unknown(why="IdempotentCallInProgress: under way")


@pytest.mark.parametrize(
    ("code", "status", "denied"),
    [
        ("AccessDenied", 403, True),
        ("UnauthorizedOperation", 403, True),
        ("IdempotentParameterMismatch", 400, False),
        ("UnsupportedOperation", 400, False),
        ("ValidationError", 400, False),
    ],
)
def test_a_no_is_not_repeated_and_has_awss_words(
    giving: Any, refused: Any, code: str, status: int, denied: bool
) -> None:
    giving.faults["LaunchInstances"] = [refused(code, "the words", status)]
    assert did(giving)[0] == Refused(code=code, message="the words", denied=denied)
    assert len(giving.sent) == 1


@pytest.mark.parametrize("code", ["ResourceContention", "Throttling"])
def test_what_was_surely_not_done_may_be_asked_later(aws: Any, refused: Any, code: str) -> None:
    aws.faults["LaunchInstances"] = [refused(code, "not now")] * 20
    assert did(aws)[0] == Refused(code=code, message="not now", passing=True)
    assert len(aws.sent) > 2


@pytest.mark.parametrize(
    ("code", "status"), [("ExpiredToken", 403), ("UnsupportedOperation", 400), ("Throttling", 400)]
)
def test_no_later_no_says_that_a_launch_without_an_answer_did_not_happen(
    aws: Any, refused: Any, code: str, status: int
) -> None:
    aws.faults["LaunchInstances"] = [ReadTimeoutError(endpoint_url="https://x"), *[refused(code, "no", status)] * 20]
    assert did(aws)[0] == Unknown(why=f"{code}: no")


def test_nothing_is_sent_once_the_look_is_old(giving: Any) -> None:
    assert did(giving, young=lambda: False)[0] == Late()
    assert giving.sent == []


def test_nothing_is_repeated_once_the_look_is_old_and_what_was_sent_may_have_launched(giving: Any) -> None:
    giving.faults["LaunchInstances"] = [ReadTimeoutError(endpoint_url="https://x")]
    assert isinstance(did(giving, young=lambda: not giving.sent)[0], Unknown)
    assert len(giving.sent) == 1


@pytest.mark.parametrize("wrong", [Launch(zone="", count=1, token="t"), Launch(zone="eu-west-1b", count=0, token="t")])
def test_without_a_zone_or_a_number_nothing_is_sent(giving: Any, wrong: Launch) -> None:
    with pytest.raises(BrokenError, match="names its zone"):
        did(giving, wrong)
    assert giving.sent == []


def test_a_cloud_that_only_looks_launches_nothing(giving: Any) -> None:
    async def main() -> None:
        with pytest.raises(BrokenError, match="look only"):
            await AwsCloud(giving.send, region="eu-west-1", readonly=True).act("web", TWO)

    run_virtual(main)
    assert giving.sent == []
