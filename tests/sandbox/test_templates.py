"""UpdateAutoScalingGroup of what a group launches from: versions, a mixed policy, permissions, a blind client."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from async_rollout.sandbox.doors.answers.settings import keep
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.readings import Readings
from async_rollout.sandbox.records import Group, Override
from async_rollout.sandbox.templates import PERMITS
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.asking import group_of, refusal, tell
from support.clients import play

TYPES = (Override(instance_type="t3.micro"), Override(instance_type="t3.small"))
SEGMENT = "MixedInstancesPolicy.InstancesDistribution.DistributionSegments"


def mixed(group: Group) -> Group:
    return replace(group, overrides=TYPES, spot=30, on_demand_base=2)


def spec(world: World, version: str) -> dict[str, str]:
    template = world.group("web").template
    assert template is not None
    return {"LaunchTemplateId": template.id, "Version": version}


@pytest.mark.parametrize("version", ["1", "2", "$Latest", "$Default"])
def test_a_version_is_given_and_told_as_it_was_given(version: str) -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        await aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", LaunchTemplate=spec(world, version))
        assert (await group_of(aws))["LaunchTemplate"]["Version"] == version

    play(story)


def test_a_version_that_is_not_there_or_is_deleted_is_refused_in_aws_words() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        template = world.state.templates[spec(world, "1")["LaunchTemplateId"]]
        world.put_template(replace(template, deleted=frozenset({1})))
        for version in ("1", "9"):
            asked_for: dict[str, Any] = {"LaunchTemplate": spec(world, version)}
            update = aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", **asked_for)
            code, words, _ = await refusal(update)
            assert code == "ValidationError" and f"the specified version {version} for" in words
            found = aws.ec2.describe_launch_template_versions(LaunchTemplateId=template.id, Versions=[version])
            assert (await refusal(found))[0] == "InvalidLaunchTemplateId.VersionNotFound"

    play(story)


@pytest.mark.parametrize("answered", [False, True])
def test_what_a_deleted_version_would_launch_fails_in_aws_words(answered: bool) -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        await aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", LaunchTemplate=spec(world, "1"))
        number = world.human_releases("web-template")
        id, members = spec(world, "1")["LaunchTemplateId"], len(world.members("web"))
        with pytest.raises(ValueError, match=f"no version {number} that"):
            world.human_deletes_version("web-template", number)  # the default one
        world.human_deletes_version("web-template", 1)
        words = f"Could not find the specified version 1 for the launch template with ID {id}."
        if answered:
            zone = world.group("web").zones[0]
            told = await aws.autoscaling.launch_instances(
                AutoScalingGroupName="web", RequestedCapacity=1, AvailabilityZones=[zone], ClientToken="one"
            )
            (error,) = told["Errors"]
            assert (error["ErrorCode"], told["Instances"]) == ("InvalidLaunchTemplateId.VersionNotFound", [])
            assert error["ErrorMessage"] == f"You must use a valid fully-formed launch template. {words}"
        else:
            await aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=members + 1)
            await anyio.sleep(90.0)
            found = await aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="web")
            failed = [one for one in found["Activities"] if one["StatusCode"] == "Failed"]
            said = f"You must use a valid fully-formed launch template. {words}"
            assert len(failed) > 1 and {one["StatusMessage"] for one in failed} == {said}
        assert len(world.members("web")) == members

    play(story, maximum=5)


def test_a_launch_configuration_has_to_be_there() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        update = aws.autoscaling.update_auto_scaling_group
        code, words, _ = await refusal(update(AutoScalingGroupName="web", LaunchConfigurationName="web-2"))
        assert (code, words.partition(" - ")[0]) == ("ValidationError", "Launch configuration name not found")
        world.put_configuration("web-2")
        await update(AutoScalingGroupName="web", LaunchConfigurationName="web-2")
        assert (await group_of(aws))["LaunchConfigurationName"] == "web-2"
        rows = await aws.autoscaling.describe_launch_configurations(LaunchConfigurationNames=["web-1-before", "web-9"])
        assert [row["LaunchConfigurationName"] for row in rows["LaunchConfigurations"]] == ["web-1-before"]

    play(story, configuration="web-1")


@pytest.mark.parametrize("permit", PERMITS)
def test_whoever_may_not_use_a_template_may_still_set_sizes(permit: str) -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        update = aws.autoscaling.update_auto_scaling_group
        before = spec(world, "1")
        policy = {"LaunchTemplate": {"LaunchTemplateSpecification": before}}
        for given in ({"LaunchTemplate": before}, {"MixedInstancesPolicy": policy}):
            code, words, status = await refusal(update(AutoScalingGroupName="web", **given))
            assert (code, status) == ("AccessDenied", 403)
            assert words == f"You are not authorized to use launch template: {before['LaunchTemplateId']}"
        await update(AutoScalingGroupName="web", MaxSize=7)
        assert world.group("web").maximum == 7

    play(story, Fault(kind=FaultKind.DENIED, action=f"^{permit}$"))


def test_the_specification_alone_leaves_all_else_of_a_policy_as_it_was() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        before = (await group_of(aws))["MixedInstancesPolicy"]
        policy = {"LaunchTemplate": {"LaunchTemplateSpecification": spec(world, "1")}}
        await aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MixedInstancesPolicy=policy)
        after = (await group_of(aws))["MixedInstancesPolicy"]
        assert after["LaunchTemplate"].pop("LaunchTemplateSpecification")["Version"] == "1"
        assert before["LaunchTemplate"].pop("LaunchTemplateSpecification")["Version"] == "$Default"
        assert after == before

    play(story, edit=mixed)


def test_an_aws_that_drops_what_is_not_named_can_be_lived_through() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        world.readings = Readings(keeps_policy=False)
        policy = {"LaunchTemplate": {"LaunchTemplateSpecification": spec(world, "1")}}
        await aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MixedInstancesPolicy=policy)
        assert len(world.group("web").overrides) == 1 and world.group("web").spot == 0

    play(story, edit=mixed)


def test_what_a_pinned_client_does_not_see_it_destroys_by_sending_back_what_it_saw() -> None:
    """AWS tells the segments; the pin drops them; its echo of the policy ends them, as AWS's documents say."""

    async def main() -> None:
        world = World(1, loop_clock())
        a_group(world, edit=lambda group: replace(group, overrides=TYPES))

        async def body(operation: str, **fields: str) -> str:
            told = await tell(world, "autoscaling", operation, **fields)
            assert told.status == 200, told.message
            return told.body

        update = partial(body, "UpdateAutoScalingGroup", AutoScalingGroupName="web")
        await update(**{f"{SEGMENT}.member.1.TargetCapacityTypes.member.1": "capacity-block"})
        assert "<DistributionSegments>" in await body("DescribeAutoScalingGroups")
        name = "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification"
        await update(**{f"{name}.{key}": value for key, value in spec(world, "1").items()})
        assert "capacity-block" in await body("DescribeAutoScalingGroups")
        await update(**{"MixedInstancesPolicy.InstancesDistribution.OnDemandBaseCapacity": "0"})
        assert "capacity-block" not in await body("DescribeAutoScalingGroups")

    run_virtual(main)


def test_no_client_here_reads_the_segments() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        row = {"DistributionSegments": [{"TargetCapacityTypes": ["capacity-block"]}]}
        world.human_edits("web", lambda group: keep(group, "InstancesDistribution", row))
        assert "DistributionSegments" not in (await group_of(aws))["MixedInstancesPolicy"]["InstancesDistribution"]

    play(story, edit=mixed)
