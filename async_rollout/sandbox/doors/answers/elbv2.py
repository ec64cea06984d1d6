"""Target groups and their load balancers (API of 2015-12-01)."""

from __future__ import annotations

from async_rollout.sandbox.doors.answers.asked import Asked, Params, Table, listing, moment, page, required
from async_rollout.sandbox.records import Registration, Source
from async_rollout.sandbox.simulation import EPOCH
from async_rollout.sandbox.state import State
from async_rollout.sandbox.words import OVERRIDES, AwsError, invalid, no_target_group


def _known(state: State, arn: str) -> Source:
    found = state.sources.get(arn)
    if found is None or found.classic:
        raise no_target_group()
    return found


def _asked_one(asked: Asked) -> Source:
    return _known(asked.state, required(asked, "TargetGroupArn"))


def _paged(key: str, rows: list[Params], asked: Asked) -> Params:
    shown, following = page(rows, asked, size=400, most=400, limit="PageSize", token="Marker")
    return listing(key, shown, "NextMarker", following)


def describe_groups(asked: Asked) -> Params:
    """One unknown ARN or name refuses the whole call."""
    everyone = [one for one in asked.state.sources.values() if not one.classic]
    shown = [_known(asked.state, arn) for arn in asked.names("TargetGroupArns")]
    for name in asked.names("Names"):
        found = [one for one in everyone if one.name == name]
        shown += found or [_known(asked.state, name)]
    if balancer := asked.params.get("LoadBalancerArn"):
        shown = [one for one in everyone if one.balancer == balancer]
    elif not shown:
        shown = everyone
    return _paged("TargetGroups", [_row(one) for one in shown], asked)


def _row(one: Source) -> Params:
    return {
        "TargetGroupArn": one.id,
        "TargetGroupName": one.name,
        "Protocol": "HTTP",
        "Port": one.port,
        "VpcId": "vpc-0123456789abcdef0",
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": int(one.interval),
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": one.healthy_threshold,
        "UnhealthyThresholdCount": one.unhealthy_threshold,
        "HealthCheckPath": "/",
        "Matcher": {"HttpCode": "200"},
        "LoadBalancerArns": [one.balancer] if one.balancer else [],
        "TargetType": "ip" if one.by_address else "instance",
        "ProtocolVersion": "HTTP1",
        "IpAddressType": "ipv4",
    }


def describe_attributes(asked: Asked) -> Params:
    attributes = {
        "deregistration_delay.timeout_seconds": str(int(_asked_one(asked).delay)),
        "slow_start.duration_seconds": str(int(_asked_one(asked).slow_start)),
        "stickiness.enabled": "false",
        "load_balancing.algorithm.type": "round_robin",
    }
    return {"Attributes": [{"Key": key, "Value": value} for key, value in attributes.items()]}


def describe_health(asked: Asked) -> Params:
    """Without targets everyone it lists; with them also who is not registered."""
    one, targets = _asked_one(asked), asked.rows("Targets")
    listed = asked.state.registered(one.id)
    shown = listed if not targets else tuple(_target(asked.state, one, target) for target in targets)
    return {"TargetHealthDescriptions": [_health(asked.state, each) for each in shown]}


def _target(state: State, source: Source, target: Params) -> Registration:
    id, port = target["Id"], target.get("Port", source.port)
    if id not in state.instances and not source.by_address:
        raise AwsError("InvalidTarget", f"The following targets are invalid: '{id}'")
    here = (each for each in state.registered(source.id, id) if each.port == port)
    return next(
        here, Registration(source=source.id, instance=id, port=port, state="unused", reason="Target.NotRegistered")
    )


def _health(state: State, one: Registration) -> Params:
    health = {"State": one.state, "Reason": one.reason or None, "Description": _DESCRIPTIONS.get(one.reason)}
    override = OVERRIDES[state.is_shifted(one.source, one.instance)]
    return {
        "Target": {"Id": one.instance, "Port": one.port},
        "HealthCheckPort": str(one.port),
        "TargetHealth": health,
        "AdministrativeOverride": dict(zip(("State", "Reason", "Description"), override, strict=True)),
    }


_DESCRIPTIONS = {
    "Elb.RegistrationInProgress": "Target registration is in progress",
    "Elb.InitialHealthChecking": "Initial health checks in progress",
    "Target.FailedHealthChecks": "Health checks failed",
    "Target.NotRegistered": "Target is not registered to the target group",
    "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    "Target.DeregistrationInProgress": "Target deregistration is in progress",
}


def register(asked: Asked) -> Params:
    one = _asked_one(asked)
    for each in asked.rows("Targets"):
        asked.world.register(one.id, each["Id"], each.get("Port"), who=asked.who)
    return {}


def deregister(asked: Asked) -> Params:
    one = _asked_one(asked)
    for each in asked.rows("Targets"):
        asked.world.deregister(one.id, each["Id"], each.get("Port"), who=asked.who)
    return {}


def describe_balancers(asked: Asked) -> Params:
    """Those that a target group names: the world keeps no others."""
    zones = _zones(asked.state)
    arns = asked.names("LoadBalancerArns")
    if len(arns) > 20:
        raise invalid("Up to 20 load balancer ARNs can be given in one call")
    if any(arn not in zones for arn in arns):
        raise AwsError("LoadBalancerNotFound", "One or more load balancers not found")
    names = asked.names("Names")
    shown = [arn for arn in arns or zones if not names or _name(arn) in names]
    if len(shown) < len(names):
        raise AwsError("LoadBalancerNotFound", f"Load balancers '[{', '.join(names)}]' not found")
    return _paged("LoadBalancers", [_balancer(asked, arn, zones[arn]) for arn in shown], asked)


def _zones(state: State) -> dict[str, tuple[str, ...]]:
    """The zones of each load balancer, as its target groups tell them."""
    found: dict[str, tuple[str, ...]] = {}
    for one in state.sources.values():
        if one.balancer:
            found[one.balancer] = tuple(dict.fromkeys((*found.get(one.balancer, ()), *one.zones)))
    return found


def _name(arn: str) -> str:
    """ "web" of arn:…:loadbalancer/app/web/50dc6c495c0c9188."""
    return arn.split("/")[-2] if arn.count("/") >= 2 else arn


def _balancer(asked: Asked, arn: str, zones: tuple[str, ...]) -> Params:
    return {
        "LoadBalancerArn": arn,
        "LoadBalancerName": _name(arn),
        "DNSName": f"{_name(arn)}-1234567890.{asked.world.region}.elb.amazonaws.com",
        "CreatedTime": moment(EPOCH),
        "Scheme": "internet-facing",
        "VpcId": "vpc-0123456789abcdef0",
        "State": {"Code": "active"},
        "Type": "application",
        "AvailabilityZones": [{"ZoneName": zone} for zone in zones],
        "IpAddressType": "ipv4",
    }


def _listeners(state: State) -> list[Params]:
    """One for each target group of a load balancer."""
    found: dict[str, list[Params]] = {}
    for one in state.sources.values():
        if one.balancer:
            rows = found.setdefault(one.balancer, [])
            row = {
                "ListenerArn": f"{one.balancer.replace(':loadbalancer/', ':listener/')}/{len(rows):016x}",
                "LoadBalancerArn": one.balancer,
                "Port": 80 + len(rows),
                "Protocol": "HTTP",
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": one.id}],
            }
            rows.append(row)
    return [row for rows in found.values() for row in rows]


def describe_listeners(asked: Asked) -> Params:
    """Of a load balancer, or by their own ARNs."""
    arns, everyone = asked.names("ListenerArns"), _listeners(asked.state)
    if not arns:
        balancer = required(asked, "LoadBalancerArn")
        rows = [row for row in everyone if row["LoadBalancerArn"] == balancer]
        if not rows:
            raise AwsError("LoadBalancerNotFound", "One or more load balancers not found")
        return _paged("Listeners", rows, asked)
    return _paged("Listeners", [_listener(everyone, arn) for arn in arns], asked)


def _listener(everyone: list[Params], arn: str) -> Params:
    found = next((row for row in everyone if row["ListenerArn"] == arn), None)
    if found is None:
        raise AwsError("ListenerNotFound", "One or more listeners not found")
    return found


def describe_rules(asked: Asked) -> Params:
    """Each listener has its default rule and no other."""
    one = _listener(_listeners(asked.state), required(asked, "ListenerArn"))
    rule = {
        "RuleArn": f"{one['ListenerArn'].replace(':listener/', ':listener-rule/')}/{0:016x}",
        "Priority": "default",
        "Conditions": [],
        "Actions": one["DefaultActions"],
        "IsDefault": True,
    }
    return _paged("Rules", [rule], asked)


def describe_balancer_attributes(asked: Asked) -> Params:
    if required(asked, "LoadBalancerArn") not in _zones(asked.state):
        raise AwsError("LoadBalancerNotFound", "One or more load balancers not found")
    attributes = {
        "access_logs.s3.enabled": "false",
        "deletion_protection.enabled": "false",
        "idle_timeout.timeout_seconds": "60",
        "routing.http2.enabled": "true",
        "load_balancing.cross_zone.enabled": "true",
    }
    return {"Attributes": [{"Key": key, "Value": value} for key, value in attributes.items()]}


def describe_tags(asked: Asked) -> Params:
    """Nothing here has any."""
    known = {*asked.state.sources, *_zones(asked.state)}
    for arn in asked.names("ResourceArns"):
        if arn not in known:
            what = "TargetGroup" if ":targetgroup/" in arn else "LoadBalancer"
            raise AwsError(f"{what}NotFound", f"'{arn}' not found")
    return {"TagDescriptions": [{"ResourceArn": arn, "Tags": []} for arn in asked.names("ResourceArns")]}


TABLE: Table = {
    "DescribeTargetGroups": describe_groups,
    "DescribeTargetGroupAttributes": describe_attributes,
    "DescribeTargetHealth": describe_health,
    "RegisterTargets": register,
    "DeregisterTargets": deregister,
    "DescribeLoadBalancers": describe_balancers,
    "DescribeLoadBalancerAttributes": describe_balancer_attributes,
    "DescribeListeners": describe_listeners,
    "DescribeRules": describe_rules,
    "DescribeTags": describe_tags,
}
