"""Each action as AWS gets it, and AWS's word on it as an answer."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from botocore.exceptions import NoCredentialsError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from async_rollout.aws.act import STALE_MAX
from async_rollout.aws.cloud import AwsCloud
from async_rollout.core.actions import (
    CloudAction,
    Deregister,
    Erase,
    MarkHealthy,
    Order,
    Record,
    Register,
    Registration,
    Resume,
    SetCapacity,
    Suspend,
    Terminate,
)
from async_rollout.core.journal import Departure, Found, Journal
from async_rollout.core.tags import to_tags
from async_rollout.engine.ports import Answer, Done, Refused, Unknown
from async_rollout.errors import BrokenError
from async_rollout.sandbox.virtual import run_virtual

TG = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0011223344556677"
NAME = {"AutoScalingGroupName": "web"}


def cloud(aws: Any, **more: Any) -> AwsCloud:
    return AwsCloud(aws.send, region="eu-west-1", jitter=lambda: 1.0, **more)


def did(aws: Any, *actions: CloudAction, look: bool = False) -> Answer:
    """The last answer."""

    async def main() -> Answer:
        one = cloud(aws)
        if look:
            await one.look("web", frozenset(), anyio.current_time())
        return [await one.act("web", action) for action in actions][-1]

    return run_virtual(main)


def acts(aws: Any) -> list[tuple[str, Any]]:
    return [(call.operation, call.params) for _, call in aws.sent if not call.reads]


@pytest.mark.parametrize(
    ("action", "operation", "params"),
    [
        (Suspend(processes=("AZRebalance",)), "SuspendProcesses", {**NAME, "ScalingProcesses": ["AZRebalance"]}),
        (Resume(processes=("AZRebalance",)), "ResumeProcesses", {**NAME, "ScalingProcesses": ["AZRebalance"]}),
        (SetCapacity(desired=4), "SetDesiredCapacity", {**NAME, "DesiredCapacity": 4, "HonorCooldown": False}),
        (SetCapacity(desired=0), "SetDesiredCapacity", {**NAME, "DesiredCapacity": 0, "HonorCooldown": False}),
        (SetCapacity(maximum=5), "UpdateAutoScalingGroup", {**NAME, "MaxSize": 5}),
        (
            Terminate(instance="i-1", shrink=True), "TerminateInstanceInAutoScalingGroup",
            {"InstanceId": "i-1", "ShouldDecrementDesiredCapacity": True},
        ),
        (
            Terminate(instance="i-1", shrink=False), "TerminateInstanceInAutoScalingGroup",
            {"InstanceId": "i-1", "ShouldDecrementDesiredCapacity": False},
        ),
        (
            MarkHealthy(instances=("i-1",)), "SetInstanceHealth",
            {"InstanceId": "i-1", "HealthStatus": "Healthy", "ShouldRespectGracePeriod": False},
        ),
        (
            Deregister(registrations=(Registration(source=TG, instance="i-1", port=81),)), "DeregisterTargets",
            {"TargetGroupArn": TG, "Targets": [{"Id": "i-1", "Port": 81}]},
        ),
        (
            Register(registrations=(Registration(source="clb", instance="i-1"),)), "RegisterInstancesWithLoadBalancer",
            {"LoadBalancerName": "clb", "Instances": [{"InstanceId": "i-1"}]},
        ),
    ],
)  # fmt: skip
def test_one_action_is_one_call(aws: Any, action: CloudAction, operation: str, params: dict[str, Any]) -> None:
    assert did(aws, action) == Done()
    assert acts(aws) == [(operation, params)]


@pytest.mark.parametrize(
    "action", [Suspend(processes=()), Resume(processes=()), SetCapacity(), SetCapacity(desired=1, maximum=2)]
)
def test_what_aws_would_take_for_something_else_is_never_sent(aws: Any, action: CloudAction) -> None:
    with pytest.raises(BrokenError):
        did(aws, action)
    assert aws.sent == []


def test_every_source_is_its_own_call(aws: Any) -> None:
    registrations = tuple(Registration(source=source, instance=id) for source in (TG, "clb") for id in ("i-1", "i-2"))
    assert did(aws, Deregister(registrations=registrations)) == Done()
    assert sorted(name for name, _ in acts(aws)) == ["DeregisterInstancesFromLoadBalancer", "DeregisterTargets"]


def test_the_worst_of_several_answers_counts(aws: Any, refused: Any) -> None:
    registrations = tuple(Registration(source=source, instance="i-1") for source in (TG, "clb"))
    aws.faults["DeregisterTargets"] = [refused("InvalidTarget", "not running")]
    aws.faults["DeregisterInstancesFromLoadBalancer"] = [refused("AccessDenied", "no", 403)]
    assert did(aws, Deregister(registrations=registrations)) == Refused(code="AccessDenied", message="no", denied=True)
    aws.faults["DeregisterTargets"] = [refused("InvalidTarget", "not running")]
    assert did(aws, Deregister(registrations=registrations)) == Refused(code="InvalidTarget", message="not running")


@pytest.mark.parametrize("shrink", [True, False])
@pytest.mark.parametrize("how", ["html", "timeout", "500", "hang"])
def test_a_terminate_that_may_have_been_done_is_sent_once_and_unknown(
    aws: Any, refused: Any, shrink: bool, how: str
) -> None:
    errors: dict[str, Exception] = {
        "html": ResponseParserError("<html>"),
        "timeout": ReadTimeoutError(endpoint_url="https://x"),
        "500": refused("InternalFailure", status=500),
    }
    aws.faults["TerminateInstanceInAutoScalingGroup"] = [errors[how]] if how in errors else []
    aws.hanging |= {"TerminateInstance"} if how == "hang" else set()
    assert isinstance(did(aws, Terminate(instance="i-1", shrink=shrink)), Unknown)
    assert len(aws.sent) == 1


@pytest.mark.parametrize(("code", "status"), [("ResourceContention", 500), ("ScalingActivityInProgress", 400)])
def test_a_terminate_in_whose_way_another_change_is_was_not_done_and_is_sent_once(
    aws: Any, refused: Any, code: str, status: int
) -> None:
    aws.faults["TerminateInstanceInAutoScalingGroup"] = [refused(code, "in progress", status)]
    answer = did(aws, Terminate(instance="i-1", shrink=True))
    assert answer == Refused(code=code, message="in progress", passing=True)
    assert len(aws.sent) == 1


def test_what_may_have_been_done_stays_so_whatever_the_last_attempt_says(aws: Any, refused: Any) -> None:
    """The first brought no answer, the next ones were throttled: it may have been done."""
    lost, slow = refused("InternalFailure", "", 500), refused("Throttling", "slow")
    aws.faults["SuspendProcesses"] = [lost, *[slow] * 9]
    assert isinstance(did(aws, Suspend(processes=("AZRebalance",))), Unknown)


def test_a_size_whose_answer_is_lost_is_not_written_again(aws: Any) -> None:
    aws.faults["SetDesiredCapacity"] = [ReadTimeoutError(endpoint_url="https://x")]
    assert isinstance(did(aws, SetCapacity(desired=4)), Unknown)
    assert len(aws.sent) == 1


def test_a_throttled_terminate_was_not_done_and_is_sent_again(aws: Any, refused: Any) -> None:
    aws.faults["TerminateInstanceInAutoScalingGroup"] = [refused("Throttling")]
    assert did(aws, Terminate(instance="i-1", shrink=True)) == Done()
    assert len(aws.sent) == 2


@pytest.mark.parametrize(
    ("code", "status", "denied"),
    [("ValidationError", 400, False), ("ExpiredToken", 403, True), ("UnauthorizedOperation", 403, True)],
)
def test_awss_own_words_come_back(aws: Any, refused: Any, code: str, status: int, denied: bool) -> None:
    aws.faults["TerminateInstanceInAutoScalingGroup"] = [refused(code, "Instance Id not found - i-1", status)]
    answer = did(aws, Terminate(instance="i-1", shrink=True))
    assert answer == Refused(code=code, message="Instance Id not found - i-1", denied=denied)


def test_missing_credentials_are_a_denial(aws: Any) -> None:
    aws.faults["SuspendProcesses"] = [NoCredentialsError()]
    answer = did(aws, Suspend(processes=("Launch",)))
    assert isinstance(answer, Refused)
    assert answer.denied


def journal(serial: int, *departures: str) -> Journal:
    return Journal(
        group="0" * 16, run="r1", serial=serial, holder="h", until=1, found=Found(minimum=1, desired=1, maximum=1),
        base=1, asked=1, departures=tuple(Departure(id=id, at=1) for id in departures),
    )  # fmt: skip


def written(aws: Any) -> dict[str, str]:
    """The tags that a group has after all calls."""
    found: dict[str, str] = {}
    for name, params in acts(aws):
        for tag in params["Tags"]:
            assert (tag["ResourceId"], tag["ResourceType"]) == ("web", "auto-scaling-group")
            if name == "CreateOrUpdateTags":
                assert tag["PropagateAtLaunch"] is False
                found[tag["Key"]] = tag["Value"]
            else:
                found.pop(tag["Key"], None)
    return found


def test_a_record_is_written_whole_and_what_is_left_of_departures_goes_with_the_last_of_it(aws: Any) -> None:
    records = journal(1, "i-00000001", "i-00000002"), journal(2, "i-00000002"), journal(3)
    assert did(aws, *(Record(journal=one) for one in records)) == Done()
    assert [name for name, _ in acts(aws)] == ["CreateOrUpdateTags"] * 3
    left = written(aws)
    assert {key: left[key] for key in to_tags(records[-1])} == to_tags(records[-1])
    assert did(aws, *(Record(journal=one) for one in records), Erase()) == Done()
    assert written(aws) == {}


def test_stale_departures_are_cleared_many_at_a_time(aws: Any) -> None:
    records = [journal(number, f"i-{number:08x}") for number in range(1, 2 * STALE_MAX + 1)]
    assert did(aws, *(Record(journal=one) for one in records)) == Done()
    cleared = [len(params["Tags"]) for name, params in acts(aws) if name == "DeleteTags"]
    assert cleared == [STALE_MAX]


def test_where_tags_are_scarce_a_stale_departure_is_cleared_at_once(aws: Any) -> None:
    old = to_tags(journal(1, "i-00000009"))
    others = {f"team-{number}": "x" for number in range(30)}
    aws.add("web", Tags=[{"Key": key, "Value": value} for key, value in (old | others).items()])
    assert did(aws, Record(journal=journal(2, "i-00000001")), look=True) == Done()
    assert [name for name, _ in acts(aws)] == ["CreateOrUpdateTags", "DeleteTags"]


def test_stale_departures_of_a_killed_run_are_known_from_the_look(aws: Any) -> None:
    stale = {f"async-rollout:lane:i-{n:08x}": "n=1 x" for n in range(STALE_MAX)}
    held = stale | {"team": "a", "async-rollout:order": "stop"}
    aws.add("web", Tags=[{"Key": key, "Value": value} for key, value in held.items()])
    assert did(aws, Record(journal=journal(2)), look=True) == Done()
    ((_, _), (name, params)) = acts(aws)
    assert name == "DeleteTags"
    assert [tag["Key"] for tag in params["Tags"]] == sorted(stale)


def test_the_fullest_record_is_one_call(aws: Any) -> None:
    full = journal(1, *(f"i-{n:08x}" for n in range(20)))
    assert did(aws, Record(journal=full)) == Done()
    assert len(acts(aws)) == 1
    assert len(written(aws)) <= 25


def test_a_record_that_is_not_written_clears_nothing(aws: Any, refused: Any) -> None:
    aws.faults["CreateOrUpdateTags"] = [refused("InternalFailure", status=500)] * 9
    aws.add("web", Tags=[{"Key": "async-rollout:lane:i-00000009", "Value": "n=1 x"}])
    assert isinstance(did(aws, Record(journal=journal(2)), look=True), Unknown)
    assert {name for name, _ in acts(aws)} == {"CreateOrUpdateTags"}


def test_departures_that_could_not_be_cleared_do_no_harm(aws: Any, refused: Any) -> None:
    departures = [Record(journal=journal(n, f"i-{n:08x}")) for n in range(1, STALE_MAX + 2)]
    aws.faults["DeleteTags"] = [refused("InternalFailure", status=500)] * 6
    assert did(aws, *departures) == Done()
    aws.faults["DeleteTags"] = [refused("AccessDenied", status=403)]
    assert did(aws, *departures) == Done()


def test_erase_takes_all_of_ours_and_the_head_last(aws: Any) -> None:
    ours = to_tags(journal(1, *(f"i-{n:08x}" for n in range(30))))
    aws.add("web", Tags=[{"Key": key, "Value": value} for key, value in {**ours, "team": "a"}.items()])
    assert did(aws, Erase(), look=True) == Done()
    deleted = [tag["Key"] for _, params in acts(aws) for tag in params["Tags"]]
    assert {name for name, _ in acts(aws)} == {"DeleteTags"}
    assert all(len(params["Tags"]) <= 25 for _, params in acts(aws))
    assert set(ours) | {"async-rollout:order", "async-rollout:cause"} == set(deleted)
    assert deleted[-1] == "async-rollout:head"


def test_an_order_is_one_tag(aws: Any) -> None:
    assert did(aws, Order(text="stop by host 7")) == Done()
    assert written(aws) == {"async-rollout:order": "stop by host 7"}


def test_a_cloud_that_only_looks_raises_at_every_change(aws: Any) -> None:
    async def main() -> None:
        one = cloud(aws, readonly=True)
        for action in (
            Suspend(processes=("Launch",)),
            Erase(),
            SetCapacity(desired=1),
            Terminate(instance="i", shrink=True),
        ):
            with pytest.raises(BrokenError, match="look only"):
                await one.act("web", action)

    run_virtual(main)
    assert aws.sent == []
