"""What a group launches now, what an instance was launched from, and whether the two are the same. Pure.

Templates are compared by id and resolved version number: names can be created anew, `$Latest` and `$Default` move.
Where an override brings an image of its own, images are compared too: the version stays the same while it moves.
What AWS does not say of an instance counts as outdated: attached by hand, or its configuration deleted since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from async_rollout.aws.calls import Body
from async_rollout.core.journal import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Where a launch template's two aliases point to."""

    id: str
    default: int
    latest: int


WHOLE_POLICY = "WholePolicy"
"""A member of a group that AWS does not have: see `raw`."""
Resolved = Mapping[str, Versions]
"""By template id (or name, where a group names it by that alone)."""


def unresolved(group: Body) -> frozenset[str]:
    """Template ids (or names) whose versions must be asked to know what the group launches."""
    return frozenset(_key(spec) for spec in _specs(group) if not (spec.get("LaunchTemplateId") and _fixed(spec)))


def spelled(group: Body) -> str:
    """The same as AWS spells it, version alias and all: `lt-…:$Latest`, and `lt-…:` where no version was ever given."""
    if name := group.get("LaunchConfigurationName"):
        return f"lc:{name}"
    base = _base(group)
    return "" if base is None else f"{_key(base)}:{base.get('Version') or ''}"


def own_templates(group: Body) -> bool:
    """Whether an override of its mixed policy has a template of its own."""
    return any(override.get("LaunchTemplateSpecification") for override in _overrides(group))


def policy_of(group: Body) -> str:
    """A digest of all that its mixed policy says beside which template; empty without one.

    Of what AWS said, not of what the pinned botocore understood of it, where that is known (`raw`).
    """
    mixed = group.get("MixedInstancesPolicy")
    if not mixed:
        return ""
    parts = {**mixed, "LaunchTemplate": {**mixed.get("LaunchTemplate", {}), "LaunchTemplateSpecification": None}}
    return str(group.get(WHOLE_POLICY) or digest(json.dumps(parts, sort_keys=True, default=str)))


def template_of(group: Body, resolved: Resolved) -> str:
    """What it launches: `lc:NAME`, `lt-…:N`, or of several, `lt-…:N+DIGEST` of the overrides."""
    if name := group.get("LaunchConfigurationName"):
        return f"lc:{name}"
    base = _base(group)
    overrides = _overrides(group)
    if base is None:
        return ""
    if not overrides:
        return _version(base, resolved)
    return f"{_version(base, resolved)}+{_digest(overrides, resolved)}"


def launched_from(instance: Body) -> str | None:
    """The same of one instance, None if AWS does not say."""
    if name := instance.get("LaunchConfigurationName"):
        return f"lc:{name}"
    spec = instance.get("LaunchTemplate")
    return f"{_key(spec)}:{spec.get('Version', '?')}" if spec else None


def mixed_purchase(group: Body) -> bool:
    """Whether it launches both On-Demand and Spot instances. Of what a policy does not say AWS's defaults hold.

    Those are no base, and all above it On-Demand. A base counts only where the rest is Spot: else all is On-Demand.
    """
    split = (group.get("MixedInstancesPolicy") or {}).get("InstancesDistribution") or {}
    above = split.get("OnDemandPercentageAboveBaseCapacity")
    above = 100 if above is None else above
    return 0 < above < 100 or (above == 0 and (split.get("OnDemandBaseCapacity") or 0) > 0)


def outdated(instance: Body, group: Body, resolved: Resolved) -> bool:
    """Whether the group would launch something else now for this instance's type."""
    source = launched_from(instance)
    if source is None:
        return True
    if group.get("LaunchConfigurationName") or not _overrides(group):
        return source != template_of(group, resolved)
    fitting = _for_type(instance.get("InstanceType"), group, resolved)
    return not any(_same_image(image, instance.get("ImageId")) for version, image in fitting if version == source)


def _same_image(wanted: str | None, of: str | None) -> bool:
    """AWS tells an instance's image where an override brought it. One that a parameter names cannot be compared."""
    return (wanted or "").startswith("resolve:") or wanted == of


def _for_type(type: str | None, group: Body, resolved: Resolved) -> frozenset[tuple[str, str | None]]:
    """Templates that an instance of this type may come from, each with its override's own image, where one has any.

    A type that no override names any more has none.

    Overrides by requirements list no types: any of them may have brought it.
    """
    base = _base(group) or {}
    fitting = (override for override in _overrides(group) if override.get("InstanceType") in (None, type))
    return frozenset(
        (_version(override.get("LaunchTemplateSpecification") or base, resolved), override.get("ImageId"))
        for override in fitting
    )


def _base(group: Body) -> Body | None:
    mixed = group.get("MixedInstancesPolicy") or {}
    found: Body | None = mixed.get("LaunchTemplate", {}).get("LaunchTemplateSpecification") or group.get(
        "LaunchTemplate"
    )
    return found


def _overrides(group: Body) -> tuple[Body, ...]:
    mixed = group.get("MixedInstancesPolicy") or {}
    return tuple(mixed.get("LaunchTemplate", {}).get("Overrides") or ())


def _specs(group: Body) -> Iterable[Body]:
    if base := _base(group):
        yield base
    yield from (
        override["LaunchTemplateSpecification"]
        for override in _overrides(group)
        if override.get("LaunchTemplateSpecification")
    )


def _key(spec: Body) -> str:
    return str(spec.get("LaunchTemplateId") or spec.get("LaunchTemplateName") or "?")


def _fixed(spec: Body) -> bool:
    return str(spec.get("Version", "")).isdigit()


def _version(spec: Body, resolved: Resolved) -> str:
    """`lt-…:N`. An alias of a template that is gone stays as it is, and is equal to no instance's."""
    asked = str(spec.get("Version") or "$Default")
    known = resolved.get(_key(spec))
    if known is None:
        return f"{_key(spec)}:{asked}"
    number = {"$Default": str(known.default), "$Latest": str(known.latest)}.get(asked, asked)
    return f"{known.id}:{number}"


def _digest(overrides: tuple[Body, ...], resolved: Resolved) -> str:
    """Of what each override asks for, whatever the order in which AWS lists them."""
    specs = [(override, override.get("LaunchTemplateSpecification")) for override in overrides]
    whole = [
        {**override, "LaunchTemplateSpecification": _version(spec, resolved) if spec else ""}
        for override, spec in specs
    ]
    return digest("\n".join(sorted(json.dumps(override, sort_keys=True, default=str) for override in whole)))
