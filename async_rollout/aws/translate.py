"""AWS's words into the core's: one row of DescribeAutoScalingGroups and what was asked beside it become a Observation.

Pure. Enumerations stay open: a lifecycle state or a health that nobody has heard of goes through as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from async_rollout.aws.calls import Body
from async_rollout.aws.facts import UNSEEN, Down, Launch
from async_rollout.aws.launching import (
    Resolved,
    launched_from,
    mixed_purchase,
    outdated,
    own_templates,
    policy_of,
    spelled,
    template_of,
)
from async_rollout.aws.traffic import named
from async_rollout.aws.traffic.health import Health
from async_rollout.core.activity import Activity
from async_rollout.core.observation import Group, Instance, Observation, Source, Survey, Target, unfound
from async_rollout.core.others import Trait, claims_of, traits_of
from async_rollout.core.tags import ORDER, PREFIX, from_tags, probes_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What one look asked beside the group.

    health: by source, None where AWS does not find it; empty where targets were not needed. down: of those that are
    marked Unhealthy, and of those in left, whom EC2 does not run. left: of whom it was asked how they have ended.
    traits: what its policies tell, where they were asked for. versions: what each `VersionOf` comes to.
    """

    sources: tuple[Source, ...] = ()
    health: Mapping[str, Health | None] = field(default_factory=dict)
    launches: Mapping[str, Launch] = field(default_factory=dict)
    down: Mapping[str, Down] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    templates: Resolved = field(default_factory=dict)
    survey: Survey | None = None
    activities: tuple[Activity, ...] | None = None
    refresh: tuple[str, ...] | None = None
    traits: frozenset[Trait] = frozenset()
    versions: Mapping[str, str] = field(default_factory=dict)


def observation_of(row: Body, at: float, extras: Extras) -> Observation:
    """One complete observation. row: the group as AWS described it at `at`."""
    tags = tags_of(row)
    return Observation(
        at=at,
        group=group_of(row, extras),
        instances=instances_of(row, extras),
        sources=tuple(_seen(source, extras.health, at) for source in extras.sources),
        journal=from_tags(tags, row["AutoScalingGroupARN"]),
        order=tags.get(ORDER),
        probes=probes_in(tags),
        survey=extras.survey,
        activities=extras.activities,
        refresh=extras.refresh,
        versions=extras.versions,
        ends={id: extras.down.get(id, Down()).reason for id in extras.left},
    )


def tags_of(row: Body) -> dict[str, str]:
    """The group's tags, aws: ones included."""
    return {tag["Key"]: tag.get("Value") or "" for tag in row.get("Tags", ())}


def group_of(row: Body, extras: Extras) -> Group:
    """The group's own fields."""
    tags = tags_of(row)
    return Group(
        name=row["AutoScalingGroupName"],
        arn=row["AutoScalingGroupARN"],
        minimum=row["MinSize"],
        desired=row["DesiredCapacity"],
        maximum=row["MaxSize"],
        template=template_of(row, extras.templates),
        spelled=spelled(row),
        policy=policy_of(row),
        own_templates=own_templates(row),
        zones=tuple(row.get("AvailabilityZones", ())),
        suspended=frozenset(process["ProcessName"] for process in row.get("SuspendedProcesses", ())),
        status=row.get("Status"),
        health_check_type=row.get("HealthCheckType", "EC2"),
        warmup=max(0.0, float(row.get("DefaultInstanceWarmup") or 0)),
        grace=float(row.get("HealthCheckGracePeriod") or 0),
        tag_count=sum(not key.startswith(("aws:", PREFIX)) for key in tags),
        weighted=_weighted(row),
        mixed_purchase=mixed_purchase(row),
        warm_pool=bool(row.get("WarmPoolConfiguration")),
        ecs_managed="AmazonECSManaged" in tags,
        unknown_sources=tuple(source.id for source in named(row) if source.kind is None),
        claims=claims_of(tags, (row.get("Operator") or {}).get("Principal") or ""),
        traits=traits_of(tags) | frozenset(_traits(row)) | extras.traits,
    )


def _traits(row: Body) -> Iterator[Trait]:
    if row.get("CapacityRebalance"):
        yield Trait.REBALANCES
    if row.get("MaxInstanceLifetime"):
        yield Trait.LIFETIME
    reserved = (row.get("CapacityReservationSpecification") or {}).get("CapacityReservationPreference")
    if reserved == "capacity-reservations-only":
        yield Trait.RESERVED


def _weighted(row: Body) -> bool:
    """Whether its sizes count something else than instances. A weight of 1 each is one instance each."""
    policy = (row.get("MixedInstancesPolicy") or {}).get("LaunchTemplate", {})
    rows = (*policy.get("Overrides", ()), *row.get("Instances", ()))
    return row.get("DesiredCapacityType") not in (None, "units") or any(
        (part.get("WeightedCapacity") or "1").strip() != "1" for part in rows
    )


def instances_of(row: Body, extras: Extras) -> tuple[Instance, ...]:
    """The group's members, each with its registrations everywhere."""
    targets: dict[str, list[Target]] = {}
    for source in extras.sources:
        seen = extras.health.get(source.id)
        for id, target in seen.targets if seen else ():
            targets.setdefault(id, []).append(target)
    return tuple(
        _instance(member, row, extras, targets.get(member["InstanceId"], ())) for member in row.get("Instances", ())
    )


def is_marked(member: Body) -> bool:
    """Whether its row says that it is not healthy."""
    return str(member.get("HealthStatus", "")).casefold() == "unhealthy"


def _instance(member: Body, row: Body, extras: Extras, targets: Sequence[Target]) -> Instance:
    launch = extras.launches.get(member["InstanceId"], UNSEEN)
    down = extras.down.get(member["InstanceId"], Down())
    return Instance(
        id=member["InstanceId"],
        lifecycle=member.get("LifecycleState", "Unknown"),
        health=member.get("HealthStatus", "Unknown"),
        zone=member.get("AvailabilityZone", ""),
        launched_at=launch.launched_at,
        launched_from=launched_from(member),
        outdated=outdated(member, row, extras.templates),
        private_ip=launch.private_ip,
        public_ip=launch.public_ip,
        protected=bool(member.get("ProtectedFromScaleIn")),
        targets=tuple(targets),
        down=down.state,
        reason=down.reason,
    )


def _seen(source: Source, health: Mapping[str, Health | None], at: float) -> Source:
    """As it is in this look: one that AWS did not find in either question is gone."""
    told = health.get(source.id)
    if source.gone or (source.id in health and told is None):
        return replace(unfound(source), seen_at=at)
    return replace(source, seen_at=told.at, unsettled=tuple(told.unsettled.items())) if told else source
