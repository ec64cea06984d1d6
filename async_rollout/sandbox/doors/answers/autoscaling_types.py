"""Auto Scaling's lists of what there is at all, the same for every account: words and limits."""

from __future__ import annotations

from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table
from async_rollout.sandbox.doors.answers.autoscaling_policies import ADJUSTMENTS
from async_rollout.sandbox.doors.answers.autoscaling_settings import METRICS
from async_rollout.sandbox.words import PROCESSES

POLICIES = (
    "AllocationStrategy", "ClosestToNextInstanceHour", "Default", "NewestInstance", "OldestInstance",
    "OldestLaunchConfiguration", "OldestLaunchTemplate",
)  # fmt: skip
NOTIFICATIONS = ("LAUNCH", "LAUNCH_ERROR", "TERMINATE", "TERMINATE_ERROR")


def account_limits(asked: Asked) -> Params:
    groups = asked.state.groups.values()
    return {
        "MaxNumberOfAutoScalingGroups": 500,
        "MaxNumberOfLaunchConfigurations": 200,
        "NumberOfAutoScalingGroups": len(groups),
        "NumberOfLaunchConfigurations": len(asked.state.configurations),
    }


def adjustments(asked: Asked) -> Params:
    return {"AdjustmentTypes": [{"AdjustmentType": one} for one in ADJUSTMENTS]}


def policies(asked: Asked) -> Params:
    return {"TerminationPolicyTypes": list(POLICIES)}


def metrics(asked: Asked) -> Params:
    return {"Metrics": [{"Metric": one} for one in METRICS], "Granularities": [{"Granularity": "1Minute"}]}


def processes(asked: Asked) -> Params:
    return {"Processes": [{"ProcessName": one} for one in PROCESSES]}


def notifications(asked: Asked) -> Params:
    kinds = [f"autoscaling:EC2_INSTANCE_{one}" for one in NOTIFICATIONS]
    return {"AutoScalingNotificationTypes": [*kinds, "autoscaling:TEST_NOTIFICATION"]}


def notified(asked: Asked) -> Params:
    """Nobody is: the sandbox sends nothing."""
    return {"NotificationConfigurations": []}


TABLE: Table = {
    "DescribeAccountLimits": account_limits,
    "DescribeAdjustmentTypes": adjustments,
    "DescribeTerminationPolicyTypes": policies,
    "DescribeMetricCollectionTypes": metrics,
    "DescribeScalingProcessTypes": processes,
    "DescribeAutoScalingNotificationTypes": notifications,
    "DescribeNotificationConfigurations": notified,
}
