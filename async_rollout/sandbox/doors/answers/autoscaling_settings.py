"""UpdateAutoScalingGroup: the settings that change a group's life, and those that are only kept and given back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from async_rollout.sandbox.doors.answers import autoscaling_templates
from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table, required
from async_rollout.sandbox.doors.answers.settings import Change, keep, kept
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.words import AwsError, invalid, not_simulated
from async_rollout.sandbox.world import World

SIZES = frozenset({"MinSize", "MaxSize", "DesiredCapacity", "HealthCheckType", "HealthCheckGracePeriod"})

CHECKS = frozenset({"EC2", "ELB", "EBS", "VPC_LATTICE"})

INERT = (
    "DefaultCooldown", "PlacementGroup", "ServiceLinkedRoleARN", "Context", "DesiredCapacityType",
    "DefaultInstanceWarmup", "AvailabilityZoneImpairmentPolicy",
)  # fmt: skip
"""Kept and given back; nothing in the sandbox goes by them."""

RESERVATIONS = "CapacityReservationSpecification"

CLEARED: Mapping[str, object] = MappingProxyType({"DefaultInstanceWarmup": -1, "PlacementGroup": "", "Context": ""})
"""Values by which AWS takes a setting away again (its documents)."""


def update(asked: Asked) -> Params:
    """All is checked before anything is changed."""
    name, given = str(required(asked, "AutoScalingGroupName")), asked.params
    group = asked.world.group(name)
    for setting, fits in UNCHANGED.items():
        if setting in given and not fits(group, given[setting]):
            raise not_simulated(f"another {setting} of a group than it has")
    if unknown := set(str(given.get("HealthCheckType") or "EC2").split(",")) - CHECKS:
        raise invalid(f"Invalid health check type {', '.join(sorted(unknown))[:80]}")
    changes = [edit(asked.world, given[setting]) for setting, edit in EDITS.items() if setting in given]
    changes += [_kept(setting, given[setting]) for setting in INERT if setting in given]
    if given.keys() & SIZES:
        _update_sizes(asked, name)
    if changes:
        asked.world.human_edits(name, _all_of(changes), who=asked.who, why="UpdateAutoScalingGroup")
    return {}


def _update_sizes(asked: Asked, name: str) -> None:
    asked.world.update_group(
        name,
        minimum=asked.params.get("MinSize"),
        maximum=asked.params.get("MaxSize"),
        desired=asked.params.get("DesiredCapacity"),
        health_check_type=asked.params.get("HealthCheckType"),
        grace=asked.params.get("HealthCheckGracePeriod"),
        who=asked.who,
    )


def _all_of(changes: list[Change]) -> Change:
    def change(group: Group) -> Group:
        for one in changes:
            group = one(group)
        return group

    return change


def shown(group: Group) -> Params:
    """What DescribeAutoScalingGroups gives back of it."""
    return {
        name: value for name in (*INERT, RESERVATIONS, "EnabledMetrics") if (value := kept(group, name)) is not None
    }


def _kept(name: str, value: object) -> Change:
    return lambda group: keep(group, name, None if CLEARED.get(name) == value else value)


# --- settings that may be named as long as they stay as they are


def _same_zones(group: Group, value: list[str]) -> bool:
    return set(value) == set(group.zones)


def _same_subnets(group: Group, value: str) -> bool:
    return {one.strip() for one in value.split(",")} == set(group.subnets)


def _either(group: Group, value: Params) -> bool:
    """Without any bounds AWS may replace as it likes, as it does here."""
    return set(value.values()) <= {-1}


def _best_effort(group: Group, value: Params) -> bool:
    return set(value.values()) <= {"balanced-best-effort"}


def _anything(group: Group, value: object) -> bool:
    return True


UNCHANGED: Mapping[str, Callable[[Group, Any], bool]] = MappingProxyType(
    {
        "AvailabilityZones": _same_zones,
        "VPCZoneIdentifier": _same_subnets,
        "InstanceMaintenancePolicy": _either,
        "AvailabilityZoneDistribution": _best_effort,
        "SkipZonalShiftValidation": _anything,
    }
)
"""Taken when it says what is so anyway."""


# --- settings that change what the group does


def _protects_new(world: World, value: object) -> Change:
    return lambda group: replace(group, new_protected=value is True)


def _lifetime(world: World, value: int) -> Change:
    if 0 < value < 86_400:
        raise invalid("MaxInstanceLifetime must be 0 or at least 86400 seconds.")
    return lambda group: replace(group, lifetime=value or None)


def _rebalances(world: World, value: object) -> Change:
    return lambda group: replace(group, rebalances=value is True)


def _reservations(world: World, value: Params) -> Change:
    only = value.get("CapacityReservationPreference") == "capacity-reservations-only"
    return lambda group: replace(keep(group, RESERVATIONS, value), reserved=only)


def _policies(world: World, value: list[str]) -> Change:
    """None given is the default one."""
    return lambda group: replace(group, termination_policies=tuple(value) or ("Default",))


EDITS: Mapping[str, Callable[[World, Any], Change]] = MappingProxyType(
    {
        **autoscaling_templates.EDITS,
        "NewInstancesProtectedFromScaleIn": _protects_new,
        "TerminationPolicies": _policies,
        "MaxInstanceLifetime": _lifetime,
        "CapacityRebalance": _rebalances,
        RESERVATIONS: _reservations,
    }
)


# --- beside the settings: what is only kept, by calls of its own


METRICS = (
    "GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances",
    "GroupStandbyInstances", "GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity",
    "GroupPendingCapacity", "GroupStandbyCapacity", "GroupTerminatingCapacity", "GroupTotalCapacity",
    "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
)  # fmt: skip
"""Those of a group (EnableMetricsCollection's documents)."""


def _metrics(asked: Asked) -> tuple[str, list[Params], list[str]]:
    name = str(required(asked, "AutoScalingGroupName"))
    wanted = asked.names("Metrics") or list(METRICS)
    if unknown := [one for one in wanted if one not in METRICS]:
        raise AwsError("ValidationError", f"{unknown[0][:80]} is not a valid metric")
    return name, kept(asked.world.group(name), "EnabledMetrics") or [], wanted


def enable_metrics(asked: Asked) -> Params:
    name, rows, wanted = _metrics(asked)
    new = [{"Metric": one, "Granularity": asked.params["Granularity"]} for one in wanted]
    others = [row for row in rows if row["Metric"] not in wanted]
    asked.world.human_edits(
        name, lambda group: keep(group, "EnabledMetrics", [*others, *new]), who=asked.who, why="EnableMetricsCollection"
    )
    return {}


def disable_metrics(asked: Asked) -> Params:
    name, rows, wanted = _metrics(asked)
    left = [row for row in rows if row["Metric"] not in wanted]
    asked.world.human_edits(
        name, lambda group: keep(group, "EnabledMetrics", left), who=asked.who, why="DisableMetricsCollection"
    )
    return {}


TABLE: Table = {
    "UpdateAutoScalingGroup": update,
    "EnableMetricsCollection": enable_metrics,
    "DisableMetricsCollection": disable_metrics,
}
