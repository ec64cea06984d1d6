"""Classic load balancers (API of 2012-06-01)."""

from __future__ import annotations

from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table, listing, moment, page, required
from async_rollout.sandbox.records import Registration, Source
from async_rollout.sandbox.simulation import EPOCH
from async_rollout.sandbox.state import State
from async_rollout.sandbox.words import AwsError, classic_words, no_balancer


def _known(state: State, name: str) -> Source:
    found = state.sources.get(name)
    if found is None or not found.classic:
        raise no_balancer(name)
    return found


def _asked_one(asked: Asked) -> Source:
    return _known(asked.state, required(asked, "LoadBalancerName"))


def describe(asked: Asked) -> Params:
    """One unknown name refuses the whole call."""
    names = asked.names("LoadBalancerNames")
    several = [_known(asked.state, name) for name in names]
    shown = several or [one for one in asked.state.sources.values() if one.classic]
    rows, following = page(shown, asked, size=400, most=400, limit="PageSize", token="Marker")
    return listing("LoadBalancerDescriptions", [_row(asked, one) for one in rows], "NextMarker", following)


def _row(asked: Asked, one: Source) -> Params:
    listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstanceProtocol": "HTTP", "InstancePort": 80}
    check = {
        "Target": "HTTP:80/",
        "Interval": int(one.interval),
        "Timeout": 5,
        "HealthyThreshold": one.healthy_threshold,
        "UnhealthyThreshold": one.unhealthy_threshold,
    }
    return {
        "LoadBalancerName": one.name,
        "DNSName": f"{one.name}-1234567890.{asked.world.region}.elb.amazonaws.com",
        "ListenerDescriptions": [{"Listener": listener, "PolicyNames": []}],
        "AvailabilityZones": list(one.zones),
        "HealthCheck": check,
        "Instances": _registered(asked.state, one),
        "CreatedTime": moment(EPOCH),
        "Scheme": "internet-facing",
    }


def _registered(state: State, one: Source) -> list[Params]:
    """Who drains is listed no more."""
    return [{"InstanceId": each.instance} for each in state.registered(one.id) if each.state != "draining"]


def describe_attributes(asked: Asked) -> Params:
    one = _asked_one(asked)
    draining = {"Enabled": one.drains, "Timeout": int(one.delay)}
    attributes = {
        "CrossZoneLoadBalancing": {"Enabled": True},
        "AccessLog": {"Enabled": False},
        "ConnectionDraining": draining,
        "ConnectionSettings": {"IdleTimeout": 60},
        "AdditionalAttributes": [],
    }
    return {"LoadBalancerAttributes": attributes}


def describe_health(asked: Asked) -> Params:
    """Without ids everyone it lists, draining ones too; with ids also who is not registered, but no terminated one."""
    one = _asked_one(asked)
    ids = [each["InstanceId"] for each in asked.rows("Instances")]
    for id in ids:
        if id not in asked.state.instances or asked.state.instances[id].forgotten:
            raise AwsError("InvalidInstance", f"Could not find EC2 instance {id}.")
    listed = {each.instance: each for each in asked.state.registered(one.id)}
    shown = [id for id in ids or listed if asked.state.instances[id].ec2 != "terminated" or id in listed]
    return {"InstanceStates": [_health(one, id, listed.get(id)) for id in shown]}


def _health(source: Source, id: str, one: Registration | None) -> Params:
    state, reason, description = classic_words(one, terse=source.terse)
    return {"InstanceId": id, "State": state, "ReasonCode": reason, "Description": description}


def register(asked: Asked) -> Params:
    one = _asked_one(asked)
    for each in asked.rows("Instances"):
        asked.world.register(one.id, each["InstanceId"], who=asked.who)
    return {"Instances": _registered(asked.world.state, one)}


def deregister(asked: Asked) -> Params:
    """The answer names who is left, at once: no evidence that anyone has drained."""
    one = _asked_one(asked)
    for each in asked.rows("Instances"):
        asked.world.deregister(one.id, each["InstanceId"], who=asked.who)
    return {"Instances": _registered(asked.world.state, one)}


def describe_tags(asked: Asked) -> Params:
    """Nothing here has any."""
    several = [_known(asked.state, name) for name in asked.names("LoadBalancerNames")]
    return {"TagDescriptions": [{"LoadBalancerName": one.name, "Tags": []} for one in several]}


TABLE: Table = {
    "DescribeLoadBalancers": describe,
    "DescribeLoadBalancerAttributes": describe_attributes,
    "DescribeInstanceHealth": describe_health,
    "DescribeTags": describe_tags,
    "RegisterInstancesWithLoadBalancer": register,
    "DeregisterInstancesFromLoadBalancer": deregister,
}
