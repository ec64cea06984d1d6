"""U11: what other clients put, attach and take away again in the sandbox, and what they look up there."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import anyio

from async_rollout.sandbox.world import World
from support.asking import group_of, refusal
from support.clients import play


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


def test_u11_load_balancers_are_attached_and_let_go_of() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        auto, web = aws.autoscaling, {"AutoScalingGroupName": "web"}
        found = await group_of(aws)
        names, arns = found["LoadBalancerNames"], found["TargetGroupARNs"]
        await auto.detach_load_balancers(**web, LoadBalancerNames=names)
        await auto.detach_load_balancer_target_groups(**web, TargetGroupARNs=arns)
        assert not (await auto.describe_traffic_sources(**web))["TrafficSources"]
        await auto.attach_load_balancers(**web, LoadBalancerNames=names)
        await auto.attach_load_balancer_target_groups(**web, TargetGroupARNs=arns)
        rows = [{"Identifier": one} for one in (*names, *arns)]
        await auto.detach_traffic_sources(**web, TrafficSources=rows)
        await auto.attach_traffic_sources(**web, TrafficSources=rows)
        assert (await group_of(aws))["TrafficSources"] == found["TrafficSources"]
        lattice = [{"Identifier": "arn:aws:vpc-lattice:x", "Type": "vpc-lattice"}]
        assert (await refusal(auto.attach_traffic_sources(**web, TrafficSources=lattice)))[0] == "SandboxNotSimulated"

    play(story)


def test_u11_what_every_account_has_is_listed() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        auto = aws.autoscaling
        assert (await auto.describe_account_limits())["NumberOfAutoScalingGroups"] == 1
        assert len((await auto.describe_adjustment_types())["AdjustmentTypes"]) == 3
        assert "Default" in (await auto.describe_termination_policy_types())["TerminationPolicyTypes"]
        assert len((await auto.describe_metric_collection_types())["Metrics"]) == 20
        assert {"ProcessName": "Launch"} in (await auto.describe_scaling_process_types())["Processes"]
        assert len((await auto.describe_auto_scaling_notification_types())["AutoScalingNotificationTypes"]) == 5
        assert (await auto.describe_notification_configurations())["NotificationConfigurations"] == []
        (group,) = (await auto.describe_auto_scaling_groups())["AutoScalingGroups"]
        name, arns = group["LoadBalancerNames"][0], group["TargetGroupARNs"]
        (row,) = (await aws.elb.describe_tags(LoadBalancerNames=[name]))["TagDescriptions"]
        assert row == {"LoadBalancerName": name, "Tags": []}
        rows = (await aws.elbv2.describe_tags(ResourceArns=arns))["TagDescriptions"]
        assert [row["ResourceArn"] for row in rows] == arns
        for arn, code in (("x:targetgroup/y", "TargetGroupNotFound"), ("x", "LoadBalancerNotFound")):
            assert (await refusal(aws.elbv2.describe_tags(ResourceArns=[arn])))[0] == code

    play(story)


def test_u11_another_version_becomes_the_default() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        named = {"LaunchTemplateName": "web-template"}
        await aws.ec2.create_launch_template_version(**named, LaunchTemplateData={"ImageId": "ami-1"})
        code, _, _ = await refusal(aws.ec2.modify_launch_template(**named, DefaultVersion="3", DryRun=True))
        assert code == "DryRunOperation"
        told = (await aws.ec2.modify_launch_template(**named, DefaultVersion="3"))["LaunchTemplate"]
        assert (told["DefaultVersionNumber"], told["LatestVersionNumber"]) == (3, 3)
        code, _, status = await refusal(aws.ec2.modify_launch_template(**named, DefaultVersion="9"))
        assert (code, status) == ("InvalidLaunchTemplateId.VersionNotFound", 400)

    play(story)


def test_u11_instances_are_found_by_what_they_have() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        first, ec2 = world.members("web")[0], aws.ec2
        for name, value in {
            "reservation-id": f"r-{first.id[2:]}",
            "launch-time": "2026-01-05T07:00:*",
            "network-interface.network-interface-id": f"eni-{first.id[2:]}",
        }.items():
            found = (await ec2.describe_instances(Filters=[{"Name": name, "Values": [value]}]))["Reservations"]
            assert [one["InstanceId"] for each in found for one in each["Instances"]] == [first.id]
        assert not (await ec2.describe_instances(Filters=[{"Name": "ip-address", "Values": ["*"]}]))["Reservations"]
        of = [{"Name": "resource-id", "Values": [first.id]}, {"Name": "key", "Values": ["aws:auto*"]}]
        (tag,) = (await ec2.describe_tags(Filters=of))["Tags"]
        assert (tag["ResourceId"], tag["Value"]) == (first.id, "web")
        odd = ec2.describe_tags(Filters=[{"Name": "odd", "Values": ["x"]}])
        assert (await refusal(odd))[0] == "SandboxNotSimulated"

    play(story)


def test_u11_listeners_and_their_rules_are_told() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        (balancer,) = (await aws.elbv2.describe_load_balancers())["LoadBalancers"]
        of = {"LoadBalancerArn": balancer["LoadBalancerArn"]}
        rows = (await aws.elbv2.describe_listeners(**of))["Listeners"]
        assert [row["Port"] for row in rows] == [80, 81]
        (again,) = (await aws.elbv2.describe_listeners(ListenerArns=[rows[1]["ListenerArn"]]))["Listeners"]
        assert again == rows[1]
        (rule,) = (await aws.elbv2.describe_rules(ListenerArn=again["ListenerArn"]))["Rules"]
        assert (rule["IsDefault"], rule["Actions"]) == (True, again["DefaultActions"])
        assert len((await aws.elbv2.describe_load_balancer_attributes(**of))["Attributes"]) == 5
        for call, code in (
            (aws.elbv2.describe_rules(ListenerArn="arn:x"), "ListenerNotFound"),
            (aws.elbv2.describe_listeners(ListenerArns=["arn:x"]), "ListenerNotFound"),
            (aws.elbv2.describe_listeners(LoadBalancerArn="arn:x"), "LoadBalancerNotFound"),
            (aws.elbv2.describe_load_balancer_attributes(LoadBalancerArn="arn:x"), "LoadBalancerNotFound"),
        ):
            assert (await refusal(call))[0] == code

    play(story)


def test_u11_an_instance_tells_all_its_addresses() -> None:
    """Ansible's elb_target_info reads them there."""

    async def story(world: World, aws: SimpleNamespace) -> None:
        one = world.members("web")[0]
        (row,) = (await aws.ec2.describe_instances(InstanceIds=[one.id]))["Reservations"][0]["Instances"]
        (face,) = row["NetworkInterfaces"]
        assert face["PrivateIpAddresses"] == [{"Primary": True, "PrivateIpAddress": one.private_ip}]

    play(story)
