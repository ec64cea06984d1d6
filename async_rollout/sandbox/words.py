"""AWS's exact words: errors, descriptions, reasons. Everything that a tool might match on stands here once."""

from __future__ import annotations

from async_rollout.sandbox.records import Group, Instance, Registration

PROCESSES = (
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
)
"""Every scaling process there is (SuspendProcesses)."""

DRAINING_CLASSIC = "Instance deregistration currently in progress."
NOT_REGISTERED_CLASSIC = "Instance is not currently registered with the LoadBalancer."
REGISTERING_CLASSIC = "Instance registration is still in progress."
NOT_PASSED_CLASSIC = "Instance has not passed the configured HealthyThreshold number of health checks consecutively."
FAILED_CLASSIC = "Instance has failed at least the UnhealthyThreshold number of health checks consecutively."
ZONE_CLASSIC = "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to."
NO_CAPACITY = (
    "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested ({zone}). Our system"
    " will be working on provisioning additional capacity. You can currently get t3.micro capacity by not specifying an"
    " Availability Zone in your request. Launching EC2 instance failed."
)
NO_IMAGE = "The image id '[{image}]' does not exist. Launching EC2 instance failed."
NOT_OFFERED = (
    "Could not launch On-Demand Instances. InvalidFleetConfiguration - Your requested instance type (t3.micro) is not"
    " supported in your requested Availability Zone ({zone}). Launching EC2 instance failed."
)
OVER_QUOTA = (
    "Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more vCPU capacity than your current"
    " vCPU limit of 32 allows for the instance bucket that the specified instance type belongs to. Please visit"
    " http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit. Launching EC2 instance"
    " failed."
)
WRONG_ARCHITECTURE = (
    "The architecture 'x86_64' of the specified instance type does not match the architecture 'arm64' of the specified"
    " AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use"
    " 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI."
    " Launching EC2 instance failed."
)
NO_BALANCER = "There is no ACTIVE Load Balancer named '{name}'. Validating load balancer configuration failed."
"""Where a Classic Load Balancer of the group is deleted AWS does not even launch."""
NO_TARGETS = (
    "Failed to update target group {arn}: Target group '{arn}' not found Updating load balancer configuration failed"
)
"""Where a target group is, AWS finds out when it is to register the new instance."""
OVERRIDES = {
    False: ("no_override", "AdministrativeOverride.NoOverride", "No override is currently active on target"),
    True: ("zonal_shift_active", "AdministrativeOverride.ZonalShiftActive", "Zonal shift is active"),
}
"""(State, Reason, Description) of a target's AdministrativeOverride: whether its zone is in zonal shift."""
ABANDONED = "Instance failed to complete user's Lifecycle Action: Lifecycle Action was abandoned or timed out"
ALL_PROTECTED = "Could not scale to desired capacity because all remaining instances are protected from scale-in."


class AwsError(Exception):
    """An answer of AWS that is an error: its code, its message, its HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


NOT_SIMULATED = "SandboxNotSimulated"
"""The one error code here that AWS does not have."""


def not_simulated(what: str) -> AwsError:
    """AWS takes it and the sandbox does not: nobody's mistake, and no status that clients try again on (501)."""
    return AwsError(NOT_SIMULATED, f"the sandbox does not simulate {what}; see async-rollout sandbox --help", 501)


def dry_run() -> AwsError:
    """What EC2 says instead of doing what was asked as a dry run."""
    return AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


_UNFORMED = "You must use a valid fully-formed launch template."


def no_template() -> AwsError:
    return invalid(f"{_UNFORMED} The specified launch template does not exist.")


def no_version(template: str, version: str) -> AwsError:
    return invalid(
        f"{_UNFORMED} Could not find the specified version {version[:40]} for the launch template with ID {template}."
    )


def no_configuration(name: str) -> AwsError:
    return invalid(
        f"Launch configuration name not found - A launch configuration with the name: {name[:255]} does not exist"
    )


def not_authorized(template: str) -> AwsError:
    """It names none of the permissions that are missing: as people have met it."""
    return AwsError("AccessDenied", f"You are not authorized to use launch template: {template}", 403)


def no_group(name: str) -> AwsError:
    return invalid(f"AutoScalingGroup name not found - no such group: {name}")


def no_target_group() -> AwsError:
    """It names none: as captured of AWS."""
    return AwsError("TargetGroupNotFound", "One or more target groups not found")


def no_balancer(name: str) -> AwsError:
    return AwsError("LoadBalancerNotFound", f"There is no ACTIVE Load Balancer named '{name}'")


def no_instance(id: str) -> AwsError:
    return invalid(f"Instance Id not found - No managed instance found for instance ID {id}")


def already_member(id: str, group: str) -> AwsError:
    return invalid(f"The Instance: {id} is already part of AutoScalingGroup:{group}")


def not_running(one: Instance) -> AwsError:
    return invalid(f"Instance {one.id} [{one.ec2}] is not in correct state. Instance(s) must be in 'running' state.")


def too_few_places(group: Group, verb: str, number: int) -> AwsError:
    """verb: "attach", "detach", "place into standby"."""
    return invalid(
        f"AutoScalingGroup {group.name} has min-size={group.minimum}, max-size={group.maximum}, and"
        f" desired-size={group.desired}. To {verb} {number} instance{'' if number == 1 else 's'}, please update the"
        " AutoScalingGroup sizes appropriately."
    )


def no_action(of: str) -> AwsError:
    """of: "instance ID i-0abc", "token …"."""
    return invalid(f"No active Lifecycle Action found with {of}")


def no_hook(hook: str, group: str) -> AwsError:
    return invalid(f"No Lifecycle Hook found with name '{hook}' for Auto Scaling group '{group}'")


def at_minimum(minimum: int) -> AwsError:
    return invalid(
        f"Currently, desiredSize equals minSize ({minimum}). Terminating instance without replacement will violate"
        " group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min"
        " size."
    )


def above_maximum(desired: int, maximum: int) -> AwsError:
    return invalid(f"New SetDesiredCapacity value {desired} is above max value {maximum} for the AutoScalingGroup.")


def below_minimum(desired: int, minimum: int) -> AwsError:
    return invalid(f"New SetDesiredCapacity value {desired} is below min value {minimum} for the AutoScalingGroup.")


def classic_words(one: Registration | None, *, terse: bool = False) -> tuple[str, str, str]:
    """(State, ReasonCode, Description) of DescribeInstanceHealth; None: not registered. terse: no full stop."""
    state, code, words = _classic_words(one)
    return state, code, words.removesuffix(".") if terse else words


def _classic_words(one: Registration | None) -> tuple[str, str, str]:
    if one is None:
        return "OutOfService", "Instance", NOT_REGISTERED_CLASSIC
    match one.state, one.reason:
        case "healthy", _:
            return "InService", "N/A", "N/A"
        case "draining", _:
            return "InService", "N/A", DRAINING_CLASSIC
        case "initial", "Elb.RegistrationInProgress":
            return "OutOfService", "ELB", REGISTERING_CLASSIC
        case "initial", _:
            return "OutOfService", "Instance", NOT_PASSED_CLASSIC
        case "unused", "Target.NotInUse":
            return "OutOfService", "ELB", ZONE_CLASSIC
        case "unused", _:
            return "OutOfService", "Instance", "Instance is in stopped state."
        case _:
            return "OutOfService", "Instance", FAILED_CLASSIC
