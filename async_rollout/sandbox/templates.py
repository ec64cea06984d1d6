"""Launch templates and configurations: what a group launches now, and whether an instance is not on it (outdated)."""

from __future__ import annotations

from dataclasses import replace

from async_rollout.sandbox.records import Group, Instance, TemplateRef
from async_rollout.sandbox.state import State
from async_rollout.sandbox.words import AwsError, no_configuration, no_template, no_version

ALIASES = ("$Latest", "$Default")
PERMITS = ("ec2:RunInstances", "ec2:CreateTags", "iam:PassRole")
"""What AWS asks of whoever gives a group a launch template, beside the call itself."""


def named(state: State, id: str | None, name: str | None, version: str | None) -> TemplateRef:
    """A launch template as a group is given it: by its id or its name. Raises AwsError where there is none such."""
    found = next((one for one in state.templates.values() if one.id == id or (id is None and one.name == name)), None)
    if found is None:
        raise no_template()
    if version not in (None, *ALIASES, *map(str, set(range(1, found.latest + 1)) - found.deleted)):
        raise no_version(found.id, str(version))
    return TemplateRef(id=found.id, name=found.name, version=version)


def configuration(state: State, name: str) -> str:
    """Raises AwsError where there is none of that name."""
    if name not in state.configurations:
        raise no_configuration(name)
    return name


def resolve(state: State, ref: TemplateRef) -> TemplateRef:
    """With the version as a number; no version means $Default."""
    template = state.templates[ref.id]
    match ref.version:
        case "$Latest":
            number = template.latest
        case None | "$Default":
            number = template.default
        case text:
            number = int(text)
    return TemplateRef(id=ref.id, name=ref.name, version=str(number))


def launches(state: State, group: Group, instance_type: str) -> TemplateRef | None:
    """The template, resolved, that an instance of this type would be launched from now; None: a configuration."""
    own = next((one.template for one in group.overrides if one.instance_type == instance_type), None)
    ref = own or group.template
    return resolve(state, ref) if ref else None


def deleted(state: State, group: Group) -> TemplateRef | None:
    """The version that the group is to launch from and that is deleted, be it of one type of several; None: none is."""
    types = [one.instance_type for one in group.overrides] or [group.instance_type]
    refs = [ref for each in types if (ref := launches(state, group, each)) is not None]
    return next((ref for ref in refs if int(ref.version or 1) in state.templates[ref.id].deleted), None)


def versions_of(state: State, group: Group, what: str) -> str:
    """What a version of its template, or `lc:NAME`, or what it has, comes to; empty where there is none such."""
    own = f"lc:{group.configuration}" if group.template is None else None
    if (what or own or "").startswith("lc:"):
        name = (what or own or "").removeprefix("lc:")
        return f"lc:{name}" if name in state.configurations else ""
    if group.template is None or group.template.id not in state.templates:
        return ""
    try:
        ref = named(state, group.template.id, None, what or group.template.version)
    except AwsError:
        return ""
    return spoken(resolve(state, ref), None) or ""


def spelled(group: Group) -> str:
    """As the group's owner has spelled it."""
    if group.template is None:
        return f"lc:{group.configuration}"
    return f"{group.template.id}:{group.template.version or ''}"


def launching_from(state: State, group: Group, wanted: str, *, mixed: bool, keeps: bool) -> Group:
    """The group after UpdateAutoScalingGroup with such a spelling. mixed: only the template of its policy is given.

    keeps: what is not given of it stays, see `Readings.keeps_policy`.
    """
    name, _, version = wanted.partition(":")
    if name == "lc":
        return replace(group, template=None, configuration=configuration(state, version), overrides=())
    ref = named(state, name, None, version or None)
    kept = group.overrides if keeps else group.overrides[:1]
    return replace(group, template=ref, configuration=None, overrides=kept if mixed else ())


def own_image(group: Group, instance_type: str) -> str | None:
    """The image that the override of this type brings, if it has one."""
    return next((one.image for one in group.overrides if one.instance_type == instance_type), None)


def image(state: State, group: Group, instance_type: str) -> str:
    """The image of the next instance."""
    if own := own_image(group, instance_type):
        return own
    ref = launches(state, group, instance_type)
    return state.templates[ref.id].images[int(ref.version or 1) - 1] if ref else f"ami-{group.configuration}"


def image_of(state: State, one: Instance) -> str:
    """What EC2 runs of it: of its own, of the one that was attached, of its template's version."""
    if own := one.image or one.ami:
        return own
    if one.template is None or one.template.id not in state.templates:
        return f"ami-{one.configuration or 'unknown'}"
    return state.templates[one.template.id].images[int(one.template.version or 1) - 1]


def spoken(ref: TemplateRef | None, configuration: str | None) -> str | None:
    """ "lt-0abc:3" or "lc:name"; None for neither."""
    if ref is not None:
        return f"{ref.id}:{ref.version}"
    return f"lc:{configuration}" if configuration else None


def of_group(state: State, group: Group) -> str:
    """What the group launches now, in one string; overrides with templates of their own follow the group's own."""
    base = spoken(resolve(state, group.template) if group.template else None, group.configuration) or ""
    own = [
        f"{one.instance_type}={spoken(resolve(state, one.template), None)}" for one in group.overrides if one.template
    ]
    return " ".join((base, *own))


def outdated(state: State, group: Group, one: Instance) -> bool:
    """Not what the group would launch now for its type: other template, version, configuration or image, or unknown."""
    if group.overrides and all(each.instance_type != one.instance_type for each in group.overrides):
        return True
    ref = launches(state, group, one.instance_type)
    if ref is None:
        return one.configuration != group.configuration
    if one.image != own_image(group, one.instance_type):
        return True
    return one.template is None or (one.template.id, one.template.version) != (ref.id, ref.version)
