"""What AWS said of mixed instances policies, read past the model: the pinned botocore drops members that it lacks.

A policy is compared before and after it is changed, and what is dropped would look the same whatever became of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from async_rollout.aws.launching import WHOLE_POLICY
from async_rollout.core.journal import digest

EVENT = "before-parse.auto-scaling.DescribeAutoScalingGroups"
WHOLE_POLICIES = "WholePolicies"
"""A member of that reply that AWS does not have: by group, a digest of all that its policy says but the template."""
_POLICY, _SPECIFICATION = "MixedInstancesPolicy", "LaunchTemplateSpecification"


def read_whole(response_dict: Mapping[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """botocore's event before it parses an answer: what it would drop is kept beside."""
    body = response_dict.get("body") or b""
    if response_dict.get("status_code") == 200 and _POLICY.encode() in body:
        customized_response_dict[WHOLE_POLICIES] = whole_policies(body)


def whole_policies(body: bytes) -> dict[str, str]:
    """By group name, of those that have a policy. Empty for what is no XML: the parser says what is wrong with it."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - AWS's own answer, which botocore parses the same way
    except ET.ParseError:
        return {}
    found = {}
    for group in root.iter():
        parts = {_name(one): one for one in group}
        if _POLICY in parts and "AutoScalingGroupName" in parts:
            found[str(parts["AutoScalingGroupName"].text)] = digest(repr(_plain(parts[_POLICY], 0)))
    return found


def with_whole_policies(reply: Mapping[str, Any], group: dict[str, Any]) -> dict[str, Any]:
    """A group of the reply, with that of its own."""
    whole = reply.get(WHOLE_POLICIES, {}).get(group["AutoScalingGroupName"])
    return group if whole is None else {**group, WHOLE_POLICY: whole}


def _name(one: ET.Element) -> str:
    return re.sub(r"^{.*}", "", one.tag)


def _plain(one: ET.Element, depth: int) -> tuple[object, ...]:
    """All of it but the policy's own template: that of its LaunchTemplate, not those of overrides, which lie deeper.

    Whatever the order in which AWS lists it.
    """
    inner = (each for each in one if not (depth == 1 and _name(each) == _SPECIFICATION))
    return _name(one), (one.text or "").strip(), *sorted((_plain(each, depth + 1) for each in inner), key=repr)
