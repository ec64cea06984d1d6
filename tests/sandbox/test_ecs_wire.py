"""ECS over the wire: what a client of it reads, asks for and is refused."""

from __future__ import annotations

from base64 import b64decode
from types import SimpleNamespace

import anyio
import pytest

from async_rollout.sandbox.ecs.clusters import a_cluster, a_definition, a_service, a_task
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.world import World
from support.asking import refusal
from support.containers import tell_of


def a_fleet(world: World) -> None:
    a_group(world, size=3, maximum=6, classic=0, target_groups=0)
    a_cluster(world)
    a_service(world, "prod", "shop", desired=6, target_group=True)
    a_service(world, "prod", "logs", daemon=True)
    own = a_definition(world, "api", network="awsvpc", port=80, stop_timeout=90.0)
    a_service(world, "prod", "api", desired=3, definition=own, target_group=True, needs=(("ecs.os-type", "linux"),))
    a_task(world, "prod")


def test_an_account_without_a_cluster() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        assert (await aws.ecs.list_clusters())["clusterArns"] == []
        reply = await aws.ecs.describe_clusters(clusters=["prod"])
        assert (reply["clusters"], [one["reason"] for one in reply["failures"]]) == ([], ["MISSING"])
        assert await refusal(aws.ecs.list_tasks()) == ("ClusterNotFoundException", "Cluster not found.", 400)

    tell_of(story, a_group)


def test_clusters_and_their_hosts() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        (arn,) = (await aws.ecs.list_clusters())["clusterArns"]
        (cluster,) = (await aws.ecs.describe_clusters(clusters=[arn], include=["ATTACHMENTS"]))["clusters"]
        counts = ("registeredContainerInstancesCount", "runningTasksCount", "pendingTasksCount", "activeServicesCount")
        assert [cluster[name] for name in counts] == [3, 13, 0, 3]
        ids = [one.id for one in world.members("web")]
        for query, number in (
            (f"ec2InstanceId in [{ids[0]}, i-0,{ids[2]}]", 2),
            (f"ec2InstanceId == {ids[1]}", 1),
            (f"ec2InstanceId != {ids[1]}", 2),
            ("ec2InstanceId in [i-0]", 0),
        ):
            reply = await aws.ecs.list_container_instances(cluster="prod", filter=query)
            assert len(reply["containerInstanceArns"]) == number
        arns = (await aws.ecs.list_container_instances(cluster=arn))["containerInstanceArns"]
        reply = await aws.ecs.describe_container_instances(cluster="prod", containerInstances=[*arns, "0" * 32])
        assert [row["ec2InstanceId"] for row in reply["containerInstances"]] == ids
        (missing,) = reply["failures"]
        assert missing == {"arn": arns[0].rpartition("/")[0] + "/" + "0" * 32, "reason": "MISSING"}
        row = reply["containerInstances"][0]
        assert (row["status"], row["agentConnected"], row["runningTasksCount"]) == ("ACTIVE", True, 5)
        assert row["registeredAt"].timestamp() == world.ecs.hosts_in("prod")[0].registered_at
        left = {one["name"]: one for one in row["remainingResources"]}
        assert left["CPU"]["integerValue"] == 4096 - 5 * 256
        assert len(left["PORTS"]["stringSetValue"]) == 5 + 2

    tell_of(story, a_fleet)


def test_tasks_are_found_by_what_they_shall_be() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        ecs, host = aws.ecs, world.ecs.hosts_in("prod")[0]
        here = {"cluster": "prod", "containerInstance": host.arn}
        assert len((await ecs.list_tasks(**here))["taskArns"]) == 5
        assert len((await ecs.list_tasks(cluster="prod", serviceName="shop"))["taskArns"]) == 6
        done = await ecs.update_container_instances_state(
            cluster="prod", containerInstances=[host.arn, "none"], status="DRAINING"
        )
        assert [row["status"] for row in done["containerInstances"]] == ["DRAINING"]
        assert [one["reason"] for one in done["failures"]] == ["MISSING"]
        await anyio.sleep(45)
        running = (await ecs.list_tasks(**here))["taskArns"]
        stopping = (await ecs.list_tasks(**here, desiredStatus="STOPPED"))["taskArns"]
        reply = await ecs.describe_tasks(cluster="prod", tasks=[*running, *stopping, "0"])
        seen = {row["taskArn"]: (row["group"], row["lastStatus"]) for row in reply["tasks"]}
        assert sorted(seen[arn] for arn in running) == [("family:job", "RUNNING"), ("service:logs", "RUNNING")]
        going = sorted(seen[arn] for arn in stopping)
        assert going == [("service:api", "DEACTIVATING"), *[("service:shop", "DEACTIVATING")] * 2]
        assert [one["reason"] for one in reply["failures"]] == ["MISSING"]
        row = next(row for row in reply["tasks"] if row["group"] == "service:api")
        assert (row["attachments"][0]["details"][0]["name"], row["stopCode"], row["containerInstanceArn"]) == (
            "privateIPv4Address",
            "ServiceSchedulerInitiated",
            host.arn,
        )
        (seen_host,) = (await ecs.describe_container_instances(cluster="prod", containerInstances=[host.arn]))[
            "containerInstances"
        ]
        assert (seen_host["runningTasksCount"], seen_host["pendingTasksCount"]) == (2, 0)
        shop = next(row for row in reply["tasks"] if row["group"] == "service:shop")
        binding = shop["containers"][0]["networkBindings"][0]
        arn = world.state.services[next(one for one in world.state.services if one.endswith("shop"))].target_group
        targets = (await aws.elbv2.describe_target_health(TargetGroupArn=arn))["TargetHealthDescriptions"]
        states = {(one["Target"]["Id"], one["Target"]["Port"]): one["TargetHealth"]["State"] for one in targets}
        assert states[host.instance, binding["hostPort"]] == "draining"
        await anyio.sleep(120)
        world.advance()
        assert {world.state.tasks[arn].last for arn in stopping} == {"STOPPED"}

    tell_of(story, a_fleet)


def test_tasks_with_an_address_are_targets_of_the_type_ip() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        (group,) = (one for one in world.state.sources.values() if one.by_address)
        (row,) = (await aws.elbv2.describe_target_groups(TargetGroupArns=[group.id]))["TargetGroups"]
        assert row["TargetType"] == "ip"

        async def states() -> list[str]:
            rows = (await aws.elbv2.describe_target_health(TargetGroupArn=group.id))["TargetHealthDescriptions"]
            assert {row["Target"]["Port"] for row in rows} == {80}
            return sorted(row["TargetHealth"]["State"] for row in rows)

        assert await states() == ["healthy"] * 3
        world.ecs.set_state("prod", [world.ecs.hosts_in("prod")[0].arn], "DRAINING")
        await anyio.sleep(16)
        assert await states() == [*["healthy"] * 3, "initial"]
        await anyio.sleep(20)
        assert await states() == ["draining", *["healthy"] * 3]
        await anyio.sleep(60)
        assert await states() == ["healthy"] * 3
        unknown = await aws.elbv2.describe_target_health(TargetGroupArn=group.id, Targets=[{"Id": "10.9.9.9"}])
        assert unknown["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"] == "Target.NotRegistered"

    tell_of(story, a_fleet)


def test_services_are_paged_by_ten_and_told_whole() -> None:
    def build(world: World) -> None:
        a_fleet(world)
        for number in range(12):
            a_service(world, "prod", f"more-{number:02}", desired=0)

    async def story(world: World, aws: SimpleNamespace) -> None:
        first = await aws.ecs.list_services(cluster="prod")
        rest = await aws.ecs.list_services(cluster="prod", nextToken=first["nextToken"])
        assert (len(first["serviceArns"]), len(rest["serviceArns"]), "nextToken" in rest) == (10, 5, False)
        assert len((await aws.ecs.list_services(cluster="prod", maxResults=100))["serviceArns"]) == 15
        reply = await aws.ecs.describe_services(cluster="prod", services=["shop", "logs", "api", "none"])
        shop, logs, api = reply["services"]
        assert (shop["desiredCount"], shop["runningCount"], len(shop["deployments"])) == (6, 6, 1)
        assert shop["deploymentConfiguration"] == {"maximumPercent": 200, "minimumHealthyPercent": 100}
        assert (logs["schedulingStrategy"], logs["desiredCount"], logs["loadBalancers"]) == ("DAEMON", 3, [])
        assert api["placementConstraints"] == [{"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}]
        assert [one["reason"] for one in reply["failures"]] == ["MISSING"]
        described = await aws.ecs.describe_task_definition(taskDefinition=api["taskDefinition"])
        definition = described["taskDefinition"]
        (container,) = definition["containerDefinitions"]
        assert (definition["networkMode"], container["stopTimeout"]) == ("awsvpc", 90)
        assert container["portMappings"][0]["hostPort"] == 80
        waiter = aws.ecs.get_waiter("services_stable")
        await waiter.wait(cluster="prod", services=["shop", "logs", "api"])

    tell_of(story, build)


def test_a_deployment_and_a_scaling_by_people() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        await aws.ecs.update_service(cluster="prod", service="shop", desiredCount=8, forceNewDeployment=True)
        (shop,) = (await aws.ecs.describe_services(cluster="prod", services=["shop"]))["services"]
        assert [one["status"] for one in shop["deployments"]] == ["PRIMARY", "ACTIVE"]
        assert shop["deployments"][0]["rolloutState"] == "IN_PROGRESS"
        await anyio.sleep(300)
        (shop,) = (await aws.ecs.describe_services(cluster="prod", services=["shop"]))["services"]
        assert [one["rolloutState"] for one in shop["deployments"]] == ["COMPLETED"]
        assert (shop["runningCount"], shop["pendingCount"]) == (8, 0)
        assert shop["events"][0]["message"] == "(service shop) has reached a steady state."

    world = tell_of(story, a_fleet)
    (shop,) = (one for one in world.state.services if one.endswith("shop"))
    assert min(one.healthy for one in world.ecs.history if one.service == shop) == 6


def test_standalone_tasks_and_protection() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        ran = await aws.ecs.run_task(cluster="prod", taskDefinition="job", count=2)
        assert [row["group"] for row in ran["tasks"]] == ["family:job"] * 2
        await anyio.sleep(20)
        arns = [row["taskArn"] for row in ran["tasks"]]
        await aws.ecs.stop_task(cluster="prod", task=arns[0], reason="enough")
        await anyio.sleep(20)
        rows = (await aws.ecs.describe_tasks(cluster="prod", tasks=arns))["tasks"]
        assert [(row["lastStatus"], row.get("stoppedReason")) for row in rows] == [
            ("STOPPED", "enough"),
            ("RUNNING", None),
        ]
        shop = (await aws.ecs.list_tasks(cluster="prod", serviceName="shop"))["taskArns"]
        world.ecs.protect(shop[0], 3600.0)
        reply = await aws.ecs.get_task_protection(cluster="prod", tasks=[*shop[:2], arns[1]])
        assert [row["protectionEnabled"] for row in reply["protectedTasks"]] == [True, False]
        assert reply["protectedTasks"][0]["expirationDate"].timestamp() == pytest.approx(
            world.state.tasks[shop[0]].protected_until
        )
        assert [one["reason"] for one in reply["failures"]] == ["TASK_NOT_VALID"]
        await anyio.sleep(3700)
        reply = await aws.ecs.get_task_protection(cluster="prod", tasks=shop[:1])
        assert reply["protectedTasks"] == [{"taskArn": shop[0], "protectionEnabled": False}]

    tell_of(story, a_fleet)


def test_refusals_are_in_the_words_of_ecs() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        ecs, wrong = aws.ecs, "InvalidParameterException"
        row, here = world.ecs.hosts_in("prod")[0].arn, {"cluster": "prod"}
        for call, code in (
            (ecs.list_container_instances(cluster="none"), "ClusterNotFoundException"),
            (ecs.describe_tasks(**here, tasks=["x"] * 101), wrong),
            (ecs.describe_tasks(**here, tasks=[]), wrong),
            (ecs.describe_services(**here, services=["x"] * 11), wrong),
            (ecs.describe_container_instances(**here, containerInstances=["x"] * 101), wrong),
            (ecs.update_container_instances_state(**here, containerInstances=["x"] * 11, status="DRAINING"), wrong),
            (ecs.update_container_instances_state(**here, containerInstances=[row], status="DEREGISTERING"), wrong),
            (ecs.list_container_instances(**here, filter="ec2InstanceId"), wrong),
            (ecs.list_tasks(**here, maxResults=101), wrong),
            (ecs.list_tasks(**here, nextToken="x"), wrong),
            (ecs.list_tasks(**here, containerInstance="none"), wrong),
            (ecs.list_tasks(**here, serviceName="none"), "ServiceNotFoundException"),
            (ecs.stop_task(**here, task="none"), wrong),
            (ecs.deregister_container_instance(**here, containerInstance=row), wrong),
            (ecs.deregister_container_instance(**here, containerInstance="none"), wrong),
            (ecs.update_service(**here, service="none", desiredCount=1), "ServiceNotFoundException"),
            (ecs.describe_task_definition(taskDefinition="none"), "ClientException"),
        ):
            told = await refusal(call)
            assert (told[0], told[2]) == (code, 400), told
        for call in (
            ecs.create_cluster(),
            ecs.update_service(**here, service="shop", enableExecuteCommand=True),
            ecs.list_container_instances(**here, filter="runningTasksCount > 0"),
        ):
            assert (await refusal(call))[0] == "SandboxNotSimulated"
        gone = await ecs.deregister_container_instance(**here, containerInstance=row, force=True)
        assert gone["containerInstance"]["status"] == "INACTIVE"

    tell_of(story, a_fleet)


def test_only_an_active_host_becomes_draining_and_said_twice_is_said_once() -> None:
    async def story(world: World, aws: SimpleNamespace) -> None:
        world.ecs.troubles_of("web").refused = 1
        world.set_desired_capacity("web", 4)
        await anyio.sleep(150)
        world.advance()
        rows = [one.arn for one in world.ecs.hosts_in("prod")]
        for _ in range(2):
            reply = await aws.ecs.update_container_instances_state(
                cluster="prod", containerInstances=rows, status="DRAINING"
            )
            assert [row["status"] for row in reply["containerInstances"]] == ["DRAINING"] * 3
            assert [one["arn"] for one in reply["failures"]] == rows[3:]
        listed = await aws.ecs.list_container_instances(cluster="prod", status="DRAINING")
        assert listed["containerInstanceArns"] == rows[:3]
        (failed,) = (await aws.ecs.describe_container_instances(cluster="prod", containerInstances=rows[3:]))[
            "containerInstances"
        ]
        assert failed["status"] == "REGISTRATION_FAILED" and "trunk network interface" in failed["statusReason"]

    tell_of(story, a_fleet)


def test_what_hints_at_a_cluster_where_ecs_may_not_be_asked() -> None:
    def build(world: World) -> None:
        a_fleet(world)
        a_group(world, name="api", size=1)

    async def story(world: World, aws: SimpleNamespace) -> None:
        for name, hinted in (("web", True), ("api", False)):
            (group,) = (await aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name]))[
                "AutoScalingGroups"
            ]
            template = group["LaunchTemplate"]["LaunchTemplateId"]
            versions = await aws.ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Default"])
            data = versions["LaunchTemplateVersions"][0]["LaunchTemplateData"].get("UserData", "")
            assert (b"ECS_CLUSTER=prod" in b64decode(data)) is hinted
            reply = await aws.ec2.describe_instances(InstanceIds=[group["Instances"][0]["InstanceId"]])
            profile = reply["Reservations"][0]["Instances"][0].get("IamInstanceProfile", {})
            assert profile.get("Arn", "").endswith("/ecsInstanceRole") is hinted

    tell_of(story, build)
