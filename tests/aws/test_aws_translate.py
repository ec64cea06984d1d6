"""AWS's rows into the core's types."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from async_rollout.aws.calls import Call, Reply
from async_rollout.aws.facts import Launch
from async_rollout.aws.survey import activity, survey_of
from async_rollout.aws.traffic.health import Health
from async_rollout.aws.translate import Extras, group_of, observation_of
from async_rollout.core.journal import Found, Journal, Unreadable, digest
from async_rollout.core.observation import Scheduled, Source, Target, TargetState
from async_rollout.core.tags import to_tags
from async_rollout.sandbox.virtual import run_virtual

ARN = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:u:name/web"
CLB = Source(id="clb", kind="classic", name="clb")
AT = datetime(2026, 1, 1, tzinfo=UTC)


def row(*instances: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {"AutoScalingGroupName": "web", "AutoScalingGroupARN": ARN, "MinSize": 1, "DesiredCapacity": 2, "MaxSize": 3}
    return {**base, "LaunchConfigurationName": "lc-1", "HealthCheckType": "ELB", "Instances": list(instances), **more}


def tags(**found: str) -> list[dict[str, Any]]:
    return [{"Key": key, "Value": value} for key, value in found.items()]


def journal() -> Journal:
    sizes = Found(minimum=1, desired=2, maximum=3)
    return Journal(
        group=digest(ARN, 16), run="r1", serial=4, holder="host:boot:1", until=9, found=sizes, base=2, asked=2
    )


def test_the_groups_own_fields() -> None:
    group = group_of(
        row(
            AvailabilityZones=["eu-west-1a"],
            SuspendedProcesses=[{"ProcessName": "AZRebalance", "SuspensionReason": "x"}],
            Status="Delete in progress",
        ),
        Extras(),
    )
    assert (group.minimum, group.desired, group.maximum, group.template) == (1, 2, 3, "lc:lc-1")
    assert (group.suspended, group.status, group.health_check_type) == ({"AZRebalance"}, "Delete in progress", "ELB")
    assert group.zones == ("eu-west-1a",)
    assert (group.weighted, group.warm_pool, group.ecs_managed, group.unknown_sources) == (False, False, False, ())


@pytest.mark.parametrize(
    "more",
    [
        {"DesiredCapacityType": "vcpu"},
        {"MixedInstancesPolicy": {"LaunchTemplate": {"Overrides": [{"InstanceType": "a", "WeightedCapacity": "2"}]}}},
        {"Instances": [{"InstanceId": "i-1", "WeightedCapacity": "2"}]},
    ],
)
def test_weights_and_units_are_seen(more: dict[str, Any]) -> None:
    assert group_of(row() | more, Extras()).weighted
    assert not group_of(row(DesiredCapacityType="units"), Extras()).weighted


def test_a_group_that_launches_on_demand_and_spot_is_seen() -> None:
    half = {"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 50}}
    assert group_of(row(MixedInstancesPolicy=half), Extras()).mixed_purchase
    assert not group_of(row(), Extras()).mixed_purchase


def test_what_cannot_be_rolled_is_seen() -> None:
    group = group_of(
        row(
            WarmPoolConfiguration={"MinSize": 0},
            Tags=tags(AmazonECSManaged=""),
            TrafficSources=[{"Identifier": "arn:aws:vpc-lattice:eu-west-1:1:targetgroup/tg-1", "Type": "vpc-lattice"}],
        ),
        Extras(),
    )
    assert group.warm_pool
    assert group.ecs_managed
    assert group.unknown_sources == ("arn:aws:vpc-lattice:eu-west-1:1:targetgroup/tg-1",)


def test_tags_are_counted_without_awss_and_ours() -> None:
    found = tags(**{"team": "a", "aws:cloudformation:stack-name": "s", **to_tags(journal())})
    assert group_of(row(Tags=found), Extras()).tag_count == 1


def test_an_instance_is_put_together_from_all_answers() -> None:
    one = {
        "InstanceId": "i-1", "LifecycleState": "InService", "HealthStatus": "Healthy", "AvailabilityZone": "eu-west-1b",
        "LaunchConfigurationName": "lc-0", "ProtectedFromScaleIn": True,
    }  # fmt: skip
    target = Target(source="clb", port=None, state=TargetState.HEALTHY)
    stranger = ("i-9", target)
    extras = Extras(
        sources=(CLB,),
        health={"clb": Health(at=50.0, targets=(("i-1", target), stranger))},
        launches={"i-1": Launch(launched_at=5.0, private_ip="10.0.0.1", public_ip=None, settled=True)},
    )
    observation = observation_of(row(one), 49.0, extras)
    (found,) = observation.instances
    assert (found.id, found.lifecycle, found.health, found.zone) == ("i-1", "InService", "Healthy", "eu-west-1b")
    assert (found.launched_at, found.private_ip, found.public_ip) == (5.0, "10.0.0.1", None)
    assert (found.launched_from, found.outdated, found.protected) == ("lc:lc-0", True, True)
    assert found.targets == (target,)
    assert (observation.at, observation.sources[0].seen_at, observation.health_seen) == (49.0, 50.0, True)


def test_what_was_not_asked_is_none() -> None:
    observation = observation_of(row({"InstanceId": "i-1"}), 1.0, Extras(sources=(CLB,)))
    assert not observation.health_seen
    assert (observation.survey, observation.activities, observation.journal, observation.order) == (
        None,
        None,
        None,
        None,
    )
    (found,) = observation.instances
    assert (found.launched_at, found.outdated, found.targets, found.lifecycle) == (None, True, (), "Unknown")


def test_states_nobody_has_heard_of_go_through() -> None:
    one = {"InstanceId": "i-1", "LifecycleState": "ReplacingRootVolume:Wait", "HealthStatus": "HEALTHY"}
    (found,) = observation_of(row(one), 1.0, Extras()).instances
    assert (found.lifecycle, found.in_service, found.marked_unhealthy) == ("ReplacingRootVolume:Wait", False, False)


def test_the_journal_and_the_order_are_read_from_the_tags() -> None:
    found = tags(**to_tags(journal()), **{"async-rollout:order": "stop"})
    observation = observation_of(row(Tags=found), 1.0, Extras())
    assert observation.journal == journal()
    assert observation.order == "stop"
    half = [tag for tag in found if not tag["Key"].endswith("holder")]
    assert isinstance(observation_of(row(Tags=half), 1.0, Extras()).journal, Unreadable)


@pytest.mark.parametrize(
    ("words", "kind", "instance"),
    [
        ("Launching a new EC2 instance: i-0123456789abcdef0", "launch", "i-0123456789abcdef0"),
        ("Launching a new EC2 instance.  Status Reason: no capacity", "launch", None),
        ("Terminating EC2 instance: i-01234567 - WaitingForELBConnectionDraining", "terminate", "i-01234567"),
        ("Updating load balancers/target groups: Successful", "other", None),
    ],
)
def test_activities_are_told_by_their_description(words: str, kind: str, instance: str | None) -> None:
    found = activity({"ActivityId": "a", "Description": words, "StatusCode": "InProgress", "StartTime": AT})
    assert (found.kind, found.instance, found.ended_at, found.failed) == (kind, instance, None, False)
    assert found.started_at == AT.timestamp()


def test_a_failed_launch_keeps_awss_words() -> None:
    found = activity(
        {
            "ActivityId": "a", "Description": "Launching a new EC2 instance.  Status Reason: x", "StatusCode": "Failed",
            "StatusMessage": "The key pair 'k' does not exist", "Cause": "At …", "StartTime": AT, "EndTime": AT,
        }
    )  # fmt: skip
    assert (found.failed, found.message, found.ended_at) == (True, "The key pair 'k' does not exist", AT.timestamp())


def answers(call: Call) -> dict[str, Any]:
    match call.operation, call.params.get("NextToken"):
        case "DescribeLifecycleHooks", _:
            return {
                "LifecycleHooks": [
                    {"LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "HeartbeatTimeout": 100},
                    {"LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "HeartbeatTimeout": 400},
                    {"LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"},
                ]
            }
        case "DescribeScheduledActions", None:
            return {"ScheduledUpdateGroupActions": [{"ScheduledActionName": "up", "StartTime": AT}], "NextToken": "2"}
        case "DescribeScheduledActions", "2":
            return {"ScheduledUpdateGroupActions": [{"ScheduledActionName": "down", "DesiredCapacity": 1}]}
        case "DescribeInstanceRefreshes", None:
            return {"InstanceRefreshes": [{"Status": "Successful"}], "NextToken": "2"}
        case "DescribeInstanceRefreshes", "2":
            return {"InstanceRefreshes": [{"Status": "Cancelled"}, {"Status": "Baking"}]}
        case _:
            raise AssertionError(call)


def test_the_survey_follows_every_page() -> None:
    async def ask(call: Call) -> Reply:
        assert call.params["AutoScalingGroupName"] == "web"
        return Reply(body=answers(call), at=3.0)

    found = run_virtual(lambda: survey_of(ask, "web"))
    assert (found.at, found.launch_heartbeat, found.terminate_heartbeat) == (3.0, 400.0, 3600.0)
    assert found.scheduled == (
        Scheduled(name="up", at=AT.timestamp()),
        Scheduled(name="down", at=None, desired=1),
    )
    assert found.refresh == "Baking"
