"""Target groups of Application, Network and Gateway Load Balancers (Elastic Load Balancing v2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from async_rollout.aws.calls import Api, Ask, Body, Call, Rate, Reply, is_read
from async_rollout.aws.single_flight import chunks
from async_rollout.aws.together import Part, together
from async_rollout.aws.traffic.health import Health, found, reason
from async_rollout.aws.traffic.kind import NONE, Handles, Kind
from async_rollout.core.actions import Registration
from async_rollout.core.observation import Source, Target, TargetState, unfound

READS = Rate(name="elbv2 reads", burst=40.0, refill=10.0, watched=True)
WRITES = Rate(name="elbv2 writes", burst=20.0, refill=4.0)
"""AWS's guide on request throttling."""
ELBV2 = Api(
    client="elbv2",
    prefix="elasticloadbalancing",
    rate=lambda operation: READS if is_read(operation) else WRITES,
    gone=frozenset({"TargetGroupNotFound", "LoadBalancerNotFound"}),
)

STATES = {
    "initial": TargetState.INITIAL,
    "healthy": TargetState.HEALTHY,
    "unhealthy": TargetState.UNHEALTHY,
    "unhealthy.draining": TargetState.UNHEALTHY,
    "unused": TargetState.UNUSED,
    "draining": TargetState.DRAINING,
    "unavailable": TargetState.UNKNOWN,
}
"""`unhealthy.draining` is a Network Load Balancer ending connections of an unhealthy target, no deregistration."""

OVERRIDES = {"zonal_shift_active": TargetState.SHIFTED, "zonal_shift_delegated_to_dns": TargetState.HEALTHY}
"""Of a healthy target; delegated: whether its zone is shifted is not told here, which the reason then says."""

DELAY = "deregistration_delay.timeout_seconds"
DELAY_DEFAULT = 300.0
SLOW_START = "slow_start.duration_seconds"
ARNS_PER_CALL = 20


class TargetGroup(Kind):
    """The kind of the target groups."""

    name = noun = "target group"
    api = ELBV2
    reads = ("DescribeLoadBalancers", "DescribeTargetGroupAttributes", "DescribeTargetGroups", "DescribeTargetHealth")
    changes = ("DeregisterTargets", "RegisterTargets")

    def owns(self, identifier: str, type: str | None) -> bool:
        return type in (None, "elbv2") and ":elasticloadbalancing:" in identifier and ":targetgroup/" in identifier

    async def describe(self, ask: Ask, ids: Sequence[str]) -> tuple[Source, ...]:
        """Port and load balancer of all in one call, their zones in one more; delay and slow start take a call each."""
        groups = Part(partial(_rows, ask, "TargetGroup", ids))
        settings = {id: Part(partial(_settings, ask, id)) for id in ids}
        await together(groups, *settings.values())
        rows = groups.value
        zones = await _zones(ask, sorted({arn for row in rows.values() for arn in row.get("LoadBalancerArns", ())}))
        return tuple(self._source(id, rows.get(id), settings[id].value, zones) for id in ids)

    async def health(self, ask: Ask, id: str, members: Sequence[str]) -> Health | None:
        """All registered and draining targets of the group: one answer serves every asker."""
        reply = await found(ask(ELBV2.call("DescribeTargetHealth", TargetGroupArn=id)))
        return health_of(id, reply) if reply else None

    def register(self, source: str, registrations: Sequence[Registration], handles: Handles = NONE) -> tuple[Call, ...]:
        return (ELBV2.call("RegisterTargets", TargetGroupArn=source, Targets=[*map(_target, registrations)]),)

    def deregister(
        self, source: str, registrations: Sequence[Registration], handles: Handles = NONE
    ) -> tuple[Call, ...]:
        """With the port each: without it a registration on another port than the group's own stays."""
        return (ELBV2.call("DeregisterTargets", TargetGroupArn=source, Targets=[*map(_target, registrations)]),)

    def _source(
        self, id: str, row: Body | None, settings: Mapping[str, str] | None, zones: dict[str, frozenset[str]]
    ) -> Source:
        """A load balancer that is gone by now is none: nothing listens for the target group."""
        name = (row or {}).get("TargetGroupName") or _name(id)
        detach = f"detach-load-balancer-target-groups --target-group-arns {id}"
        if row is None or settings is None:
            return unfound(self.source(id, name, detach=detach))
        balancers = [arn for arn in row.get("LoadBalancerArns", ()) if arn in zones]
        enabled = frozenset[str]().union(*(zones[arn] for arn in balancers))
        return self.source(
            id,
            name,
            detach=detach,
            has_listener=bool(balancers),
            drain_delay=float(settings.get(DELAY, DELAY_DEFAULT)),
            slow_start=float(settings.get(SLOW_START, 0)),
            default_port=row.get("Port"),
            zones=enabled or None,
        )


def health_of(id: str, reply: Reply) -> Health:
    """The reply's targets, but for those that it only lists as not registered."""
    rows = reply.body.get("TargetHealthDescriptions", ())
    targets = ((row["Target"]["Id"], _read(id, row)) for row in rows if not _absent(row))
    return Health(at=reply.at, targets=tuple(targets))


def _read(id: str, row: Body) -> Target:
    health = row.get("TargetHealth", {})
    state = STATES.get(health.get("State", ""), TargetState.UNKNOWN)
    words = reason(health.get("Reason"), health.get("Description"))
    override = row.get("AdministrativeOverride") or {}
    if state is TargetState.HEALTHY and override.get("State") in OVERRIDES:
        state = OVERRIDES[override["State"]]
        words = reason(override.get("Reason"), override.get("Description"))
    return Target(source=id, port=row["Target"].get("Port"), state=state, reason=words)


def _absent(row: Body) -> bool:
    return bool(row.get("TargetHealth", {}).get("Reason") == "Target.NotRegistered")


def _target(registration: Registration) -> dict[str, object]:
    port = {} if registration.port is None else {"Port": registration.port}
    return {"Id": registration.instance, **port}


async def _settings(ask: Ask, id: str) -> dict[str, str] | None:
    """Its attributes by their keys; None where AWS does not find it."""
    reply = await found(ask(ELBV2.call("DescribeTargetGroupAttributes", TargetGroupArn=id)))
    return {row["Key"]: row["Value"] for row in reply.body.get("Attributes", ())} if reply else None


async def _zones(ask: Ask, arns: Sequence[str]) -> dict[str, frozenset[str]]:
    """Zones enabled on each load balancer."""
    rows = await _rows(ask, "LoadBalancer", arns)
    return {arn: frozenset(zone["ZoneName"] for zone in row.get("AvailabilityZones", ())) for arn, row in rows.items()}


async def _rows(ask: Ask, what: str, arns: Sequence[str], each: int = ARNS_PER_CALL) -> dict[str, Body]:
    """Describe target groups or load balancers, by ARN; one that AWS does not find is absent."""
    parts = [Part(partial(_some, ask, what, some)) for some in chunks(arns, each)]
    await together(*parts)
    return {arn: row for part in parts for arn, row in part.value.items()}


async def _some(ask: Ask, what: str, arns: Sequence[str]) -> dict[str, Body]:
    """One that is gone fails the call for all, and AWS does not say which: then each is asked for alone."""
    reply = await found(ask(ELBV2.call(f"Describe{what}s", **{f"{what}Arns": list(arns)})))
    if reply:
        return {row[f"{what}Arn"]: row for row in reply.body.get(f"{what}s", ())}
    return await _rows(ask, what, arns, each=1) if len(arns) > 1 else {}


def _name(arn: str) -> str:
    return arn.rsplit(":targetgroup/", maxsplit=1)[-1].split("/", maxsplit=1)[0]
