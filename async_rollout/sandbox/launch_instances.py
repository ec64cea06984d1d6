"""LaunchInstances: so many instances in one zone, their ids at once, and why the rest did not come.

They live like any others from then on. A failure leaves the group as it was: no activity, no retry of the control loop,
unless the call asks for that.
"""

from __future__ import annotations

import re
from dataclasses import replace

from async_rollout.sandbox import launching, purchase
from async_rollout.sandbox.history import What
from async_rollout.sandbox.launch_codes import coded
from async_rollout.sandbox.launch_tokens import LaunchAnswer, LaunchFailure, LaunchRequest
from async_rollout.sandbox.records import Group, Instance
from async_rollout.sandbox.simulation import AWS, Simulation
from async_rollout.sandbox.words import AwsError, invalid, not_simulated, too_few_places

MOST = 100
"""Instances of one call (its documents)."""
TOKEN = re.compile(r"[A-Za-z0-9\-_/]{1,64}")
"""Of AWS's model."""


def launch_instances(simulation: Simulation, asked: LaunchRequest, token: str, who: str) -> LaunchAnswer:
    """Launch what is asked for, unless the token says that this is done. Raises AwsError where AWS refuses.

    A group with a warm pool is told no, and has its instances all the same: they start cold (its documents).
    """
    if not TOKEN.fullmatch(token):
        raise _unfit("clientToken", token, f"Member must satisfy regular expression pattern: {TOKEN.pattern}")
    if (before := simulation.tokens.recall(token, asked, simulation.now)) is not None:
        simulation.happened(What.LAUNCH_INSTANCES, who, asked.group, detail=f"{token} again")
        return before
    group = simulation.known(asked.group)
    _check(simulation, group, asked.count)
    zone = _zone(group, asked.zone)
    came, errors = _launched(simulation, group, zone, asked.count)
    ids = " ".join(one.id for one in came)
    simulation.happened(What.LAUNCH_INSTANCES, who, group.name, detail=f"{token} {zone} {asked.count}: {ids}")
    _grown(simulation, asked, len(came))
    answer = LaunchAnswer(
        group=group.name,
        token=token,
        market=purchase.market(group),
        instances=came,
        errors=errors,
        ready_at=simulation.now + simulation.troubles[group.name].answering,
    )
    return _told(simulation, group, asked, answer)


def _told(simulation: Simulation, group: Group, asked: LaunchRequest, answer: LaunchAnswer) -> LaunchAnswer:
    if group.warm_pool:
        no = AwsError("UnsupportedOperation", f"LaunchInstances is not supported for {group.name}: it has a warm pool.")
        simulation.tokens.keep(answer.token, asked, no, simulation.now)
        raise no
    simulation.tokens.keep(answer.token, asked, answer, simulation.now)
    return answer


def _check(simulation: Simulation, group: Group, count: int) -> None:
    """What keeps AWS from launching anything. The words are ours where its documents have none."""
    readings = simulation.readings
    if group.status:
        raise invalid(f"AutoScalingGroup {group.name} is pending delete.")
    if group.template is None:
        raise invalid(f"LaunchInstances needs a launch template, and {group.name} has a launch configuration.")
    if purchase.is_mixed(group):
        raise invalid(f"LaunchInstances launches either On-Demand or Spot Instances, and {group.name} has both.")
    if group.weighted:
        raise not_simulated("LaunchInstances of a group with instance weights")
    if count < 1:
        raise _unfit("requestedCapacity", count, "Member must have value greater than or equal to 1")
    if count > MOST:
        raise invalid(f"At most {MOST} instances can be launched in one request.")
    if readings.needs_launch and not group.runs("Launch"):
        raise invalid(f"No instance can be launched in {group.name} while its Launch process is suspended.")
    if readings.bounded_by_maximum and group.desired + simulation.tolerated[group.name] + count > group.maximum:
        raise too_few_places(group, "launch", count)


def _unfit(parameter: str, value: object, constraint: str) -> AwsError:
    return invalid(
        f"1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: {constraint}"
    )


def _zone(group: Group, zone: str | None) -> str:
    if zone is None and len(group.zones) > 1:
        raise invalid(f"AvailabilityZones or SubnetIds must be specified: {group.name} has several Availability Zones.")
    if zone is not None and zone not in group.zones:
        raise invalid(f"The Availability Zone {zone} is not part of AutoScalingGroup {group.name}.")
    return zone or group.zones[0]


def _launched(
    simulation: Simulation, group: Group, zone: str, count: int
) -> tuple[tuple[Instance, ...], tuple[LaunchFailure, ...]]:
    """One after the other: one that fails keeps none of the others back."""
    came: list[Instance] = []
    errors: dict[LaunchFailure, None] = {}
    for _ in range(count):
        words = launching.refusal(simulation, group, zone) or launching.unlaunchable(simulation, group)
        if words is None:
            came.append(launching.start(simulation, group, zone, _why(simulation, group, len(came))))
        else:
            errors[_failure(group, zone, launching.worded(simulation, group, zone, words))] = None
    for error in errors:
        simulation.happened(What.LAUNCH_FAILED, AWS, group.name, detail=error.message)
    return tuple(came), tuple(errors)


def _why(simulation: Simulation, group: Group, before: int) -> str:
    held = group.desired + before
    grows = f", increasing the capacity from {held} to {held + 1}" if simulation.readings.raises_desired else ""
    return f"an instance was started in response to a user request to launch instances{grows}"


def _failure(group: Group, zone: str, words: str) -> LaunchFailure:
    code, message = coded(words)
    return LaunchFailure(
        code=code,
        message=message,
        instance_type=group.overrides[0].instance_type if group.overrides else group.instance_type,
        zone=zone,
        subnet=dict(zip(group.zones, group.subnets, strict=False)).get(zone, ""),
        market=purchase.market(group),
    )


def _grown(simulation: Simulation, asked: LaunchRequest, came: int) -> None:
    """DesiredCapacity follows what came. A retry is of the group's own loop, which goes by DesiredCapacity alone."""
    group = simulation.state.groups[asked.group]
    retries = asked.retry and came < asked.count
    if not (retries or simulation.readings.raises_desired):
        simulation.tolerated[group.name] += came
        return
    grown = asked.count if retries else came
    if grown:
        simulation.put_group(replace(group, desired=group.desired + grown))
        simulation.unsettled(group.name)
