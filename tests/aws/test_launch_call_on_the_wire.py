"""LaunchInstances through aiobotocore's own client, whose pinned model lacks it: what leaves, and what AWS's XML is."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import aioboto3  # type: ignore[import-untyped]
import pytest
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.session import AioSession
from botocore.compat import HTTPHeaders

from async_rollout.aws.session import connect
from async_rollout.core.actions import Launch
from async_rollout.core.outcomes import LaunchError
from async_rollout.engine.ports import Answer, Done, Refused
from async_rollout.sandbox.virtual import run_virtual

NAMESPACE = "http://autoscaling.amazonaws.com/doc/2011-01-01/"
PARTLY = f"""<LaunchInstancesResponse xmlns="{NAMESPACE}"><LaunchInstancesResult>
<AutoScalingGroupName>web</AutoScalingGroupName><ClientToken>run-1</ClientToken>
<Instances><member><InstanceType>m5.large</InstanceType><MarketType>OnDemand</MarketType><SubnetId>subnet-1</SubnetId>
<AvailabilityZone>eu-west-1b</AvailabilityZone><AvailabilityZoneId>euw1-az2</AvailabilityZoneId>
<InstanceIds><member>i-1</member><member>i-2</member></InstanceIds></member></Instances>
<Errors><member><InstanceType>m5.xlarge</InstanceType><MarketType>OnDemand</MarketType><SubnetId>subnet-1</SubnetId>
<AvailabilityZone>eu-west-1b</AvailabilityZone><AvailabilityZoneId>euw1-az2</AvailabilityZoneId>
<ErrorCode>InsufficientInstanceCapacity</ErrorCode><ErrorMessage>no m5.xlarge there</ErrorMessage></member></Errors>
</LaunchInstancesResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></LaunchInstancesResponse>"""
CAME = Done(
    launched=("i-1", "i-2"), errors=(LaunchError(code="InsufficientInstanceCapacity", message="no m5.xlarge there"),)
)


def no(code: str, status: int) -> tuple[int, str]:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>words</Message></Error>"
    return status, f'<ErrorResponse xmlns="{NAMESPACE}">{error}<RequestId>r-2</RequestId></ErrorResponse>'


class _Raw:
    def __init__(self, text: str) -> None:
        self._text = text

    async def read(self) -> bytes:
        return self._text.encode()


def played(*replies: tuple[int, str]) -> tuple[Answer, list[dict[str, str]]]:
    """The answer to a launch whose requests get these replies, and the requests' forms."""
    sent: list[dict[str, str]] = []
    left = list(replies)

    async def network(request: Any, **_: Any) -> AioAWSResponse:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        sent.append(dict(parse_qsl(body)))
        status, text = left.pop(0)
        return AioAWSResponse(request.url, status, HTTPHeaders.from_dict({"Content-Type": "text/xml"}), _Raw(text))

    async def main() -> Answer:
        inner = AioSession()
        inner.get_component("event_emitter").register_first("before-send", network)
        session = aioboto3.Session(
            aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-west-1", botocore_session=inner
        )
        async with connect(session=session, jitter=lambda: 1.0) as cloud:
            return await cloud.act("web", Launch(zone="eu-west-1b", count=3, token="run-1"))

    return run_virtual(main), sent


def test_the_request_and_a_reply_of_which_a_part_failed() -> None:
    answer, (form,) = played((200, PARTLY))
    assert form == {
        "Action": "LaunchInstances", "Version": "2011-01-01", "AutoScalingGroupName": "web", "RequestedCapacity": "3",
        "ClientToken": "run-1", "AvailabilityZones.member.1": "eu-west-1b", "RetryStrategy": "none",
    }  # fmt: skip
    assert answer == CAME


@pytest.mark.parametrize("first", [no("IdempotentCallInProgress", 500), no("ResourceContention", 500), (502, "<html>")])
def test_the_same_is_asked_again_until_it_is_answered(first: tuple[int, str]) -> None:
    answer, sent = played(first, (200, PARTLY))
    assert answer == CAME
    assert len(sent) == 2
    assert sent[0] == sent[1]


@pytest.mark.parametrize(
    ("code", "status", "denied"),
    [("IdempotentParameterMismatch", 400, False), ("UnsupportedOperation", 400, False), ("AccessDenied", 403, True)],
)
def test_a_no_has_awss_code_and_words(code: str, status: int, denied: bool) -> None:
    answer, sent = played(no(code, status))
    assert answer == Refused(code=code, message="words (request r-2)", denied=denied)
    assert len(sent) == 1
