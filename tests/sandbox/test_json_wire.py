"""AWS's JSON protocol without a client: what is understood, what is refused, what is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from async_rollout.sandbox.doors import codec, json_wire
from async_rollout.sandbox.words import AwsError

TARGET = "AmazonEC2ContainerServiceV20141113"


def decode(operation: str, body: bytes) -> codec.Call:
    return codec.decode("", body, {"x-amz-target": f"{TARGET}.{operation}", "content-type": json_wire.CONTENT_TYPE})


@pytest.mark.parametrize(
    ("body", "params"),
    [
        (b"", {}),
        (b'{"maxResults": 5, "cluster": null}', {"maxResults": 5}),
        (b'{"status": "DRAINING"}', {"status": "DRAINING"}),
    ],
)
def test_members_get_their_types_and_null_is_not_given(body: bytes, params: dict[str, Any]) -> None:
    call = decode("ListContainerInstances", body)
    assert (call.service, call.operation, call.params) == ("ecs", "ListContainerInstances", params)


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (b"{", "SerializationException", 400),
        (b"[" * 100_000, "SerializationException", 400),
        (b"[]", "SerializationException", 400),
        (b"\xff", "SerializationException", 400),
        (b'{"tasks": "x"}', "SerializationException", 400),
        (b'{"tasks": ["x", 1]}', "SerializationException", 400),
        (b'{"tasks": [true]}', "SerializationException", 400),
        (b"{}", "InvalidParameterException", 400),
        (b'{"tasks": null}', "InvalidParameterException", 400),
        (b'{"tasks": [], "newer": 1}', "SandboxNotSimulated", 501),
    ],
)
def test_what_is_no_request_is_refused(body: bytes, code: str, status: int) -> None:
    with pytest.raises(codec.UndecodableError) as caught:
        decode("DescribeTasks", body)
    assert (caught.value.code, caught.value.status, caught.value.protocol) == (code, status, "json")


def test_a_number_is_no_boolean_and_a_boolean_no_number() -> None:
    for body in (b'{"containerInstance": "x", "force": 1}', b'{"containerInstance": "x", "force": "true"}'):
        with pytest.raises(codec.UndecodableError, match="force is to be of the type boolean"):
            decode("DeregisterContainerInstance", body)
    with pytest.raises(codec.UndecodableError, match="maxResults is to be of the type integer"):
        decode("ListTasks", b'{"maxResults": true}')


def test_another_call_of_the_service_is_not_simulated() -> None:
    with pytest.raises(codec.UndecodableError, match="ecs:Sing") as caught:
        decode("Sing", b"{}")
    assert (caught.value.code, caught.value.status) == ("SandboxNotSimulated", 501)


def test_times_are_numbers_and_what_is_none_is_left_out() -> None:
    call = decode("DescribeTasks", b'{"tasks": []}')
    task = {"taskArn": "arn", "createdAt": 1767600000.1234, "startedAt": None, "containers": [{"name": "\x00<&"}]}
    written = codec.encode(call, {"tasks": [task], "failures": []}, "id")
    assert (written.status, written.content_type) == (200, "application/x-amz-json-1.1")
    expected = {"taskArn": "arn", "createdAt": 1767600000.123, "containers": [{"name": "\x00<&"}]}
    assert json.loads(written.body) == {"tasks": [expected], "failures": []}


def test_a_member_that_the_model_lacks_is_our_mistake() -> None:
    call = decode("DescribeTasks", b'{"tasks": []}')
    with pytest.raises(ValueError, match="DescribeTasks.tasks has no odd"):
        codec.encode(call, {"tasks": [{"odd": 1}]}, "id")


def test_an_error_carries_its_type() -> None:
    written = codec.encode_error("json", AwsError("ClusterNotFoundException", "Cluster not found."), "id")
    assert json.loads(written.body) == {"__type": "ClusterNotFoundException", "message": "Cluster not found."}
