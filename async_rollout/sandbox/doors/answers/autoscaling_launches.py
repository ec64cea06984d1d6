"""LaunchInstances on the wire: which zone is meant, and the instances by their type."""

from __future__ import annotations

from dataclasses import asdict

from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table, required, zone_id
from async_rollout.sandbox.launch_tokens import LaunchAnswer, LaunchFailure
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.words import invalid

STRATEGIES = ("retry-with-group-configuration", "none")


def launch(asked: Asked) -> Params:
    name, strategy = str(required(asked, "AutoScalingGroupName")), asked.params.get("RetryStrategy", "none")
    if strategy not in STRATEGIES:
        raise invalid(
            f"1 validation error detected: Value '{strategy[:80]}' at 'retryStrategy' failed to satisfy constraint:"
            f" Member must satisfy enum value set: [{', '.join(STRATEGIES)}]"
        )
    answer = asked.world.launch_instances(
        name,
        _zone(asked, asked.world.group(name)),
        required(asked, "RequestedCapacity"),
        required(asked, "ClientToken"),
        retry=strategy != "none",
        who=asked.who,
    )
    return {
        "AutoScalingGroupName": answer.group,
        "ClientToken": answer.token,
        "Instances": _collections(answer),
        "Errors": [_error(failure) for failure in answer.errors],
    }


def _zone(asked: Asked, group: Group) -> str | None:
    """The zone that is named in one of three ways; the world knows whether it fits the group."""
    zones, ids, subnets = (asked.names(key) for key in ("AvailabilityZones", "AvailabilityZoneIds", "SubnetIds"))
    if zones and ids:
        raise invalid("AvailabilityZones and AvailabilityZoneIds cannot be specified together.")
    if ids:
        zones = [next((zone for zone in group.zones if zone_id(zone) == ids[0]), ids[0])]
    if not subnets:
        return zones[0] if zones else None
    here = dict(zip(group.subnets, group.zones, strict=False)).get(subnets[0])
    if here is None:
        raise invalid(f"The subnet {subnets[0][:80]} is not part of AutoScalingGroup {group.name}.")
    if zones and zones[0] != here:
        raise invalid(f"The subnet {subnets[0]} is not in the Availability Zone {zones[0][:80]}.")
    return here


def _collections(answer: LaunchAnswer) -> list[Params]:
    """One a type and subnet."""
    ids: dict[tuple[str, str, str], list[str]] = {}
    for new in answer.instances:
        ids.setdefault((new.instance_type, new.zone, new.subnet), []).append(new.id)
    return [_pool(*pool, answer.market) | {"InstanceIds": several} for pool, several in ids.items()]


def _pool(instance_type: str, zone: str, subnet: str, market: str) -> Params:
    return {
        "InstanceType": instance_type,
        "MarketType": market,
        "SubnetId": subnet,
        "AvailabilityZone": zone,
        "AvailabilityZoneId": zone_id(zone),
    }


def _error(failure: LaunchFailure) -> Params:
    told = asdict(failure)
    return {"ErrorCode": told.pop("code"), "ErrorMessage": told.pop("message")} | _pool(**told)


TABLE: Table = {"LaunchInstances": launch}
