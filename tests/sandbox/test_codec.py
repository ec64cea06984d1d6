"""The wire formats, without a client: what is understood, what is refused, how errors are written."""

from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from async_rollout.sandbox.doors import codec
from async_rollout.sandbox.words import AwsError


def decode(action: str, version: str, **more: str) -> codec.Call:
    return codec.decode("", urlencode({"Action": action, "Version": version, **more}).encode(), {})


def test_the_version_tells_classic_load_balancers_from_their_second_version() -> None:
    old, new = decode("DescribeLoadBalancers", "2012-06-01"), decode("DescribeLoadBalancers", "2015-12-01")
    assert (old.service, new.service) == ("elb", "elbv2")


def test_lists_numbers_and_booleans_get_their_types() -> None:
    call = decode(
        "TerminateInstanceInAutoScalingGroup", "2011-01-01", InstanceId="i-1", ShouldDecrementDesiredCapacity="true"
    )
    assert call.params == {"InstanceId": "i-1", "ShouldDecrementDesiredCapacity": True}
    call = decode(
        "DescribeAutoScalingGroups", "2011-01-01", MaxRecords="7", **{"AutoScalingGroupNames.member.1": "web"}
    )
    assert call.params == {"AutoScalingGroupNames": ["web"], "MaxRecords": 7}
    call = decode("DescribeInstances", "2016-11-15", **{"Filter.1.Name": "instance-id", "Filter.1.Value.1": "i-1"})
    assert call.params == {"Filters": [{"Name": "instance-id", "Values": ["i-1"]}]}


def test_an_empty_list_is_told_from_none() -> None:
    assert decode("DescribeTargetGroups", "2015-12-01", Names="").params == {"Names": []}
    assert decode("DescribeTargetGroups", "2015-12-01").params == {}


@pytest.mark.parametrize(("version", "protocol"), [("2011-01-01", "query"), ("2016-11-15", "ec2")])
def test_an_action_that_the_model_does_not_have_may_be_newer(version: str, protocol: str) -> None:
    with pytest.raises(codec.UndecodableError) as caught:
        decode("Sing", version)
    assert (caught.value.code, caught.value.protocol, caught.value.status) == ("SandboxNotSimulated", protocol, 501)
    with pytest.raises(codec.UndecodableError) as caught:
        decode("", version)
    assert (caught.value.code, caught.value.protocol, caught.value.status) == ("MissingAction", protocol, 400)


def test_another_service_is_not_simulated() -> None:
    with pytest.raises(codec.UndecodableError, match="ListUsers of API version 2010-05-08") as caught:
        decode("ListUsers", "2010-05-08")
    assert (caught.value.code, caught.value.protocol, caught.value.status) == ("SandboxNotSimulated", "query", 501)


def test_a_json_service_gets_a_json_error() -> None:
    with pytest.raises(codec.UndecodableError, match="AmazonSSM.GetParameter") as caught:
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "AmazonSSM.GetParameter"}
        codec.decode("", b"{}", headers)
    written = codec.encode_error(caught.value.protocol, caught.value, "id")
    assert written.body.startswith(b'{"__type": "SandboxNotSimulated"')


@pytest.mark.parametrize(("protocol", "path"), [("query", "Error/Message"), ("ec2", "Errors/Error/Message")])
def test_no_message_breaks_the_xml_of_an_error(protocol: str, path: str) -> None:
    written = codec.encode_error(protocol, AwsError("Odd", "<b>&\x1b[31m\x00"), "id")
    assert ElementTree.fromstring(written.body).findtext(path) == "<b>&\ufffd[31m\ufffd"


def test_no_value_breaks_the_xml_of_an_answer() -> None:
    call = decode("DescribeTags", "2011-01-01")
    written = codec.encode(call, {"Tags": [{"Key": "k", "Value": "\x1b<&>"}]}, "id")
    space = "{http://autoscaling.amazonaws.com/doc/2011-01-01/}"
    assert ElementTree.fromstring(written.body).find(f".//{space}Value").text == "\ufffd<&>"  # type: ignore[union-attr]
