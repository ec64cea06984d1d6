"""EC2's launch templates and their versions."""

from __future__ import annotations

from base64 import b64encode

from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table, listing, moment, page
from async_rollout.sandbox.ecs.tables import joins
from async_rollout.sandbox.records import Template
from async_rollout.sandbox.simulation import EPOCH
from async_rollout.sandbox.state import State
from async_rollout.sandbox.words import AwsError


def describe(asked: Asked) -> Params:
    """One unknown id or name refuses the whole call."""
    shown = [_by_id(asked.state, id) for id in asked.names("LaunchTemplateIds")]
    shown += [_by_name(asked.state, name) for name in asked.names("LaunchTemplateNames")]
    if not asked.names("LaunchTemplateIds") and not asked.names("LaunchTemplateNames"):
        shown = list(asked.state.templates.values())
    rows, following = page(shown, asked, size=200, most=200, limit="MaxResults", token="NextToken")
    return listing("LaunchTemplates", [_row(one) for one in rows], "NextToken", following)


def _by_id(state: State, id: str) -> Template:
    if id not in state.templates:
        raise AwsError(
            "InvalidLaunchTemplateId.NotFound", f"The specified launch template, with template ID {id}, does not exist."
        )
    return state.templates[id]


def _by_name(state: State, name: str) -> Template:
    found = next((one for one in state.templates.values() if one.name == name), None)
    if found is None:
        raise AwsError(
            "InvalidLaunchTemplateName.NotFoundException",
            "At least one of the launch templates specified in the request does not exist.",
        )
    return found


def _asked_one(asked: Asked) -> Template:
    match asked.params:
        case {"LaunchTemplateId": id}:
            return _by_id(asked.state, id)
        case {"LaunchTemplateName": name}:
            return _by_name(asked.state, name)
    raise AwsError("MissingParameter", "Either a launch template ID or a launch template name must be specified.")


def _row(one: Template) -> Params:
    return {
        "LaunchTemplateId": one.id,
        "LaunchTemplateName": one.name,
        "CreateTime": moment(EPOCH),
        "DefaultVersionNumber": one.default,
        "LatestVersionNumber": one.latest,
    }


def describe_versions(asked: Asked) -> Params:
    """$Latest and $Default are resolved; without versions all, newest first."""
    one = _asked_one(asked)
    numbers = [_number(one, text) for text in asked.names("Versions")] or list(range(one.latest, 0, -1))
    rows, following = page(numbers, asked, size=200, most=200, limit="MaxResults", token="NextToken")
    return listing(
        "LaunchTemplateVersions", [_version(asked.state, one, number) for number in rows], "NextToken", following
    )


def _numbers(one: Template) -> list[int]:
    return [number for number in range(1, one.latest + 1) if number not in one.deleted]


def _number(one: Template, text: str) -> int:
    match text:
        case "$Latest":
            return one.latest
        case "$Default":
            return one.default
        case _ if text.isdecimal() and int(text) in _numbers(one):
            return int(text)
    raise AwsError("InvalidLaunchTemplateId.VersionNotFound", f"Could not find launch template version {text}.")


def _version(state: State, one: Template, number: int) -> Params:
    return {
        "LaunchTemplateId": one.id,
        "LaunchTemplateName": one.name,
        "VersionNumber": number,
        "DefaultVersion": number == one.default,
        "CreateTime": moment(EPOCH),
        "LaunchTemplateData": {"ImageId": one.images[number - 1], "UserData": _user_data(state, one)},
    }


def _user_data(state: State, one: Template) -> str | None:
    """Tells the agent of container instances which cluster they join; for others there is none."""
    groups = [group.name for group in state.groups.values() if group.template and group.template.id == one.id]
    told = [f"echo ECS_CLUSTER={name} >> /etc/ecs/ecs.config" for group in groups for name in joins(state, group)]
    return b64encode("\n".join(("#!/bin/bash", *dict.fromkeys(told))).encode()).decode() if told else None


def create_version(asked: Asked) -> Params:
    """Of its data only the image is kept. The default version stays, as in AWS."""
    one = _asked_one(asked)
    image = asked.params.get("LaunchTemplateData", {}).get("ImageId", "")
    asked.for_real()
    number = asked.world.human_releases(one.name, image, default=False, who=asked.who)
    return {"LaunchTemplateVersion": _version(asked.world.state, asked.world.state.templates[one.id], number)}


def modify(asked: Asked) -> Params:
    """ModifyLaunchTemplate: another default version, by its number."""
    one = _asked_one(asked)
    number = _number(one, asked.params.get("DefaultVersion", str(one.default)))
    asked.for_real()
    asked.world.human_defaults(one.name, number, who=asked.who)
    return {"LaunchTemplate": _row(asked.world.state.templates[one.id])}


TABLE: Table = {
    "DescribeLaunchTemplates": describe,
    "DescribeLaunchTemplateVersions": describe_versions,
    "CreateLaunchTemplateVersion": create_version,
    "ModifyLaunchTemplate": modify,
}
