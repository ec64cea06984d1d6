"""U11: what other clients send to the sandbox is kept, or refused as what it is: not simulated, and said so."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from async_rollout.sandbox.clock import ManualClock
from async_rollout.sandbox.doors.answers import TABLES
from async_rollout.sandbox.doors.codec import operation_model
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.takes import KEPT, TAKES, UNCHANGED
from async_rollout.sandbox.world import World
from support.asking import group_of, refusal, tell
from support.clients import play

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
    later = await tell(world, "autoscaling", "DescribeAccountSettings")
    assert (later.status, later.code) == (501, "SandboxNotSimulated")


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
