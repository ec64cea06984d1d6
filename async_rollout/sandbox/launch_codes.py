"""Why a launch failed, as LaunchInstances tells it: EC2's code and EC2's own sentence.

A scaling activity has only a sentence, with Auto Scaling's words around it; those are taken off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_BROUGHT = re.compile(r"Could not launch (?:On-Demand|Spot) Instances\. (\w[\w.]*) - ")
_BEHIND = re.compile(r"\s*Launching EC2 instance failed\.?$")

CODES: Mapping[str, str] = {
    "We currently do not have sufficient .* capacity": "InsufficientInstanceCapacity",
    "There is no Spot capacity available": "InsufficientInstanceCapacity",
    "does not have sufficient compatible and available capacity": "InsufficientInstanceCapacity",
    "Unable to fulfill capacity": "UnfulfillableCapacity",
    "vCPU capacity than your current vCPU limit": "VcpuLimitExceeded",
    r"more instances .*than your current instance limit|instance\(s\) are already running": "InstanceLimitExceeded",
    "Max spot instance count exceeded": "MaxSpotInstanceCountExceeded",
    "not enough free addresses in subnet": "InsufficientFreeAddressesInSubnet",
    "The image id .* does not exist": "InvalidAMIID.NotFound",
    "AMI .* is pending": "InvalidAMIID.Unavailable",
    "The security group .* does not exist": "InvalidGroup.NotFound",
    "The key pair .* does not exist": "InvalidKeyPair.NotFound",
    "The subnet ID .* does not exist": "InvalidSubnetID.NotFound",
    "Not authorized for images|Authentication Failure": "AuthFailure",
    "You are not authorized to perform": "UnauthorizedOperation",
    "Marketplace product|You are not subscribed": "OptInRequired",
    "does not match the architecture|for parameter .* is invalid|Invalid IAM Instance Profile": "InvalidParameterValue",
    "Placement groups may not": "InvalidParameterCombination",
    "Volume of size .* is smaller|EBS block device mappings|Invalid device name": "InvalidBlockDeviceMapping",
    "minimum required Spot request fulfillment price": "SpotMaxPriceTooLow",
    "Request limit exceeded": "RequestLimitExceeded",
    "Rate exceeded": "Throttling",
    "no ACTIVE Load Balancer": "LoadBalancerNotFound",
    "Could not find the specified version": "InvalidLaunchTemplateId.VersionNotFound",
    "not supported|no longer supported|currently constrained": "Unsupported",
}
"""EC2's error codes by what their sentences have in them; the first that does."""

UNKNOWN = "InternalError"
"""EC2's code for what it does not explain."""


def coded(words: str) -> tuple[str, str]:
    """The code and the sentence of a launch that failed with these words. A code that they bring stays."""
    sentence = _BEHIND.sub("", words)
    if brought := _BROUGHT.match(sentence):
        return brought[1], sentence[brought.end() :]
    found = (code for phrase, code in CODES.items() if re.search(phrase, sentence, re.DOTALL))
    return next(found, UNKNOWN), sentence
