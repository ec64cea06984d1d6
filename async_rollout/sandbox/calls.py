"""Auto Scaling's own calls: checked as AWS checks them, refused in AWS's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from async_rollout.sandbox.activities import stamp
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Tag
from async_rollout.sandbox.simulation import Simulation
from async_rollout.sandbox.words import PROCESSES, AwsError, above_maximum, below_minimum, invalid, no_instance


def set_desired(simulation: Simulation, name: str, desired: int, who: str) -> None:
    group = simulation.known(name)
    if desired > group.maximum:
        raise above_maximum(desired, group.maximum)
    if desired < group.minimum:
        raise below_minimum(desired, group.minimum)
    simulation.tolerated.pop(name, None)
    simulation.put_group(replace(group, desired=desired))
    simulation.happened(What.SET_DESIRED, who, name, detail=f"{group.desired} -> {desired}")
    simulation.unsettled(name)


def update_sizes(
    simulation: Simulation, name: str, minimum: int | None, maximum: int | None, desired: int | None, who: str
) -> None:
    """UpdateAutoScalingGroup: a maximum below desired silently lowers desired, a minimum above it raises it."""
    group = simulation.known(name)
    low = group.minimum if minimum is None else minimum
    high = group.maximum if maximum is None else maximum
    if low > high:
        raise invalid(f"Max bound, {high}, must be greater than or equal to min bound, {low}")
    if desired is not None and not low <= desired <= high:
        raise invalid(f"Desired capacity:{desired} must be between the specified min size:{low} and max size:{high}")
    wanted = min(max(group.desired if desired is None else desired, low), high)
    new = replace(group, minimum=low, maximum=high, desired=wanted)
    set_anew = desired is not None or wanted != group.desired
    if not (set_anew and simulation.tolerated.pop(name, 0)) and new == group:
        return
    simulation.put_group(new)
    detail = f"{group.minimum}/{group.desired}/{group.maximum} -> {low}/{wanted}/{high}"
    simulation.happened(What.SET_SIZES, who, name, detail=detail)
    simulation.unsettled(name)


def update_health(simulation: Simulation, name: str, kind: str | None, grace: float | None) -> None:
    group = simulation.known(name)
    kind = group.health_check_type if kind is None else kind
    simulation.put_group(replace(group, health_check_type=kind, grace=group.grace if grace is None else grace))
    simulation.disturbed(name)


def suspend(simulation: Simulation, name: str, processes: tuple[str, ...], who: str) -> None:
    group = simulation.known(name)
    asked = _processes(processes)
    reason = f"User suspended at {stamp(simulation.now)}"
    added = tuple((process, reason) for process in asked if group.runs(process))
    simulation.put_group(replace(group, suspended=(*group.suspended, *added)))
    simulation.happened(What.SUSPEND, who, name, detail=" ".join(asked))


def resume(simulation: Simulation, name: str, processes: tuple[str, ...], who: str) -> None:
    group = simulation.known(name)
    asked = _processes(processes)
    left = tuple((process, reason) for process, reason in group.suspended if process not in asked)
    simulation.put_group(replace(group, suspended=left))
    simulation.happened(What.RESUME, who, name, detail=" ".join(asked))
    simulation.unsettled(name)
    simulation.disturbed(name)


def _processes(named: tuple[str, ...]) -> tuple[str, ...]:
    """None named means all of them."""
    for one in named:
        if one not in PROCESSES:
            raise invalid(f"{one} is not a valid scaling process type")
    return named or PROCESSES


def put_tags(simulation: Simulation, name: str, tags: tuple[Tag, ...], who: str) -> None:
    """CreateOrUpdateTags overwrites silently; at most 50 a group, 25 a call (its documents)."""
    group = simulation.known(name)
    for tag in tags:
        _check_tag(tag)
    after = {tag.key: tag for tag in group.tags} | {tag.key: tag for tag in tags}
    if len(tags) > 25:
        raise invalid("The number of tags in one call must be at most 25")
    if len(after) > 50:
        raise AwsError("LimitExceeded", "The number of tags for this resource would exceed the limit of 50")
    simulation.put_group(replace(group, tags=tuple(after.values())))
    simulation.happened(What.TAG, who, name, detail=" ".join(tag.key for tag in tags))


def _check_tag(tag: Tag) -> None:
    if not 1 <= len(tag.key) <= 128 or tag.key.startswith("aws:"):
        raise invalid(f"The tag key {tag.key[:140]!r} is not 1 to 128 characters long, or begins with aws:")
    if len(tag.value) > 256:
        raise invalid(f"The value of the tag {tag.key!r} is longer than 256 characters")


def delete_tags(simulation: Simulation, name: str, keys: tuple[str, ...], who: str) -> None:
    group = simulation.known(name)
    simulation.put_group(replace(group, tags=tuple(tag for tag in group.tags if tag.key not in keys)))
    simulation.happened(What.UNTAG, who, name, detail=" ".join(keys))


def protect(simulation: Simulation, name: str, ids: tuple[str, ...], *, protected: bool, who: str) -> None:
    simulation.known(name)
    for id in ids:
        if id not in simulation.state.rosters[name]:
            raise no_instance(id)
    for id in ids:
        simulation.put_instance(replace(simulation.state.instances[id], protected=protected))
        simulation.happened(What.PROTECT, who, name, id, str(protected))


def keep_policies(simulation: Simulation, name: str, policies: Mapping[str, str], who: str) -> None:
    """Nothing here goes by them; see alarms.py for what does."""
    simulation.put_group(replace(simulation.known(name), policies=tuple(policies.items())))
    simulation.happened(What.EDIT, who, name, detail="scaling policies")
