"""ECS's exact words: errors, events, reasons."""

from __future__ import annotations

from async_rollout.sandbox.words import AwsError

ON_DRAINING = "Scaling activity initiated by the container instance {host}, which is DRAINING"
SCALED_IN = "Scaling activity initiated by deployment {deployment}"
UNHEALTHY = "Task failed ELB health checks in (target-group {target_group})"
HOST_ENDED = "Host EC2 (instance {instance}) terminated."
EXITED = "Essential container in task exited"
FORCED = "The container instance was deregistered by force"
NO_HOST = (
    "was unable to place a task because no container instance met all of its requirements. Reason: No Container"
    " Instances were found in your cluster. For more information, see the Troubleshooting section of the Amazon ECS"
    " Developer Guide."
)
UNPLACEABLE = (
    "was unable to place a task because no container instance met all of its requirements. The closest matching"
    " (container-instance {host}) {why}. For more information, see the Troubleshooting section of the Amazon ECS"
    " Developer Guide."
)
UNSTARTABLE = (
    "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the"
    " Amazon ECS Developer Guide."
)
STEADY = "has reached a steady state."
LACKS = {
    "cpu": "has insufficient CPU units available",
    "memory": "has insufficient memory available",
    "port": "is already using a port required by your task",
    "attribute": "is missing an attribute required by your task",
    "distinct": "encountered error: distinctInstance placement constraint unsatisfied",
    "away": "encountered error: AGENT",
}
"""Why a host cannot take a task, by what it lacks."""


def no_cluster() -> AwsError:
    return AwsError("ClusterNotFoundException", "Cluster not found.")


def no_service() -> AwsError:
    return AwsError("ServiceNotFoundException", "Service not found.")


def wrong(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def refused(message: str) -> AwsError:
    return AwsError("ClientException", message)


def no_host() -> AwsError:
    return wrong("The specified container instance does not exist.")


def no_task() -> AwsError:
    return wrong("The referenced task was not found.")


def no_definition() -> AwsError:
    return refused("Unable to describe task definition.")


def holds_tasks() -> AwsError:
    """Of DeregisterContainerInstance without force."""
    return wrong("Found running tasks on the instance.")
