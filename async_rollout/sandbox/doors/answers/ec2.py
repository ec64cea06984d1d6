"""EC2: the instances. The table at the end is the whole service."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from itertools import chain

from async_rollout.sandbox import leaving, templates
from async_rollout.sandbox.doors.answers import ec2_templates
from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table, listing, moment, page, required, zone_id
from async_rollout.sandbox.ecs.tables import joins
from async_rollout.sandbox.records import Instance
from async_rollout.sandbox.state import State
from async_rollout.sandbox.words import AwsError, not_simulated

_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
_VPC = "vpc-0123456789abcdef0"


def describe_instances(asked: Asked) -> Params:
    """An unknown id refuses the whole call; an unknown id in a filter is just missing. Terminated ones stay visible."""
    shown = _chosen(asked)
    rows, following = page(shown, asked, size=1000, most=1000, limit="MaxResults", token="NextToken")
    reservations = [
        {
            "ReservationId": f"r-{one.id[2:]}",
            "OwnerId": asked.world.account,
            "Groups": [],
            "Instances": [_row(asked, one)],
        }
        for one in rows
    ]
    return listing("Reservations", reservations, "NextToken", following)


def _chosen(asked: Asked) -> list[Instance]:
    ids, state = asked.names("InstanceIds"), asked.state
    known = {id: one for id, one in state.instances.items() if not one.forgotten}
    if missing := [id for id in ids if id not in known]:
        raise AwsError("InvalidInstanceID.NotFound", f"The instance ID '{', '.join(missing)}' does not exist")
    shown = [one for one in known.values() if not ids or one.id in ids]
    for name, patterns in asked.filters():
        worth = _filter(state, name)
        shown = [one for one in shown if any(fnmatchcase(text, like) for text in worth(one) for like in patterns)]
    return shown


def _filter(state: State, name: str) -> Callable[[Instance], list[str]]:
    """What the filter looks at; values may have wildcards."""
    known: dict[str, Callable[[Instance], list[str]]] = {
        "instance-id": lambda one: [one.id],
        "instance-state-name": lambda one: [one.ec2],
        "instance-state-code": lambda one: [str(_CODES[one.ec2])],
        "instance-type": lambda one: [one.instance_type],
        "image-id": lambda one: [templates.image_of(state, one)],
        "availability-zone": lambda one: [one.zone],
        "subnet-id": lambda one: [one.subnet],
        "vpc-id": lambda _: [_VPC],
        "reservation-id": lambda one: [f"r-{one.id[2:]}"],
        "launch-time": lambda one: [_launched(one)],
        "ip-address": lambda one: [one.public_ip] if one.public_ip else [],
        "network-interface.network-interface-id": lambda one: [f"eni-{one.id[2:]}"],
        "private-ip-address": lambda one: [one.private_ip],
        "tag-key": lambda one: [tag["Key"] for tag in _tags(state, one)],
    }
    if name.startswith("tag:"):
        return lambda one: [tag["Value"] for tag in _tags(state, one) if tag["Key"] == name[4:]]
    if name not in known:
        raise not_simulated(f"the filter {name[:80]!r} of ec2:DescribeInstances")
    return known[name]


def _launched(one: Instance) -> str:
    """The form in which the filter has it."""
    return moment(one.launched_at).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _row(asked: Asked, one: Instance) -> Params:
    up = one.ec2 not in ("shutting-down", "terminated")
    return {
        "InstanceId": one.id,
        "ImageId": templates.image_of(asked.state, one),
        "InstanceType": one.instance_type,
        "State": _state(one.ec2),
        "StateReason": {"Code": one.reason, "Message": one.reason} if leaving.down(one) else None,
        "LaunchTime": moment(one.launched_at),
        "Placement": {"AvailabilityZone": one.zone, "Tenancy": "default"},
        "Tags": _tags(asked.state, one),
        "IamInstanceProfile": _profile(asked, one),
        "PrivateDnsName": "",
        "PublicDnsName": "",
        **(_addresses(one) if up else {}),
    }


def _profile(asked: Asked, one: Instance) -> Params | None:
    """Container instances have the usual one; others have none."""
    if not joins(asked.state, one.group):
        return None
    arn = f"arn:aws:iam::{asked.world.account}:instance-profile/ecsInstanceRole"
    return {"Arn": arn, "Id": "AIPASANDBOX0000000000"}


def _state(name: str) -> Params:
    return {"Code": _CODES[name], "Name": name}


def _addresses(one: Instance) -> Params:
    """An instance that goes has none any more."""
    public = {"PublicIp": one.public_ip} if one.public_ip else None
    interface = {
        "NetworkInterfaceId": f"eni-{one.id[2:]}",
        "Status": "in-use",
        "SubnetId": one.subnet or None,
        "VpcId": _VPC,
        "PrivateIpAddress": one.private_ip,
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": one.private_ip, "Association": public}],
        "Association": public,
        "Attachment": {
            "AttachmentId": f"eni-attach-{one.id[2:]}",
            "AttachTime": moment(one.attached_at),
            "DeleteOnTermination": True,
            "DeviceIndex": 0,
            "Status": "attached",
        },
    }
    return {
        "PrivateIpAddress": one.private_ip,
        "PublicIpAddress": one.public_ip,
        "SubnetId": one.subnet or None,
        "VpcId": _VPC,
        "NetworkInterfaces": [interface],
    }


def _tags(state: State, one: Instance) -> list[Params]:
    """Who is detached keeps all but its group's name."""
    tags = {} if one.lifecycle == "Detached" else {"aws:autoscaling:groupName": one.group}
    if one.template:
        tags |= {
            "aws:ec2launchtemplate:id": one.template.id,
            "aws:ec2launchtemplate:version": one.template.version or "",
        }
    if group := state.groups.get(one.group):
        tags |= {tag.key: tag.value for tag in group.tags if tag.propagate}
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def describe_status(asked: Asked) -> Params:
    """Only running ones, unless all are asked for."""
    everyone = asked.params.get("IncludeAllInstances", False)
    shown = [one for one in _chosen(asked) if everyone or one.ec2 == "running"]
    rows, following = page(shown, asked, size=1000, most=1000, limit="MaxResults", token="NextToken")
    return listing("InstanceStatuses", [_status(one) for one in rows], "NextToken", following)


def _status(one: Instance) -> Params:
    word = "ok" if one.ec2 == "running" else "not-applicable"
    return {
        "InstanceId": one.id,
        "AvailabilityZone": one.zone,
        "InstanceState": _state(one.ec2),
        "InstanceStatus": {"Status": word},
        "SystemStatus": {"Status": word},
    }


def terminate(asked: Asked) -> Params:
    """Behind the group's back: its health check finds out."""
    required(asked, "InstanceIds")
    before = {one.id: one.ec2 for one in _chosen(asked)}
    asked.for_real()
    for id in before:
        asked.world.kill(id, who=asked.who)
    changes = [
        {"InstanceId": id, "PreviousState": _state(was), "CurrentState": _state(asked.world.instance(id).ec2)}
        for id, was in before.items()
    ]
    return {"TerminatingInstances": changes}


def describe_subnets(asked: Asked) -> Params:
    """Those that a group uses."""
    pairs = chain.from_iterable(zip(one.subnets, one.zones, strict=False) for one in asked.state.groups.values())
    ids = asked.names("SubnetIds")
    rows: list[Params] = [
        {"SubnetId": subnet, "AvailabilityZone": zone, "VpcId": _VPC, "State": "available"}
        for subnet, zone in dict(pairs).items()
        if not ids or subnet in ids
    ]
    return {"Subnets": rows}


def describe_tags(asked: Asked) -> Params:
    """Of instances only."""
    kept = {one.id: one for one in asked.state.instances.values() if not one.forgotten}
    pairs = ((id, tag) for id, one in kept.items() for tag in _tags(asked.state, one))
    rows: list[Params] = [{"ResourceId": id, "ResourceType": "instance", **tag} for id, tag in pairs]
    for name, patterns in asked.filters():
        if name not in _TAG_FILTERS:
            raise not_simulated(f"the filter {name[:80]!r} of ec2:DescribeTags")
        key = _TAG_FILTERS[name]
        rows = [row for row in rows if any(fnmatchcase(row[key], like) for like in patterns)]
    shown, following = page(rows, asked, size=1000, most=1000, limit="MaxResults", token="NextToken")
    return listing("Tags", shown, "NextToken", following)


_TAG_FILTERS = {"resource-id": "ResourceId", "resource-type": "ResourceType", "key": "Key", "value": "Value"}


def describe_zones(asked: Asked) -> Params:
    used = sorted({zone for group in asked.state.groups.values() for zone in group.zones})
    region = asked.world.region
    rows = [{"ZoneName": zone, "ZoneId": zone_id(zone), "RegionName": region, "State": "available"} for zone in used]
    return {"AvailabilityZones": rows}


TABLE: Table = {
    "DescribeInstances": describe_instances,
    "DescribeInstanceStatus": describe_status,
    "TerminateInstances": terminate,
    "DescribeTags": describe_tags,
    "DescribeSubnets": describe_subnets,
    "DescribeAvailabilityZones": describe_zones,
    **ec2_templates.TABLE,
}
