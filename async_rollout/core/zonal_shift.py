"""Zones in zonal shift: their targets are well and take no traffic, so they neither count nor go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from async_rollout.core.observation import Observation, Target, TargetState
from async_rollout.core.spec import RolloutSpec

SHIFT = "zonal-shift"
"""The name by which the owner allows one."""
SHIFTED = TargetState.SHIFTED
ACTIVE, DELEGATED = "AdministrativeOverride.ZonalShiftActive", "AdministrativeOverride.ZonalShiftDelegatedToDns"
"""AWS's codes."""


def shifted_zones(observation: Observation) -> dict[str, tuple[str, ...]]:
    """Zones in zonal shift as their targets tell it, each with the names of the sources where."""
    found = {
        (one.zone, target.source) for one in observation.instances for target in one.targets if target.state is SHIFTED
    }
    names = {source.id: source.name for source in observation.sources}
    return {
        zone: tuple(sorted(names.get(id, id) for other, id in found if other == zone))
        for zone in sorted({zone for zone, _ in found})
    }


def shifted_in(observation: Observation) -> str:
    """The zones in zonal shift in words; empty without any."""
    zones = shifted_zones(observation).items()
    words = ", ".join(f"zone {zone} is in zonal shift at {', '.join(where)}" for zone, where in zones)
    return f"{words}, so its targets take no traffic" if words else ""


def as_allowed(spec: RolloutSpec, observation: Observation) -> Observation:
    """The look as its owner wants it read: where a zonal shift is allowed, a target's health is all that counts."""
    if SHIFT not in spec.allow or not shifted_zones(observation):
        return observation
    instances = (replace(one, targets=tuple(map(_unshifted, one.targets))) for one in observation.instances)
    return replace(observation, instances=tuple(instances))


def _unshifted(target: Target) -> Target:
    return replace(target, state=TargetState.HEALTHY) if target.state is SHIFTED else target


def overridden(observation: Observation) -> Iterator[str]:
    """Healthy targets of which AWS says more: a shift that the owner has allowed, one that it does not tell of."""
    for source in observation.sources:
        told = {one.zone: target.reason for one in observation.instances for target in one.targets
                if target.source == source.id and target.state is TargetState.HEALTHY}  # fmt: skip
        if zones := [zone for zone in sorted(told) if told[zone].startswith(ACTIVE)]:
            yield f"{source.name}: zone {', '.join(zones)} is in zonal shift: allowed, healthy counts without traffic"
        if any(reason.startswith(DELEGATED) for reason in told.values()):
            yield f"{source.name}: AWS does not tell here whether a zone is in zonal shift, it leaves that to DNS"
