"""The wire door: real aioboto3 clients on a world, in a virtual loop."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from async_rollout.sandbox import Sandbox
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Hook, ScheduledAction
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.clients import clients, code_of, play


def test_a_group_is_told_whole() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        await aws.autoscaling.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["AZRebalance"])
        tag = {"ResourceId": "web", "ResourceType": "auto-scaling-group", "Key": "k", "Value": "v"}
        await aws.autoscaling.create_or_update_tags(Tags=[tag | {"PropagateAtLaunch": True}])
        reply = await aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web", "nobody"])
        (group,) = reply["AutoScalingGroups"]
        truth = world.group("web")
        assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == (3, 3, 3)
        assert group["AutoScalingGroupARN"] == truth.arn
        assert [one["ProcessName"] for one in group["SuspendedProcesses"]] == ["AZRebalance"]
        assert group["Tags"] == [tag | {"PropagateAtLaunch": True}]
        assert group["TrafficSources"][0] == {"Identifier": "web-classic", "Type": "elb"}
        assert group["TargetGroupARNs"] == list(truth.target_groups)
        assert "Status" not in group
        versions = [one["LaunchTemplate"]["Version"] for one in group["Instances"]]
        assert (versions, group["LaunchTemplate"]["Version"]) == (["1", "1", "2"], "$Default")

    play(story, outdated=2)


def test_groups_are_filtered_and_paged() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        for name in ("api", "batch"):
            a_group(world, name=name, size=1, classic=0, target_groups=0)
        tag = {"ResourceId": "api", "ResourceType": "auto-scaling-group", "Key": "team", "Value": "a"}
        await aws.autoscaling.create_or_update_tags(Tags=[tag])
        for filters in ([{"Name": "tag-key", "Values": ["team"]}], [{"Name": "tag:team", "Values": ["a", "b"]}]):
            reply = await aws.autoscaling.describe_auto_scaling_groups(Filters=filters)
            assert [one["AutoScalingGroupName"] for one in reply["AutoScalingGroups"]] == ["api"]
        seen = []
        async for page in aws.autoscaling.get_paginator("describe_auto_scaling_groups").paginate(
            PaginationConfig={"PageSize": 2}
        ):
            seen.append([one["AutoScalingGroupName"] for one in page["AutoScalingGroups"]])
        assert seen == [["web", "api"], ["batch"]]
        call = aws.autoscaling.describe_auto_scaling_groups(MaxRecords=101)
        assert await code_of(call) == ("ValidationError", 400)
        call = aws.autoscaling.describe_auto_scaling_groups(NextToken="nonsense")
        assert await code_of(call) == ("InvalidNextToken", 400)

    play(story)


def test_health_in_both_kinds_of_load_balancers_follows_a_drain() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        id, arn = world.members("web")[0].id, world.group("web").target_groups[0]

        async def seen() -> tuple[Any, ...]:
            health = await aws.elbv2.describe_target_health(TargetGroupArn=arn, Targets=[{"Id": id, "Port": 8080}])
            state = health["TargetHealthDescriptions"][0]["TargetHealth"]
            classic = await aws.elb.describe_instance_health(
                LoadBalancerName="web-classic", Instances=[{"InstanceId": id}]
            )
            row = classic["InstanceStates"][0]
            return state["State"], state.get("Reason"), row["State"], row["Description"].partition(".")[0]

        assert await seen() == ("healthy", None, "InService", "N/A")
        await aws.elbv2.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": id, "Port": 8080}])
        left = await aws.elb.deregister_instances_from_load_balancer(
            LoadBalancerName="web-classic", Instances=[{"InstanceId": id}]
        )
        assert id not in [one["InstanceId"] for one in left["Instances"]]
        draining = "Instance deregistration currently in progress"
        assert await seen() == ("draining", "Target.DeregistrationInProgress", "InService", draining)
        await anyio.sleep(31)
        gone = "Instance is not currently registered with the LoadBalancer"
        assert await seen() == ("unused", "Target.NotRegistered", "OutOfService", gone)
        listed = await aws.elbv2.describe_target_health(TargetGroupArn=arn)
        assert len(listed["TargetHealthDescriptions"]) == 2

    play(story)


def test_a_surge_and_a_decrementing_termination() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        auto = aws.autoscaling
        before = {one.id for one in world.members("web")}
        await auto.update_auto_scaling_group(AutoScalingGroupName="web", MaxSize=4)
        await auto.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
        await anyio.sleep(120)
        (new,) = {one.id for one in world.members("web")} - before
        reply = await aws.ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [new, "i-unknown"]}])
        (row,) = [one for each in reply["Reservations"] for one in each["Instances"]]
        truth = world.instance(new)
        assert (row["State"]["Name"], row["PrivateIpAddress"]) == ("running", truth.private_ip)
        attached = row["NetworkInterfaces"][0]["Attachment"]["AttachTime"].timestamp()
        assert attached == int(truth.attached_at)
        victim = min(before)
        reply = await auto.terminate_instance_in_auto_scaling_group(
            InstanceId=victim, ShouldDecrementDesiredCapacity=True
        )
        assert reply["Activity"]["Description"] == f"Terminating EC2 instance: {victim}"
        assert reply["Activity"]["StatusCode"] == "WaitingForELBConnectionDraining"
        reply = await auto.describe_scaling_activities(AutoScalingGroupName="web", MaxRecords=1)
        assert reply["Activities"][0]["ActivityId"] and "EndTime" not in reply["Activities"][0]
        reply = await auto.describe_scaling_activities(AutoScalingGroupName="web", NextToken=reply["NextToken"])
        assert [one["StatusCode"] for one in reply["Activities"]] == ["Successful"] * 4
        assert world.group("web").desired == 3

    world = play(story)
    asked = [one.who for one in world.record if one.what in (What.SET_DESIRED, What.TERMINATE)]
    assert asked == ["owner", "owner"]


def test_lesser_facts() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        from dataclasses import replace

        hook = Hook(name="warm", launching=True, heartbeat=300.0)
        world.human_edits("web", lambda group: replace(group, hooks=(hook,), warm_pool=True))
        world.schedule("web", ScheduledAction(name="nightly", at=world.now + 3600, every=86400.0, desired=3))
        world.human_starts_refresh("web", "Pending")
        name = {"AutoScalingGroupName": "web"}
        (found,) = (await aws.autoscaling.describe_lifecycle_hooks(**name))["LifecycleHooks"]
        assert (found["LifecycleTransition"], found["HeartbeatTimeout"]) == ("autoscaling:EC2_INSTANCE_LAUNCHING", 300)
        (due,) = (await aws.autoscaling.describe_scheduled_actions(**name))["ScheduledUpdateGroupActions"]
        assert due["StartTime"].timestamp() == world.group("web").scheduled[0].at
        assert (due["Recurrence"], due["DesiredCapacity"], "MinSize" in due) == ("0 9 * * *", 3, False)
        refreshes = (await aws.autoscaling.describe_instance_refreshes(**name))["InstanceRefreshes"]
        assert [one["Status"] for one in refreshes] == ["Pending"]
        assert "WarmPoolConfiguration" in await aws.autoscaling.describe_warm_pool(**name)
        sources = (await aws.autoscaling.describe_traffic_sources(**name))["TrafficSources"]
        assert [one["Type"] for one in sources] == ["elb", "elbv2", "elbv2"]
        template = (await aws.ec2.describe_launch_templates())["LaunchTemplates"][0]
        assert (template["DefaultVersionNumber"], template["LatestVersionNumber"]) == (2, 2)
        made = await aws.ec2.create_launch_template_version(
            LaunchTemplateName=template["LaunchTemplateName"], LaunchTemplateData={"ImageId": "ami-new"}
        )
        assert made["LaunchTemplateVersion"]["VersionNumber"] == 3
        newest = await aws.ec2.describe_launch_template_versions(
            LaunchTemplateId=template["LaunchTemplateId"], Versions=["$Latest", "$Default"]
        )
        assert [one["VersionNumber"] for one in newest["LaunchTemplateVersions"]] == [3, 2]
        delay = await aws.elbv2.describe_target_group_attributes(TargetGroupArn=world.group("web").target_groups[0])
        assert {"Key": "deregistration_delay.timeout_seconds", "Value": "30"} in delay["Attributes"]
        assert (await aws.sts.get_caller_identity())["Account"] == world.account

    play(story)


def test_a_mixed_policy_and_a_launch_configuration() -> None:
    async def main() -> None:
        for scenario, key in (
            ("mixed-instances", "MixedInstancesPolicy"),
            ("launch-configuration", "LaunchConfigurationName"),
        ):
            sandbox = Sandbox(scenario, clock=loop_clock())
            async with sandbox.session().client("autoscaling") as auto:
                (group,) = (await auto.describe_auto_scaling_groups())["AutoScalingGroups"]
            assert {key} == {"LaunchTemplate", "MixedInstancesPolicy", "LaunchConfigurationName"} & group.keys()

    run_virtual(main)


def test_refusals_are_in_the_words_of_aws() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        auto, arn = aws.autoscaling, world.group("web").target_groups[0]
        for call, code in (
            (auto.suspend_processes(AutoScalingGroupName="no", ScalingProcesses=["Launch"]), "ValidationError"),
            (auto.describe_scaling_activities(AutoScalingGroupName="no"), "ValidationError"),
            (auto.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=9), "ValidationError"),
            (aws.elb.describe_instance_health(LoadBalancerName="no"), "LoadBalancerNotFound"),
            (aws.elb.describe_load_balancers(LoadBalancerNames=["web-classic", "no"]), "LoadBalancerNotFound"),
            (aws.elbv2.describe_target_health(TargetGroupArn=arn + "x"), "TargetGroupNotFound"),
            (aws.elbv2.describe_target_groups(TargetGroupArns=[arn, arn + "x"]), "TargetGroupNotFound"),
            (aws.ec2.describe_instances(InstanceIds=["i-0123"]), "InvalidInstanceID.NotFound"),
        ):
            assert await code_of(call) == (code, 400)

    play(story)


def test_the_date_is_the_worlds_and_a_call_takes_its_latency() -> None:
    async def main() -> None:
        world = World(1, loop_clock())
        async with clients(world, latency=(2.0, 2.0)) as aws:
            await anyio.sleep(3600)
            began = anyio.current_time()
            reply = await aws.sts.get_caller_identity()
            assert anyio.current_time() == began + 2.0
        assert reply["ResponseMetadata"]["HTTPHeaders"]["date"] == "Mon, 05 Jan 2026 09:00:01 GMT"
        assert world.calls == {"sts:GetCallerIdentity": 1}

    run_virtual(main)


def test_nothing_touches_a_socket_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("a socket was to be connected")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        await aws.autoscaling.describe_auto_scaling_groups()

    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    play(story)
