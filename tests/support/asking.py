"""Asks a world through its application, without a client: fields in, what the answer says out."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

from async_rollout.sandbox.doors.app import Request, answer
from async_rollout.sandbox.doors.codec import SERVICES
from async_rollout.sandbox.doors.json_wire import CONTENT_TYPE, TARGETS
from async_rollout.sandbox.faults import Faults
from async_rollout.sandbox.world import World

VERSIONS = {service: version for version, service in SERVICES.items()}


@dataclass(frozen=True)
class Told:
    """An answer; code and message are empty in one that is no error. body: as it went over the wire."""

    status: int
    code: str = ""
    message: str = ""
    body: str = ""


async def tell(world: World, service: str, operation: str, **fields: str) -> Told:
    """One call in the words of the wire: `tell(world, "ec2", "TerminateInstances", **{"InstanceId.1": "i-1"})`."""
    return await post(world, urlencode({"Action": operation, "Version": VERSIONS[service], **fields}).encode())


async def tell_json(world: World, service: str, operation: str, body: bytes) -> Told:
    """One call of a service that speaks JSON, whatever its body."""
    (prefix,) = (prefix for prefix, name in TARGETS.items() if name == service)
    headers = {"x-amz-target": f"{prefix}.{operation}", "content-type": CONTENT_TYPE}
    got = await answer(world, Faults(world), Request(body=body, headers=headers))
    told = json.loads(got.body)
    if got.status == 200:
        return Told(200, body=got.body.decode())
    return Told(got.status, told["__type"], told["message"])


async def post(world: World, body: bytes, **headers: str) -> Told:
    """Any body."""
    got = await answer(world, Faults(world), Request(body=body, headers=headers))
    if got.status == 200:
        return Told(200, body=got.body.decode())
    error = ElementTree.fromstring(got.body).find(".//Error")
    assert error is not None
    return Told(got.status, error.findtext("Code") or "", error.findtext("Message") or "")


async def group_of(aws: SimpleNamespace) -> Any:
    """The one group, as a client sees it."""
    (group,) = (await aws.autoscaling.describe_auto_scaling_groups())["AutoScalingGroups"]
    return group


async def refusal(call: Awaitable[Any]) -> tuple[str, str, int]:
    """Code, message and status of a call that a client was refused."""
    with pytest.raises(ClientError) as caught:
        await call
    error, meta = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    return error["Code"], error["Message"], meta["HTTPStatusCode"]
