"""Whose something is: out of an ARN, in common, and put on what is told."""

from __future__ import annotations

import pytest

from async_rollout.core.events import FleetEnded, Replaced
from async_rollout.core.origin import Origin, Place, place_of, shared, stamped

HERE = Place(account="123456789012", region="eu-west-1")


@pytest.mark.parametrize(
    ("arn", "place"),
    [
        ("arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:uuid:autoScalingGroupName/a:b", HERE),
        ("arn:aws-cn:autoscaling:cn-north-1:1:autoScalingGroup:u:x", Place(account="1", region="cn-north-1")),
        ("arn:aws:iam::123456789012:user/x", Place(account="123456789012")),
        ("", Place()),
        ("arn:another", Place()),
        ("urn:aws:autoscaling:eu-west-1:123456789012:x", Place()),
    ],
)
def test_an_arn_names_the_place(arn: str, place: Place) -> None:
    assert place_of(arn) == place


def test_what_several_share() -> None:
    other = Place(account="123456789012", region="us-east-1")
    assert shared([HERE, HERE]) == HERE
    assert shared([HERE, other]) == Place(account="123456789012")
    assert shared([HERE, Place(region="eu-west-1")]) == Place(region="eu-west-1")
    assert shared([]) == Place()


def test_a_place_leaves_the_run_and_an_origin_has_one() -> None:
    event = Replaced(group="web", at=1.0, instance="i-1", left=0, run="1a")
    here = stamped(event, HERE)
    assert (here.account, here.region, here.run, here.instance) == ("123456789012", "eu-west-1", "1a", "i-1")
    assert stamped(here, Origin(run="2b")) == Replaced(group="web", at=1.0, instance="i-1", left=0, run="2b")
    assert stamped(FleetEnded(at=0.0, code=0), HERE).account == "123456789012"
