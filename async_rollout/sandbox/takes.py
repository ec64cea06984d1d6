"""What the sandbox takes of AWS's calls, and what it does not: what people and `sandbox --help` read.

Needs none of the sandbox's libraries. The tests hold it against what is really answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TAKES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "autoscaling": (
            "AttachInstances", "AttachLoadBalancerTargetGroups", "AttachLoadBalancers", "AttachTrafficSources",
            "BatchDeleteScheduledAction", "BatchPutScheduledUpdateGroupAction", "CompleteLifecycleAction",
            "CreateOrUpdateTags", "DeleteLifecycleHook", "DeletePolicy", "DeleteScheduledAction", "DeleteTags",
            "DescribeAccountLimits", "DescribeAdjustmentTypes", "DescribeAutoScalingGroups",
            "DescribeAutoScalingInstances", "DescribeAutoScalingNotificationTypes", "DescribeInstanceRefreshes",
            "DescribeLaunchConfigurations", "DescribeLifecycleHookTypes", "DescribeLifecycleHooks",
            "DescribeLoadBalancerTargetGroups", "DescribeLoadBalancers", "DescribeMetricCollectionTypes",
            "DescribeNotificationConfigurations", "DescribePolicies", "DescribeScalingActivities",
            "DescribeScalingProcessTypes", "DescribeScheduledActions", "DescribeTags", "DescribeTerminationPolicyTypes",
            "DescribeTrafficSources", "DescribeWarmPool", "DetachInstances", "DetachLoadBalancerTargetGroups",
            "DetachLoadBalancers", "DetachTrafficSources", "DisableMetricsCollection", "EnableMetricsCollection",
            "EnterStandby", "ExitStandby", "LaunchInstances", "PutLifecycleHook", "PutScalingPolicy",
            "PutScheduledUpdateGroupAction", "RecordLifecycleActionHeartbeat", "ResumeProcesses", "SetDesiredCapacity",
            "SetInstanceHealth", "SetInstanceProtection", "SuspendProcesses", "TerminateInstanceInAutoScalingGroup",
            "UpdateAutoScalingGroup",
        ),
        "ec2": (
            "CreateLaunchTemplateVersion", "DescribeAvailabilityZones", "DescribeInstanceStatus", "DescribeInstances",
            "DescribeLaunchTemplateVersions", "DescribeLaunchTemplates", "DescribeSubnets", "DescribeTags",
            "ModifyLaunchTemplate", "TerminateInstances",
        ),
        "ecs": (
            "DeregisterContainerInstance", "DescribeCapacityProviders", "DescribeClusters",
            "DescribeContainerInstances", "DescribeServices", "DescribeTaskDefinition", "DescribeTasks",
            "GetTaskProtection", "ListClusters", "ListContainerInstances", "ListServices", "ListTasks", "RunTask",
            "StopTask", "UpdateContainerInstancesState", "UpdateService",
        ),
        "elb": (
            "DeregisterInstancesFromLoadBalancer", "DescribeInstanceHealth", "DescribeLoadBalancerAttributes",
            "DescribeLoadBalancers", "DescribeTags", "RegisterInstancesWithLoadBalancer",
        ),
        "elbv2": (
            "DeregisterTargets", "DescribeListeners", "DescribeLoadBalancerAttributes", "DescribeLoadBalancers",
            "DescribeRules", "DescribeTags", "DescribeTargetGroupAttributes", "DescribeTargetGroups",
            "DescribeTargetHealth", "RegisterTargets",
        ),
        "sts": ("GetCallerIdentity",),
    }
)  # fmt: skip
"""Every call that is answered, by service."""

KEPT: tuple[str, ...] = (
    "CapacityRebalance", "CapacityReservationSpecification", "Context", "DefaultCooldown", "DefaultInstanceWarmup",
    "DesiredCapacityType", "AvailabilityZoneImpairmentPolicy", "MaxInstanceLifetime", "PlacementGroup",
    "ServiceLinkedRoleARN", "MixedInstancesPolicy.InstancesDistribution",
)  # fmt: skip
"""Of UpdateAutoScalingGroup: given back as AWS gives them back, and nothing goes by them.

But one: LaunchInstances is refused where InstancesDistribution means both On-Demand and Spot.
"""

UNCHANGED: tuple[str, ...] = (
    "AvailabilityZones", "VPCZoneIdentifier", "InstanceMaintenancePolicy", "AvailabilityZoneDistribution",
)  # fmt: skip
"""Of UpdateAutoScalingGroup: taken as long as they say what is so anyway."""

NOBODY = (
    "a scaling policy, as the sandbox has no alarms; a lifecycle hook's notification, so that its actions are completed"
    " by instance id, not by token."
)

REST = (
    "any other call, and any parameter that is newer than the sandbox, is the error SandboxNotSimulated (HTTP 501),"
    " said on the sandbox's stderr too. EC2's DryRun is heeded."
)


def sections() -> tuple[tuple[str, str], ...]:
    """Titles and texts, as `sandbox --help` shows them."""
    return (
        *((f"Takes of {service}", ", ".join(calls)) for service, calls in TAKES.items()),
        ("Kept without effect", ", ".join(KEPT)),
        ("Kept and never called", NOBODY),
        ("Taken as they are, not changed", ", ".join(UNCHANGED)),
        ("Everything else", REST),
    )
