"""U11: what other clients send to the sandbox is kept, or refused as what it is: not simulated, and said so."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from botocore.exceptions import ClientError

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.doors.answers import TABLES
from async_rollout.sandbox.doors.codec import operation_model
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.takes import KEPT, TAKES, UNCHANGED
from async_rollout.sandbox.world import World
from sandbox.asking import tell
from sandbox.test_wire import play

VALUES: dict[str, Any] = {
    "DefaultCooldown": 60,
    "PlacementGroup": "near",
    "ServiceLinkedRoleARN": "arn:aws:iam::123456789012:role/own",
    "MaxInstanceLifetime": 86_400,
    "CapacityRebalance": True,
    "Context": "-",
    "DesiredCapacityType": "units",
    "DefaultInstanceWarmup": 30,
    "AvailabilityZoneImpairmentPolicy": {
        "ZonalShiftEnabled": True,
        "ImpairedZoneHealthCheckBehavior": "IgnoreUnhealthy",
    },
    "CapacityReservationSpecification": {"CapacityReservationPreference": "default"},
}


async def group_of(aws: SimpleNamespace) -> Any:
    (group,) = (await aws.autoscaling.describe_auto_scaling_groups())["AutoScalingGroups"]
    return group


async def refusal(call: Awaitable[Any]) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        await call
    error, meta = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    return error["Code"], error["Message"], meta["HTTPStatusCode"]


def test_u11_inert_settings_are_kept_and_given_back() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        await aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", **VALUES)
        group = await group_of(aws)
        assert {name: group[name] for name in VALUES} == VALUES
        cleared = {"MaxInstanceLifetime": 0, "DefaultInstanceWarmup": -1}
        await aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", **cleared)
        assert not cleared.keys() & (await group_of(aws)).keys()

    play(story)
    assert {*VALUES, "MixedInstancesPolicy.InstancesDistribution"} == set(KEPT)


def test_u11_a_client_may_send_a_group_back_as_it_found_it() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        found = await group_of(aws)
        takes = operation_model("autoscaling", "UpdateAutoScalingGroup").input_shape.members
        same = {name: value for name, value in found.items() if name in takes}
        same["LaunchTemplate"].pop("LaunchTemplateName")
        assert len(same) > 10
        await aws.autoscaling.update_auto_scaling_group(**same)
        again = await group_of(aws)
        assert again | {"LaunchTemplate": 0} == found | {"LaunchTemplate": 0}

    play(story)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("AvailabilityZones", ["eu-west-1a"]),
        ("VPCZoneIdentifier", "subnet-0123"),
        ("InstanceMaintenancePolicy", {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}),
        ("AvailabilityZoneDistribution", {"CapacityDistributionStrategy": "balanced-only"}),
    ],
)
def test_u11_what_would_change_what_it_cannot_play_is_not_simulated(setting: str, value: Any) -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        sent = aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MaxSize=9, **{setting: value})
        code, message, status = await refusal(sent)
        assert (code, status) == ("SandboxNotSimulated", 501)
        assert f"does not simulate another {setting}" in message
        assert world.group("web").maximum == 3

    assert setting in UNCHANGED
    play(story)


def test_u11_a_mixed_policy_is_taken_and_a_plain_template_ends_it() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        template = world.group("web").template
        assert template is not None
        spec = {"LaunchTemplateId": template.id, "Version": "$Latest"}
        rows = [{"InstanceType": "t3.micro"}, {"InstanceType": "t3.small"}]
        policy = {
            "LaunchTemplate": {"LaunchTemplateSpecification": spec, "Overrides": rows},
            "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 50},
        }
        await aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MixedInstancesPolicy=policy)
        shown = (await group_of(aws))["MixedInstancesPolicy"]
        assert shown["LaunchTemplate"]["Overrides"] == rows
        assert shown["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == 50
        await aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", LaunchTemplate=spec)
        assert "MixedInstancesPolicy" not in await group_of(aws)

    play(story)


async def test_u11_calls_and_parameters_it_does_not_know_are_named_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    world = World(seed=1, clock=ManualClock())
    a_group(world)
    with caplog.at_level(logging.WARNING):
        call = await tell(world, "autoscaling", "PutWarmPool", AutoScalingGroupName="web")
        newer = await tell(world, "sts", "GetCallerIdentity", Newer="1")
    assert (call.status, call.code, newer.status, newer.code) == (501, "SandboxNotSimulated") * 2
    assert "autoscaling:PutWarmPool" in caplog.messages[0] and "Newer of sts:GetCallerIdentity" in caplog.messages[1]
    assert (await tell(world, "autoscaling", "Sing")).code == "InvalidAction"


def test_u11_the_list_of_what_it_takes_is_true() -> None:
    assert {service: tuple(sorted(table)) for service, table in TABLES.items()} == dict(TAKES)


def test_u11_metrics_are_kept() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        auto = aws.autoscaling
        await auto.enable_metrics_collection(AutoScalingGroupName="web", Granularity="1Minute")
        assert len((await group_of(aws))["EnabledMetrics"]) == 20
        await auto.disable_metrics_collection(AutoScalingGroupName="web", Metrics=["GroupMinSize"])
        assert len((await group_of(aws))["EnabledMetrics"]) == 19
        await auto.disable_metrics_collection(AutoScalingGroupName="web")
        assert (await group_of(aws))["EnabledMetrics"] == []

    play(story)


def test_u11_instances_are_detached_and_attached() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        auto, id = aws.autoscaling, world.members("web")[0].id
        asked = {"AutoScalingGroupName": "web", "InstanceIds": [id]}
        code, words, status = await refusal(auto.detach_instances(**asked, ShouldDecrementDesiredCapacity=True))
        assert (code, status) == ("ValidationError", 400)
        assert words.endswith("To detach 1 instance, please update the AutoScalingGroup sizes appropriately.")
        await auto.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=1)
        (told,) = (await auto.detach_instances(**asked, ShouldDecrementDesiredCapacity=True))["Activities"]
        assert told["Description"] == f"Detaching EC2 instance: {id}" and told["StatusCode"] == "InProgress"
        states = {one["InstanceId"]: one["LifecycleState"] for one in (await group_of(aws))["Instances"]}
        assert states[id] == "Detaching"
        await anyio.sleep(60.0)
        (row,) = (await aws.ec2.describe_instances(InstanceIds=[id]))["Reservations"][0]["Instances"]
        assert row["State"]["Name"] == "running"
        assert "aws:autoscaling:groupName" not in {tag["Key"] for tag in row["Tags"]}
        await auto.attach_instances(**asked)
        assert (await group_of(aws))["DesiredCapacity"] == 3
        await anyio.sleep(60.0)
        (back,) = [one for one in (await group_of(aws))["Instances"] if one["InstanceId"] == id]
        assert back["LifecycleState"] == "InService" and "LaunchTemplate" not in back
        (stood,) = (await auto.enter_standby(**asked, ShouldDecrementDesiredCapacity=True))["Activities"]
        assert stood["Description"] == f"Moving EC2 instance to Standby: {id}"
        code, words, _ = await refusal(auto.attach_instances(**asked))
        assert words == f"The Instance: {id} is already part of AutoScalingGroup:web"

    play(story)


def test_u11_lifecycle_hooks_are_put_beaten_completed_and_deleted() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        auto, hook = aws.autoscaling, {"AutoScalingGroupName": "web", "LifecycleHookName": "logs"}
        words = "autoscaling:EC2_INSTANCE_TERMINATING"
        assert (await refusal(auto.put_lifecycle_hook(**hook)))[0] == "ValidationError"
        await auto.put_lifecycle_hook(**hook, LifecycleTransition=words, NotificationMetadata="m")
        await auto.put_lifecycle_hook(**hook, HeartbeatTimeout=60, DefaultResult="CONTINUE")
        (row,) = (await auto.describe_lifecycle_hooks(AutoScalingGroupName="web"))["LifecycleHooks"]
        assert row == hook | {
            "LifecycleTransition": words, "HeartbeatTimeout": 60, "GlobalTimeout": 6000, "DefaultResult": "CONTINUE",
            "NotificationMetadata": "m",
        }  # fmt: skip
        assert (await refusal(auto.put_lifecycle_hook(**hook, DefaultResult="MAYBE")))[0] == "ValidationError"
        id = world.members("web")[0].id
        await auto.terminate_instance_in_auto_scaling_group(InstanceId=id, ShouldDecrementDesiredCapacity=False)
        await anyio.sleep(40.0)
        await auto.record_lifecycle_action_heartbeat(**hook, InstanceId=id)
        await anyio.sleep(50.0)
        assert world.instance(id).lifecycle == "Terminating:Wait"
        _, none, _ = await refusal(auto.record_lifecycle_action_heartbeat(**hook))
        assert none == "Either LifecycleActionToken or InstanceId must be specified."
        _, none, _ = await refusal(auto.record_lifecycle_action_heartbeat(**hook, LifecycleActionToken="t" * 36))
        assert none == f"No active Lifecycle Action found with token {'t' * 36}"
        done = {**hook, "InstanceId": id, "LifecycleActionResult": "CONTINUE"}
        assert (await refusal(auto.complete_lifecycle_action(**{**done, "LifecycleActionResult": "no"})))[2] == 400
        await auto.complete_lifecycle_action(**done)
        assert world.instance(id).lifecycle == "Terminating:Proceed"
        _, none, _ = await refusal(auto.complete_lifecycle_action(**{**done, "InstanceId": "i-0"}))
        assert none == "No active Lifecycle Action found with instance ID i-0"
        await auto.delete_lifecycle_hook(**hook)
        assert "No Lifecycle Hook found" in (await refusal(auto.delete_lifecycle_hook(**hook)))[1]
        assert len((await auto.describe_lifecycle_hook_types())["LifecycleHookTypes"]) == 2

    play(story)


def test_u11_scheduled_actions_are_put_act_and_are_deleted() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        auto, at = aws.autoscaling, datetime.fromtimestamp(world.now + 300, UTC).replace(microsecond=0)
        up = {"AutoScalingGroupName": "web", "ScheduledActionName": "up"}
        await auto.put_scheduled_update_group_action(**up, StartTime=at, MaxSize=5, DesiredCapacity=5)
        await auto.put_scheduled_update_group_action(**up, DesiredCapacity=4)
        (row,) = (await auto.describe_scheduled_actions(AutoScalingGroupName="web"))["ScheduledUpdateGroupActions"]
        assert (row["StartTime"], row["MaxSize"], row["DesiredCapacity"]) == (at, 5, 4)
        await anyio.sleep(301.0)
        group = await group_of(aws)
        assert (group["MaxSize"], group["DesiredCapacity"]) == (5, 4)
        assert (await auto.describe_scheduled_actions())["ScheduledUpdateGroupActions"] == []
        _, words, _ = await refusal(auto.put_scheduled_update_group_action(**up, StartTime=at, DesiredCapacity=4))
        assert words == "Given start time is in the past"
        _, words, _ = await refusal(auto.put_scheduled_update_group_action(**up, DesiredCapacity=4))
        assert words == "Either StartTime or Recurrence must be specified"
        for wrong in ("0 8 ? * *", "0 0 31 2 *"):
            put = auto.put_scheduled_update_group_action(**up, Recurrence=wrong, DesiredCapacity=4)
            assert (await refusal(put))[1] == f"Given recurrence string:{wrong} is invalid"
        put = auto.put_scheduled_update_group_action(**up, Recurrence="0 8 * * *", TimeZone="Mars/One", MinSize=1)
        assert (await refusal(put))[1] == "Given time zone:Mars/One is invalid"
        rows = [
            {"ScheduledActionName": "daily", "Recurrence": "0 8 * * *", "TimeZone": "Europe/Berlin", "MinSize": 1},
            {"ScheduledActionName": "never", "DesiredCapacity": 1},
        ]
        many = await auto.batch_put_scheduled_update_group_action(
            AutoScalingGroupName="web", ScheduledUpdateGroupActions=rows
        )
        assert [one["ScheduledActionName"] for one in many["FailedScheduledUpdateGroupActions"]] == ["never"]
        (row,) = (await auto.describe_scheduled_actions())["ScheduledUpdateGroupActions"]
        assert (row["Recurrence"], row["TimeZone"], row["StartTime"].hour) == ("0 8 * * *", "Europe/Berlin", 7)
        many = await auto.batch_delete_scheduled_action(
            AutoScalingGroupName="web", ScheduledActionNames=["daily", "never"]
        )
        assert [one["ErrorMessage"] for one in many["FailedScheduledActions"]] == ["Scheduled action name not found"]
        assert (await refusal(auto.delete_scheduled_action(**up)))[0] == "ValidationError"
        many = auto.batch_delete_scheduled_action(AutoScalingGroupName="web", ScheduledActionNames=["x"] * 51)
        assert (await refusal(many))[0] == "ValidationError"

    play(story)


def test_u11_scaling_policies_are_kept() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        auto, web = aws.autoscaling, {"AutoScalingGroupName": "web"}
        simple = {**web, "PolicyName": "out", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}
        arn = (await auto.put_scaling_policy(**simple))["PolicyARN"]
        metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}}
        cpu = {**web, "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling"}
        await auto.put_scaling_policy(**cpu, TargetTrackingConfiguration=metric | {"TargetValue": 50.0})
        await auto.put_scaling_policy(**web, PolicyName="out", Cooldown=60)
        first, second = (await auto.describe_policies(**web))["ScalingPolicies"]
        shown = {"PolicyType": "SimpleScaling", "PolicyARN": arn, "Cooldown": 60, "Enabled": True}
        assert first == simple | shown | {"StepAdjustments": [], "Alarms": []}
        assert arn.endswith(":autoScalingGroupName/web:policyName/out")
        assert second["TargetTrackingConfiguration"]["TargetValue"] == 50.0
        (one,) = (await auto.describe_policies(PolicyTypes=["SimpleScaling"]))["ScalingPolicies"]
        assert one["PolicyName"] == "out"
        wrong = [
            {"PolicyName": "a"}, {"PolicyName": "a", "PolicyType": "Odd"},
            {"PolicyName": "a", "PolicyType": "StepScaling"}, {"PolicyName": "out", "PolicyType": "StepScaling"},
            {"PolicyName": "out", "AdjustmentType": "Odd"},
        ]  # fmt: skip
        for each in wrong:
            assert (await refusal(auto.put_scaling_policy(**web, **each)))[0] == "ValidationError"
        await auto.delete_policy(PolicyName=arn)
        await auto.delete_policy(**web, PolicyName="cpu")
        assert (await auto.describe_policies(**web))["ScalingPolicies"] == []
        assert (await refusal(auto.delete_policy(**web, PolicyName="cpu")))[1] == "Policy cpu not found"
        assert (await refusal(auto.delete_policy(PolicyName="cpu")))[0] == "ValidationError"
        for number in range(50):
            await auto.put_scaling_policy(**simple | {"PolicyName": f"p{number}"})
        assert (await refusal(auto.put_scaling_policy(**simple)))[0] == "LimitExceeded"

    play(story)
