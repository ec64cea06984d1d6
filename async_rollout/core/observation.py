"""One look at AWS: the group, its instances, their health everywhere.

All of it is what AWS said, in AWS's words where they are an open list (lifecycle states, reasons); `at` is AWS's
time, epoch seconds, from the reply's Date header. A kind of traffic source maps its own states onto `TargetState`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import inf

from async_rollout.core.activity import Activity
from async_rollout.core.journal import Journal, Unreadable
from async_rollout.core.others import Claim, Trait
from async_rollout.core.policy import WORK_MOVES


class TargetState(StrEnum):
    """How one traffic source sees one instance (the words of Elastic Load Balancing v2).

    SHIFTED: its health checks are passed, but its zone is in zonal shift, so it takes no traffic.
    """

    UNUSED = "unused"
    INITIAL = "initial"
    HEALTHY = "healthy"
    SHIFTED = "shifted"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One registration of an instance. `port` None where the source has no ports (Classic)."""

    source: str
    port: int | None
    state: TargetState
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that sends traffic to the group's instances, or work: a Classic Load Balancer, a target group.

    id: its name or ARN as AWS wants it back. noun: what people call one, before its name. has_listener False: no health
    is to be waited for. drain_delay: longest deregistration delay, seconds. zones: zones enabled on its load balancer,
    None if unknown. seen_at: AWS's time of the health in this observation, None if it was not asked. ends_early: its
    draining may be over before the delay is. open_ended: it is over when the source says so and no sooner, and
    drain_delay is what the limit allows for it. gone: it is the group's and AWS does not find it. detach: what of `aws
    autoscaling` takes it off the group, empty where the group's row does not name it. turn: an instance is taken out of
    the sources of a lower turn first, and out of this one once those have let go of it. slow_start: seconds in which a
    target that got healthy is given its full share of requests. moves_work: from an instance that is taken out it moves
    work to others; unsettled: what of that has not come to rest, by name, each with why. together: the old ones of a
    batch are to be taken out of it at the same time. option: by which the owner sets its drain_delay, empty where AWS
    has it.
    """

    id: str
    kind: str
    name: str
    has_listener: bool = True
    drain_delay: float = 0.0
    default_port: int | None = None
    zones: frozenset[str] | None = None
    seen_at: float | None = None
    ends_early: bool = False
    gone: bool = False
    noun: str = "load balancer"
    detach: str = ""
    turn: int = 0
    open_ended: bool = False
    slow_start: float = 0.0
    moves_work: bool = False
    together: bool = False
    option: str = ""
    unsettled: tuple[tuple[str, str], ...] = ()

    @property
    def timed(self) -> bool:
        """Its draining takes the whole delay, to the second: until then there is nothing to be seen."""
        return not (self.ends_early or self.open_ended)

    def drained_by(self, since: float) -> float:
        """When a drain is over that began at `since`; never by itself, where only the source can tell."""
        return inf if self.open_ended else since + self.drain_delay


def unfound(source: Source) -> Source:
    """The source where AWS does not find it: nothing is registered there, and nothing waits for it."""
    return replace(
        source,
        has_listener=False,
        drain_delay=0.0,
        default_port=None,
        zones=None,
        seen_at=None,
        ends_early=False,
        open_ended=False,
        unsettled=(),
        gone=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One member of the group. launched_at: attach time of its first network interface, None until EC2 tells it.

    launched_from: the launch template version or launch configuration it came from, None if AWS does not say.
    outdated: whether that is not what the group would launch now for its type, None if unknown. down: EC2's state of
    one that is marked Unhealthy and that EC2 does not run (`stopped`, `terminated`), else empty; reason: its code.
    """

    id: str
    lifecycle: str = "InService"
    health: str = "Healthy"
    zone: str = ""
    launched_at: float | None = None
    launched_from: str | None = None
    outdated: bool = True
    private_ip: str | None = None
    public_ip: str | None = None
    protected: bool = False
    targets: tuple[Target, ...] = ()
    down: str = ""
    reason: str = ""

    @property
    def in_service(self) -> bool:
        return self.lifecycle == "InService"

    @property
    def booting(self) -> bool:
        return self.lifecycle.startswith("Pending")

    @property
    def standby(self) -> bool:
        return self.lifecycle in ("Standby", "EnteringStandby")

    @property
    def leaving(self) -> bool:
        """On its way out and out of DesiredCapacity already."""
        return self.lifecycle.startswith(("Terminat", "Detach"))

    @property
    def retained(self) -> bool:
        """Out of DesiredCapacity for good: an instance lifecycle policy keeps it until it is terminated once more."""
        return self.lifecycle.endswith(":Retained")

    @property
    def ended(self) -> bool:
        """Its row is all that is left of it."""
        return self.down == "terminated"

    @property
    def takes_part(self) -> bool:
        """It holds a place in DesiredCapacity. Who leaves or stands by is neither waited for nor counted."""
        return not self.leaving and not self.standby

    @property
    def marked_unhealthy(self) -> bool:
        return self.health.casefold() != "healthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The group's own fields. template: what it launches now, resolved to a number or name; zones: where it may.

    spelled: the same as AWS spells it, `lt-0abc:$Latest` or `lt-0abc:` without a version. policy: a digest of all else
    that a mixed instances policy says, empty without one; own_templates: overrides in it have templates of their own.
    warmup, grace: its default instance warmup, and how long it lets new ones be unhealthy; seconds, 0 if not set.
    mixed_purchase: it launches On-Demand and Spot at once. claims: who else manages it; traits: what else is at work.
    """

    name: str
    arn: str
    minimum: int
    desired: int
    maximum: int
    template: str
    spelled: str = ""
    policy: str = ""
    own_templates: bool = False
    suspended: frozenset[str] = frozenset()
    status: str | None = None
    health_check_type: str = "EC2"
    warmup: float = 0.0
    grace: float = 0.0
    tag_count: int = 0
    zones: tuple[str, ...] = ()
    weighted: bool = False
    mixed_purchase: bool = False
    warm_pool: bool = False
    ecs_managed: bool = False
    unknown_sources: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    traits: frozenset[Trait] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A scheduled action. at: when it fires next, epoch seconds (None if AWS does not say)."""

    name: str
    at: float | None
    minimum: int | None = None
    maximum: int | None = None
    desired: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Facts asked rarely. Heartbeats: the longest lifecycle hook of each kind, seconds; traits: what the hooks tell.

    refresh: the status of an active one, else None. objections, told: what the traffic sources say.
    """

    at: float
    launch_heartbeat: float = 0.0
    terminate_heartbeat: float = 0.0
    scheduled: tuple[Scheduled, ...] = ()
    refresh: str | None = None
    traits: frozenset[Trait] = frozenset()
    objections: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One look. survey and activities are None where the needs did not name them; order is the stop order's text.

    versions: of each `VersionOf` that was asked, what it comes to, `lt-0abc:41`; empty where there is none such.
    ends: of those of whom that was asked, EC2's code of how they have ended, empty where it has none to tell.
    refresh: statuses of active instance refreshes, None where that alone was not asked. probes: the runs whose probe
    shows, each with when it was put up, 0 where it does not say.
    """

    at: float
    group: Group
    instances: tuple[Instance, ...] = ()
    sources: tuple[Source, ...] = ()
    journal: Journal | Unreadable | None = None
    order: str | None = None
    probes: Mapping[str, int] = field(default_factory=dict)
    survey: Survey | None = None
    activities: tuple[Activity, ...] | None = None
    refresh: tuple[str, ...] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    ends: Mapping[str, str] = field(default_factory=dict)

    @property
    def health_seen(self) -> bool:
        """Every source was asked in this very look."""
        return all(source.seen_at is not None for source in self.sources)

    @property
    def rows(self) -> int:
        """Members that hold a place in DesiredCapacity: everything but what leaves or stands by."""
        return sum(one.takes_part for one in self.instances)

    @property
    def settled(self) -> bool:
        """As many InService as desired, and nothing else under way."""
        moving = any(not one.in_service and one.takes_part for one in self.instances)
        return not moving and self.rows == self.group.desired

    @property
    def longest_drain(self) -> float:
        """Seconds that a way out of all sources takes: the longest delay of each turn, one turn after the other."""
        return self._drain(lambda source: source.drain_delay)

    @property
    def expected_drain(self) -> float:
        """The same as a plan expects it: of a drain without a known end the limit says nothing."""
        return self._drain(
            lambda source: min(WORK_MOVES, source.drain_delay) if source.open_ended else source.drain_delay
        )

    def _drain(self, seconds: Callable[[Source], float]) -> float:
        turns = {source.turn for source in self.sources}
        return sum((max(seconds(one) for one in self.sources if one.turn == turn) for turn in turns), 0.0)

    def first_out(self, targets: Iterable[Target]) -> tuple[Target, ...]:
        """Those of the targets whose sources an instance is taken out of first, all others only after them."""
        turns = {source.id: source.turn for source in self.sources}
        several = tuple(targets)
        first = min((turns.get(target.source, 0) for target in several), default=0)
        return tuple(target for target in several if turns.get(target.source, 0) == first)

    def instance(self, id: str) -> Instance | None:
        return next((one for one in self.instances if one.id == id), None)

    def source(self, id: str) -> Source | None:
        return next((one for one in self.sources if one.id == id), None)
