"""What AWS's words for a launch that failed mean: whether waiting helps, and for how long.

AWS gives no code, only a sentence. It is told by whole phrases, never by single words: "is not supported" alone stands
in failures of one zone and of every launch there will ever be. Words that nobody has seen yet are waited for until
`--launch-timeout`: giving up is what takes newcomers away, waiting takes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import assert_never

from async_rollout.core.activity import Activity
from async_rollout.core.policy import FAILED_TWICE, FAILURES_SETTLE, QUOTA_LASTS


class Failure(StrEnum):
    """Why a launch failed, by what helps against it."""

    ZONE = "zone"
    """Another zone."""
    CAPACITY = "capacity"
    """Another moment, another zone."""
    QUOTA = "quota"
    """Only that something else ends first."""
    PERMANENT = "permanent"
    """Only its owner."""
    SETTLES = "settles"
    """A minute or two: something new is not known everywhere yet."""
    UNKNOWN = "unknown"


PHRASES: Mapping[Failure, tuple[str, ...]] = {
    Failure.ZONE: (
        "Your requested instance type * is not supported in your requested Availability Zone",
        "There are not enough free addresses in subnet",
        "The requested Availability Zone is no longer supported",
        "The requested Availability Zone is currently constrained",
        "InsufficientFreeAddressesInSubnet",
    ),
    Failure.CAPACITY: (
        "Unable to fulfill capacity due to your request configuration",
        "There is no Spot capacity available that matches your request",
        "We currently do not have sufficient * capacity",
        "The requested configuration is currently not supported",
        "does not have sufficient compatible and available capacity for this request",
        "InsufficientInstanceCapacity",
        "InsufficientReservedInstanceCapacity",
        "InsufficientCapacityOnHost",
        "UnfulfillableCapacity",
        "Request limit exceeded",
        "Rate exceeded",
    ),
    Failure.QUOTA: (
        "You have requested more instances * than your current instance limit",
        "You have requested more vCPU capacity than your current vCPU limit",
        "Max spot instance count exceeded",
        "You've reached your quota for maximum Fleet Requests for this account",
        "instance(s) are already running",
        "InstanceLimitExceeded",
        "VcpuLimitExceeded",
        "MaxSpotInstanceCountExceeded",
    ),
    Failure.SETTLES: (
        "for parameter iamInstanceProfile.arn is invalid",
        "for parameter iamInstanceProfile.name is invalid",
        "Invalid IAM Instance Profile",
        "Authentication Failure",
        "AMI * is pending, and cannot be run",
    ),
    Failure.PERMANENT: (
        "of the specified instance type does not match the architecture * of the specified AMI",
        "Volume of size * is smaller than snapshot",
        "In order to use this AWS Marketplace product you need to accept terms and subscribe",
        "The security group * does not exist",
        "The key pair * does not exist",
        "The image id * does not exist",
        "The subnet ID * does not exist",
        "Not authorized for images",
        "You are not authorized to perform this operation",
        "Access denied when attempting to assume role",
        "You are not subscribed to this service",
        "for parameter virtualName is invalid",
        "Invalid device name",
        "EBS block device mappings not supported for instance-store AMIs",
        "Placement groups may not be used with instances of type",
        "Client error on launch",
        "is lower than the minimum required Spot request fulfillment price",
        "InvalidBlockDeviceMapping",
        "Validating load balancer configuration failed",
        "Updating load balancer configuration failed",
        "Failed to update target group",
        "InvalidAMIID",
        "InvalidKeyPair.NotFound",
        "InvalidGroup.NotFound",
        "InvalidSubnetID.NotFound",
        "InvalidLaunchTemplate",
        "You must use a valid fully-formed launch template",
    ),
}
"""AWS's own sentences, `*` for what differs in them, and the codes of its answers to our own launches; the first kind
that has one in it, in this order. The launch template's own comes last: it stands in front of others too."""


def _folded(text: str) -> str:
    """Letters and digits alone: a cause has been through the tags, which do not keep every mark."""
    return re.sub(r"[^a-z0-9*]+", " ", text.casefold())


def _pattern(phrase: str) -> str:
    return r".*?".join(re.escape(part.strip()) for part in _folded(phrase).split("*"))


_PATTERNS = tuple((kind, re.compile(_pattern(phrase))) for kind, several in PHRASES.items() for phrase in several)


@lru_cache(maxsize=256)  # the same page of activities is read again and again
def failure_of(message: str) -> Failure:
    """What AWS's words mean."""
    folded = _folded(message)
    return next((kind for kind, pattern in _PATTERNS if pattern.search(folded)), Failure.UNKNOWN)


def next_of(text: str) -> str:
    """The next command, or what to do first, where a rollout ended with these words."""
    match failure_of(text):
        case Failure.QUOTA:
            return "run with --max-surge 0 --max-unavailable 1, which needs no room in the quota, or have it raised"
        case Failure.PERMANENT | Failure.SETTLES:
            return "put right what AWS names, then run again"
        case Failure.ZONE | Failure.CAPACITY | Failure.UNKNOWN:
            return ""
        case never:
            assert_never(never)


def unmended(launches: Iterable[Activity]) -> tuple[Activity, ...]:
    """The failures since the last launch that came to be, or is on its way; newest first, as given.

    Where AWS has gone on in another zone, what was wrong with the first one is nothing to give up for.
    """
    known = tuple(launches)
    came = max((one.started_at for one in known if not one.failed), default=float("-inf"))
    return tuple(one for one in known if one.failed and one.started_at > came)


def hopeless(
    failures: tuple[Activity, ...], at: float, *, quiet: bool, untouched: bool = False, nowhere: bool = False
) -> Activity | None:
    """The failure for which waiting is over, of those that stood when AWS was asked, at `at`; None if it may help.

    quiet: nothing of ours is on its way that would take, or make, room in a quota; untouched: nor has anything of the
    group gone since we began. nowhere: AWS has refused us in every zone.
    """
    for kind in Failure:
        alike = [one for one in failures if failure_of(one.message) is kind]
        answered = bool(alike) and all(one.answered for one in alike)
        full = quiet and untouched and answered
        if alike and _lasts(kind, [one.started_at for one in alike], at, quiet=quiet, full=full, nowhere=nowhere):
            return alike[0]
    return None


def _lasts(kind: Failure, times: list[float], at: float, *, quiet: bool, full: bool, nowhere: bool) -> bool:
    match kind:
        case Failure.PERMANENT:
            return nowhere or len(times) >= FAILED_TWICE
        case Failure.SETTLES:
            return len(times) >= FAILED_TWICE and max(times) - min(times) >= FAILURES_SETTLE
        case Failure.QUOTA:
            return full or (quiet and at - min(times) >= QUOTA_LASTS)
        case Failure.ZONE | Failure.CAPACITY | Failure.UNKNOWN:
            return False
        case never:
            assert_never(never)
