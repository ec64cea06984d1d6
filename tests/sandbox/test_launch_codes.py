"""EC2's code and sentence of a failed launch, out of the words that a scaling activity has for it."""

from __future__ import annotations

import pytest

from async_rollout.core.launch_failures import failure_of
from async_rollout.sandbox.launch_codes import CODES, UNKNOWN, coded
from async_rollout.sandbox.words import NO_BALANCER
from support.launch_texts import launch_texts

CODED = {
    "InvalidFleetConfiguration": "Could not launch On-Demand Instances. InvalidFleetConfiguration - Your requested",
    "Unsupported": "Your requested instance type (t3.small) is not supported in your requested Availability Zone",
    "InsufficientFreeAddressesInSubnet": "There are not enough free addresses in subnet 'subnet-0'",
    "UnfulfillableCapacity": "Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity",
    "InsufficientInstanceCapacity": "We currently do not have sufficient t3.medium capacity in the Availability Zone",
    "InstanceLimitExceeded": "You have requested more instances (7) than your current instance limit of 6 allows",
    "VcpuLimitExceeded": "You have requested more vCPU capacity than your current vCPU limit of 32 allows",
    "MaxSpotInstanceCountExceeded": "Max spot instance count exceeded.",
    "InvalidParameterValue": "Value (arn:1) for parameter iamInstanceProfile.arn is invalid.",
    "InvalidBlockDeviceMapping": "Could not launch Spot Instances. InvalidBlockDeviceMapping - Volume of size 22GB is",
    "OptInRequired": "In order to use this AWS Marketplace product you need to accept terms and subscribe.",
    "InvalidGroup.NotFound": "The security group 'sg-0' does not exist in VPC 'vpc-0'.",
    "InvalidAMIID.NotFound": "The image id 'ami-0' does not exist.",
    "InvalidAMIID.Unavailable": "AMI ami-0 is pending, and cannot be run.",
    "AuthFailure": "Authentication Failure.",
    "SpotMaxPriceTooLow": "Your Spot request price of 0.001 is lower than the minimum required Spot request fulfillment"
    " price of 0.0031.",
    UNKNOWN: "Words that nobody has seen yet.",
}


@pytest.mark.parametrize(("code", "words"), CODED.items())
def test_the_code_is_the_one_that_the_words_bring_or_that_stands_for_them(code: str, words: str) -> None:
    got, sentence = coded(f"{words} Launching EC2 instance failed.")
    assert (got, sentence) == (code, words.partition(" - ")[2] or words)


@pytest.mark.parametrize("text", [text for _, text in launch_texts()])
def test_what_was_seen_in_the_field_means_the_same_without_the_words_around_it(text: str) -> None:
    _, sentence = coded(text)
    assert "Launching EC2 instance" not in sentence and "Could not launch" not in sentence
    assert failure_of(sentence) is failure_of(text)


def test_what_is_no_code_of_ec2s_own_stands_for_no_words() -> None:
    assert UNKNOWN not in CODES.values()
    assert coded(NO_BALANCER)[0] == "LoadBalancerNotFound"
