"""Classic Load Balancers (Elastic Load Balancing v1), whose words hide the truth in a description."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from async_rollout.aws.calls import Api, Ask, Body, Call, Rate, Reply, is_read
from async_rollout.aws.faults import CallFailedError
from async_rollout.aws.together import Part, together
from async_rollout.aws.traffic.health import Health, found
from async_rollout.aws.traffic.kind import NONE, Handles, Kind
from async_rollout.core.actions import Registration
from async_rollout.core.observation import Source, Target, TargetState, unfound

READS = Rate(name="elb reads", burst=40.0, refill=10.0, watched=True)
WRITES = Rate(name="elb writes", burst=20.0, refill=4.0)
"""AWS's guide on request throttling."""
ELB = Api(
    client="elb",
    prefix="elasticloadbalancing",
    rate=lambda operation: READS if is_read(operation) else WRITES,
    gone=frozenset({"LoadBalancerNotFound", "AccessPointNotFound"}),
)

DRAINING = "Instance deregistration currently in progress."
ABSENT = "Instance is not currently registered with the LoadBalancer."
COMING = "Instance registration is still in progress."
UNPROVEN = "Instance has not passed the configured HealthyThreshold number of health checks consecutively."
ZONE_OFF = "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to."
"""AWS's texts (DescribeInstanceHealth, InstanceState.Description). With the stop or without."""


def plain(words: str) -> str:
    """A text as it is compared: neither its full stop nor its spaces nor its capitals say anything."""
    return " ".join(words.split()).rstrip(". ").casefold()


WORDS = {
    plain(DRAINING): TargetState.DRAINING,
    plain(COMING): TargetState.INITIAL,
    plain(UNPROVEN): TargetState.INITIAL,
    plain(ZONE_OFF): TargetState.UNUSED,
}
SERVING = ("", "n/a")
"""What stands beside InService where nothing is to be said."""
STATES = {"InService": TargetState.HEALTHY, "OutOfService": TargetState.UNHEALTHY}

_INSTANCE = re.compile(r"\bi-[0-9a-f]{8,17}\b")


class Classic(Kind):
    """The kind of the Classic Load Balancers. They have no ports of their own for an instance."""

    name = "classic"
    api = ELB
    reads = ("DescribeInstanceHealth", "DescribeLoadBalancerAttributes", "DescribeLoadBalancers")
    changes = ("DeregisterInstancesFromLoadBalancer", "RegisterInstancesWithLoadBalancer")
    lists_all = False

    def owns(self, identifier: str, type: str | None) -> bool:
        return type in (None, "elb") and not identifier.startswith("arn:")

    async def describe(self, ask: Ask, ids: Sequence[str]) -> tuple[Source, ...]:
        """The zones of all in one call; the draining takes a call each."""
        zones = Part(partial(_zones, ask, ids))
        delays = {id: Part(partial(_delay, ask, id)) for id in ids}
        await together(zones, *delays.values())
        return tuple(self._source(id, zones.value.get(id), delays[id].value) for id in ids)

    async def health(self, ask: Ask, id: str, members: Sequence[str]) -> Health | None:
        """Asked by name of instance: only so one that drains is sure to be listed.

        One id that AWS does not know fails the whole call; it is named in the words, and left out of the next.
        """
        left = sorted(members)
        while True:
            try:
                reply = await found(ask(_asking(id, left)))
                return health_of(id, reply) if reply else None
            except CallFailedError as failed:
                unknown = set(_INSTANCE.findall(failed.fault.message)) & set(left)
                if failed.fault.code != "InvalidInstance" or not left:
                    raise
                left = [member for member in left if member not in unknown] if unknown else []

    def register(self, source: str, registrations: Sequence[Registration], handles: Handles = NONE) -> tuple[Call, ...]:
        what = {"LoadBalancerName": source, "Instances": _ids(registrations)}
        return (ELB.call("RegisterInstancesWithLoadBalancer", **what),)

    def deregister(
        self, source: str, registrations: Sequence[Registration], handles: Handles = NONE
    ) -> tuple[Call, ...]:
        what = {"LoadBalancerName": source, "Instances": _ids(registrations)}
        return (ELB.call("DeregisterInstancesFromLoadBalancer", **what),)

    def _source(self, id: str, zones: frozenset[str] | None, delay: float | None) -> Source:
        detach = f"detach-load-balancers --load-balancer-names {id}"
        if zones is None or delay is None:
            return unfound(self.source(id, id, detach=detach))
        return self.source(id, id, detach=detach, drain_delay=delay, ends_early=True, zones=zones or None)


def health_of(id: str, reply: Reply) -> Health:
    """The reply's instances, but for those that it only lists as not registered."""
    rows = reply.body.get("InstanceStates", ())
    targets = (
        (row["InstanceId"], _read(id, row)) for row in rows if plain(row.get("Description", "")) != plain(ABSENT)
    )
    return Health(at=reply.at, targets=tuple(targets))


def _read(id: str, row: Body) -> Target:
    words = row.get("Description", "")
    return Target(
        source=id, port=None, state=_state(row.get("State", ""), words), reason="" if plain(words) in SERVING else words
    )


def _state(state: str, words: str) -> TargetState:
    """A draining instance says InService, one that is just coming says OutOfService: the words decide first.

    InService beside words that nobody has heard of is not called healthy: one that drains would be counted on.
    """
    said = plain(words)
    if said.startswith("instance is in ") and said.endswith(" state"):  # pending, stopped or terminated
        return TargetState.UNUSED
    if state == "InService" and said not in SERVING and said not in WORDS:
        return TargetState.DRAINING if "deregistration" in said else TargetState.UNKNOWN
    return WORDS.get(said) or STATES.get(state, TargetState.UNKNOWN)


def _asking(id: str, members: Sequence[str]) -> Call:
    if not members:
        return ELB.call("DescribeInstanceHealth", LoadBalancerName=id)
    instances = [{"InstanceId": member} for member in members]
    return ELB.call("DescribeInstanceHealth", LoadBalancerName=id, Instances=instances)


def _ids(registrations: Sequence[Registration]) -> list[dict[str, str]]:
    return [{"InstanceId": id} for id in dict.fromkeys(registration.instance for registration in registrations)]


async def _zones(ask: Ask, names: Sequence[str]) -> dict[str, frozenset[str]]:
    """One that is gone fails the call for all: then each is asked for alone, and that one is absent."""
    reply = await found(ask(ELB.call("DescribeLoadBalancers", LoadBalancerNames=list(names))))
    if reply:
        rows = reply.body.get("LoadBalancerDescriptions", ())
        told = {row["LoadBalancerName"]: frozenset[str](row.get("AvailabilityZones", ())) for row in rows}
        return dict.fromkeys(names, frozenset[str]()) | told
    if len(names) == 1:
        return {}
    parts = [Part(partial(_zones, ask, [name])) for name in names]
    await together(*parts)
    return {name: zones for part in parts for name, zones in part.value.items()}


async def _delay(ask: Ask, id: str) -> float | None:
    """The longest time that draining can take; 0 where it is off and connections are cut at once."""
    reply = await found(ask(ELB.call("DescribeLoadBalancerAttributes", LoadBalancerName=id)))
    if reply is None:
        return None
    draining: Body = reply.body.get("LoadBalancerAttributes", {}).get("ConnectionDraining", {})
    return float(draining.get("Timeout", 300)) if draining.get("Enabled") else 0.0
