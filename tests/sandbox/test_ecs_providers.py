"""Capacity providers: managed draining, managed termination protection, managed scaling."""

from __future__ import annotations

import json
from types import SimpleNamespace

import anyio

from async_rollout.sandbox.ecs.clusters import a_cluster, a_definition, a_provider, a_service, a_task
from async_rollout.sandbox.ecs.draining import HOOK
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.world import World
from support.containers import Dock, a_dock, tell_of


def a_managed_dock(size: int = 3, **provider: object) -> Dock:
    """Each host has a task of the service "shop" and one of the daemon "logs"."""
    dock = a_dock(size, minimum=1)
    a_service(dock.world, "prod", "shop", desired=size, target_group=True, provider="web-provider")
    a_service(dock.world, "prod", "logs", daemon=True)
    a_provider(dock.world, **provider)
    return dock


def test_left_alone_nothing_happens() -> None:
    dock = a_managed_dock(protection=True)
    dock.wait(7200.0)
    assert dock.world.record == []


def test_it_is_told_with_what_it_has_made_of_its_group() -> None:
    def build(world: World) -> None:
        a_group(world, size=3, maximum=6, classic=0, target_groups=0)
        a_cluster(world)
        a_provider(world, target=90, protection=True)

    async def story(world: World, aws: SimpleNamespace) -> None:
        (cluster,) = (await aws.ecs.describe_clusters(clusters=["prod"], include=["ATTACHMENTS"]))["clusters"]
        assert cluster["capacityProviders"] == ["web-provider"]
        details = {one["type"]: {d["name"]: d["value"] for d in one["details"]} for one in cluster["attachments"]}
        assert details["managed_draining"]["autoScalingLifecycleHookName"] == HOOK
        reply = await aws.ecs.describe_capacity_providers()
        assert [one["name"] for one in reply["capacityProviders"]] == ["FARGATE", "FARGATE_SPOT", "web-provider"]
        reply = await aws.ecs.describe_capacity_providers(capacityProviders=["web-provider", "none"])
        (provider,) = reply["capacityProviders"]
        assert [one["reason"] for one in reply["failures"]] == ["MISSING"]
        group = provider["autoScalingGroupProvider"]
        assert group["autoScalingGroupArn"] == world.group("web").arn
        assert (group["managedDraining"], group["managedTerminationProtection"]) == ("ENABLED", "ENABLED")
        assert group["managedScaling"]["targetCapacity"] == 90
        (told,) = (await aws.autoscaling.describe_auto_scaling_groups())["AutoScalingGroups"]
        assert [(tag["Key"], tag["PropagateAtLaunch"]) for tag in told["Tags"]] == [("AmazonECSManaged", True)]
        assert told["NewInstancesProtectedFromScaleIn"]
        hooks = (await aws.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName="web"))["LifecycleHooks"]
        assert [(one["LifecycleHookName"], one["DefaultResult"]) for one in hooks] == [(HOOK, "CONTINUE")]
        (policy,) = (await aws.autoscaling.describe_policies(AutoScalingGroupName="web"))["ScalingPolicies"]
        assert policy["PolicyName"].startswith("ECSManagedAutoScalingPolicy-")
        assert policy["PolicyName"] == details["as_policy"]["scalingPolicyName"]
        world.ecs.provider_becomes("web-provider", update="UPDATE_IN_PROGRESS")
        reply = await aws.ecs.describe_capacity_providers(capacityProviders=["web-provider"])
        assert reply["capacityProviders"][0]["updateStatus"] == "UPDATE_IN_PROGRESS"
        rows = [one.arn for one in world.ecs.hosts_in("prod")]
        hosts = await aws.ecs.describe_container_instances(cluster="prod", containerInstances=rows)
        assert {row["capacityProviderName"] for row in hosts["containerInstances"]} == {"web-provider"}
        await anyio.sleep(1)

    tell_of(story, build)


def test_an_instance_that_is_terminated_waits_until_ecs_has_drained_it() -> None:
    dock = a_managed_dock()
    victim = dock.hosts[0]
    dock.world.terminate(victim.instance, decrement=False)
    dock.wait(20.0)
    assert dock.world.instance(victim.instance).lifecycle == "Terminating:Wait"
    assert dock.world.state.hosts[victim.arn].status == "DRAINING"
    dock.wait(400.0)
    assert dock.world.instance(victim.instance).lifecycle == "Terminated"
    assert dock.count(What.TASK_LOST) == 0
    shop = next(one for one in dock.world.state.services if one.endswith("shop"))
    assert dock.lowest(shop) == 3


def test_what_cannot_be_drained_is_cut_off_after_two_days() -> None:
    dock = a_dock(2, minimum=1)
    a_service(dock.world, "prod", "shop", desired=2, maximum=100)
    a_provider(dock.world, scaling=False)
    victim = dock.hosts[0]
    dock.world.terminate(victim.instance, decrement=False)
    dock.wait(47 * 3600.0)
    assert dock.world.instance(victim.instance).lifecycle == "Terminating:Wait"
    dock.wait(2 * 3600.0)
    assert dock.world.instance(victim.instance).lifecycle == "Terminated"
    assert dock.count(What.TASK_LOST) == 1


def test_a_host_with_tasks_of_its_own_is_protected_from_scale_in() -> None:
    dock = a_managed_dock(protection=True, scaling=False)
    assert all(dock.world.instance(host.instance).protected for host in dock.hosts)
    victim = dock.hosts[0]
    dock.drain(victim)
    dock.wait(300.0)
    assert [dock.world.instance(host.instance).protected for host in dock.hosts] == [False, True, True]


def test_an_empty_host_is_scaled_in_after_fifteen_minutes_unless_alarms_are_held() -> None:
    for held in (False, True):
        dock = a_managed_dock(protection=True)
        if held:
            dock.world.suspend("web", ["AlarmNotification"])
        dock.world.set_desired_capacity("web", 4)
        dock.wait(14 * 60.0)
        assert dock.world.group("web").desired == 4
        (empty,) = (host for host in dock.hosts if not any(not dock.world.ecs.is_daemon(one) for one in dock.on(host)))
        dock.wait(6 * 60.0)
        assert dock.world.group("web").desired == (4 if held else 3)
        assert dock.count(What.ALARM_IGNORED) > 0 if held else dock.count(What.ALARM) == 1
        alive = {one.id for one in dock.world.members("web") if not one.leaving}
        assert (empty.instance in alive) is held


def test_tasks_without_a_place_wait_for_an_instance() -> None:
    dock = a_dock(2, minimum=1)
    large = a_definition(dock.world, "shop", cpu=3000)
    shop = a_service(dock.world, "prod", "shop", desired=2, definition=large, provider="web-provider").arn
    a_provider(dock.world)
    dock.world.ecs.sets_service(shop, desired=4)
    dock.wait(10.0)
    assert dock.states(shop) == {"RUNNING RUNNING": 2, "RUNNING PROVISIONING": 2}
    dock.wait(300.0)
    assert dock.world.group("web").desired == 4
    assert dock.states(shop) == {"RUNNING RUNNING": 4}
    assert dock.count(What.UNPLACED) == 0


def test_a_standalone_task_holds_a_managed_drain_until_it_is_stopped() -> None:
    dock = a_managed_dock(scaling=False)
    victim = dock.hosts[0]
    alone = a_task(dock.world, "prod", host=victim.arn)
    dock.world.terminate(victim.instance, decrement=False)
    dock.wait(3600.0)
    assert dock.world.instance(victim.instance).lifecycle == "Terminating:Wait"
    dock.world.ecs.stop_task("prod", alone.arn, "enough")
    dock.wait(60.0)
    assert dock.world.instance(victim.instance).lifecycle == "Terminated"


def test_ecs_ends_an_instance_that_never_joined() -> None:
    dock = a_managed_dock(scaling=False)
    troubles = dock.world.ecs.troubles_of("web")
    troubles.lost, troubles.ended = 1, 300.0
    dock.world.set_desired_capacity("web", 4)
    dock.wait(300.0)
    (lost,) = {one.id for one in dock.world.members("web")} - {host.instance for host in dock.hosts}
    dock.wait(300.0)
    assert dock.world.instance(lost).lifecycle == "Terminated"
    assert len(dock.world.members("web")) == 4 == len([host for host in dock.hosts if host.connected])


def test_its_policy_is_one_of_target_tracking() -> None:
    dock = a_managed_dock(target=80)
    ((_, text),) = dock.world.group("web").policies
    assert json.loads(text)["TargetTrackingConfiguration"]["TargetValue"] == 80.0
