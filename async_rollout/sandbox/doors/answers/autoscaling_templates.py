"""UpdateAutoScalingGroup of what a group launches from: a launch template, a mixed policy, a launch configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from async_rollout.sandbox import templates
from async_rollout.sandbox.doors.answers.asked import Params
from async_rollout.sandbox.doors.answers.settings import Change, keep, kept
from async_rollout.sandbox.records import Group, Override, TemplateRef
from async_rollout.sandbox.state import State
from async_rollout.sandbox.words import invalid, not_simulated
from async_rollout.sandbox.world import World

SEGMENTS = "DistributionSegments"
"""Newer than the pinned botocore, whose clients neither read it nor can send it (`sandbox/models`)."""
ENDS_SEGMENTS = frozenset({"OnDemandBaseCapacity", "OnDemandPercentageAboveBaseCapacity"})
"""Either of them, given, takes the segments away (MixedInstancesPolicy's documents)."""


def wanted(params: Params) -> str:
    """The id or name of the launch template that a call gives to the group; empty where it gives none."""
    mixed = (params.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    spec = params.get("LaunchTemplate") or mixed.get("LaunchTemplateSpecification") or {}
    return str(spec.get("LaunchTemplateId") or spec.get("LaunchTemplateName") or "")


def _launch_template(world: World, value: Params) -> Change:
    template = _named(world.state, value)
    return lambda group: replace(group, template=template, configuration=None, overrides=())


def _named(state: State, value: Params) -> TemplateRef:
    return templates.named(state, value.get("LaunchTemplateId"), value.get("LaunchTemplateName"), value.get("Version"))


def _mixed(world: World, value: Params) -> Change:
    """What it does not name stays as it was, if that is how AWS is read (its documents of the call say so)."""
    state, keeps = world.state, world.readings.keeps_policy
    asked = value.get("LaunchTemplate") or {}
    spec, rows = asked.get("LaunchTemplateSpecification"), asked.get("Overrides")
    template = _named(state, spec) if spec else None
    given = value.get("InstancesDistribution") or {}
    overrides = None if rows is None else tuple(_override(state, one) for one in rows)
    if not 0 <= given.get("OnDemandPercentageAboveBaseCapacity", 100) <= 100:
        raise invalid("OnDemandPercentageAboveBaseCapacity must be between 0 and 100.")

    def change(group: Group) -> Group:
        before = group.overrides if keeps else group.overrides[:1]
        kinds = before if overrides is None else overrides
        if not kinds:
            raise not_simulated("a MixedInstancesPolicy without Overrides")
        edited = replace(group, template=template or group.template, configuration=None, overrides=kinds)
        was = kept(group, "InstancesDistribution") or {} if keeps and group.overrides else {}
        return _spread(edited, was, given, fresh=not group.overrides or not keeps)

    return change


def _spread(group: Group, was: Params, given: Params, *, fresh: bool) -> Group:
    if given.keys() & ENDS_SEGMENTS or given.get(SEGMENTS) == []:
        was = {name: value for name, value in was.items() if name != SEGMENTS}
        given = {name: value for name, value in given.items() if name != SEGMENTS or value}
    above = given.get("OnDemandPercentageAboveBaseCapacity", 100 if fresh else 100 - group.spot)
    base = given.get("OnDemandBaseCapacity", 0 if fresh else group.on_demand_base)
    return keep(
        replace(group, spot=100 - above, on_demand_base=base), "InstancesDistribution", {**was, **given} or None
    )


def _override(state: State, one: Params) -> Override:
    if unknown := one.keys() - {"InstanceType", "LaunchTemplateSpecification"}:
        raise not_simulated(f"{', '.join(sorted(unknown))} in the Overrides of a MixedInstancesPolicy")
    spec = one.get("LaunchTemplateSpecification")
    return Override(instance_type=str(_required(one, "InstanceType")), template=_named(state, spec) if spec else None)


def _required(row: Params, key: str) -> object:
    """Raises AwsError (ValidationError) if the structure lacks it."""
    if key not in row:
        raise invalid(f"{key} must be specified.")
    return row[key]


def _configuration(world: World, value: str) -> Change:
    name = templates.configuration(world.state, value)
    return lambda group: replace(group, template=None, configuration=name, overrides=())


EDITS: Mapping[str, Callable[[World, Any], Change]] = MappingProxyType(
    {
        "LaunchTemplate": _launch_template,
        "MixedInstancesPolicy": _mixed,
        "LaunchConfigurationName": _configuration,
    }
)
