"""Whether a group could launch from a version of its template, or a launch configuration: asked before it is set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from async_rollout.aws.calls import Ask, Body, autoscaling, ec2
from async_rollout.aws.faults import CallFailedError, FaultKind
from async_rollout.aws.launching import spelled
from async_rollout.core.actions import Needs, VersionOf


def asked(needs: Needs) -> tuple[str, ...]:
    """What of it the needs name."""
    return tuple(one.what for one in needs if isinstance(one, VersionOf))


async def versions_of(ask: Ask, group: Body, wanted: Iterable[str]) -> Mapping[str, str]:
    """Each as it comes to: `lt-0abc:41`, `lc:web-41`; empty where there is none such."""
    return {what: await _found(ask, group, what) for what in wanted}


async def _found(ask: Ask, group: Body, what: str) -> str:
    own = spelled(group)
    if (what or own).startswith("lc:"):
        return await _configuration(ask, (what or own).removeprefix("lc:"))
    template, _, version = own.partition(":")
    if own.startswith("lc:") or not template:
        return ""
    return await _version(ask, template, what or version or "$Default")


async def _configuration(ask: Ask, name: str) -> str:
    reply = await ask(autoscaling("DescribeLaunchConfigurations", LaunchConfigurationNames=[name]))
    rows = reply.body.get("LaunchConfigurations", ())
    return f"lc:{name}" if any(row.get("LaunchConfigurationName") == name for row in rows) else ""


async def _version(ask: Ask, template: str, version: str) -> str:
    """Asked one by one: of several versions one that is not there refuses the whole call."""
    key = "LaunchTemplateId" if template.startswith("lt-") else "LaunchTemplateName"
    try:
        reply = await ask(ec2("DescribeLaunchTemplateVersions", **{key: template}, Versions=[version]))
    except CallFailedError as failed:
        if failed.fault.kind is FaultKind.REFUSED and "NotFound" in failed.fault.code:
            return ""
        raise
    rows = reply.body.get("LaunchTemplateVersions", ())
    return f"{rows[0]['LaunchTemplateId']}:{rows[0]['VersionNumber']}" if rows else ""
