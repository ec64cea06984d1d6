"""The world's own records: all frozen, changed only by `dataclasses.replace`.

Times are AWS's, epoch seconds; durations are seconds. Words (lifecycle states, target states, reasons) are AWS's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Physics:
    """How long things take in one group, seconds; boot and warm are drawn within ±jitter of their value.

    react: from a capacity change to the first row. boot: Pending to InService. warm: InService to an application
    that answers. terminate: EC2's own shutting down. look: from a fault to the group's health check seeing it.
    retry: from a launch that failed to the next attempt, in another zone.
    """

    react: float = 3.0
    boot: float = 40.0
    warm: float = 15.0
    terminate: float = 10.0
    look: float = 10.0
    retry: float = 60.0
    jitter: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRef:
    """A launch template as named by a group (version "$Latest", "$Default", a number, None) or an instance (number)."""

    id: str
    name: str
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A launch template. images: the image of each version, the first is version 1; deleted: versions that are gone."""

    id: str
    name: str
    images: tuple[str, ...]
    default: int = 1
    deleted: frozenset[int] = frozenset()

    @property
    def latest(self) -> int:
        return len(self.images)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One type of a mixed instances policy. weight: None is 1, not weighted. image: in the place of the template's."""

    instance_type: str
    template: TemplateRef | None = None
    weight: int | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A lifecycle hook. completes_after: somebody completes it then, None: nobody. notified: (setting, value) each."""

    name: str
    launching: bool
    heartbeat: float = 3600.0
    default_result: str = "ABANDON"
    completes_after: float | None = None
    notified: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledAction:
    """Fires at `at`, then each `every` seconds or by cron and a zone's clocks, not after `until` (epoch seconds)."""

    name: str
    at: float
    every: float | None = None
    recurrence: str | None = None
    zone: str | None = None
    until: float | None = None
    minimum: int | None = None
    maximum: int | None = None
    desired: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tag of a group."""

    key: str
    value: str
    propagate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One Auto Scaling group. Exactly one of configuration and template is given; overrides make it a mixed policy.

    classics: names; target_groups: ARNs; other_sources: (identifier, type) of kinds unknown to the tool. suspended:
    (process, reason), in order. refresh: the status of an instance refresh, None if there never was one. operator: the
    service principal that manages it. rebalances, lifetime (seconds), reserved: Capacity Rebalancing, the maximum
    instance lifetime, launches into Capacity Reservations only: shown, nothing follows from them. kept: settings that
    nothing goes by, as JSON; policies: scaling policies, as JSON. retains: its lifecycle policy keeps whoever's
    terminating hook is abandoned. spot: percentage of Spot above on_demand_base instances, of a mixed policy.
    """

    name: str
    arn: str
    minimum: int
    desired: int
    maximum: int
    zones: tuple[str, ...]
    subnets: tuple[str, ...] = ()
    template: TemplateRef | None = None
    configuration: str | None = None
    overrides: tuple[Override, ...] = ()
    classics: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    other_sources: tuple[tuple[str, str], ...] = ()
    suspended: tuple[tuple[str, str], ...] = ()
    tags: tuple[Tag, ...] = ()
    health_check_type: str = "EC2"
    grace: float = 300.0
    hooks: tuple[Hook, ...] = ()
    scheduled: tuple[ScheduledAction, ...] = ()
    termination_policies: tuple[str, ...] = ("Default",)
    new_protected: bool = False
    status: str | None = None
    refresh: str | None = None
    warm_pool: bool = False
    operator: str = ""
    rebalances: bool = False
    lifetime: int | None = None
    reserved: bool = False
    kept: tuple[tuple[str, str], ...] = ()
    policies: tuple[tuple[str, str], ...] = ()
    retains: bool = False
    spot: int = 0
    on_demand_base: int = 0
    instance_type: str = "t3.micro"
    public: bool = False
    created_at: float = 0.0
    physics: Physics = Physics()

    @property
    def suspended_names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.suspended)

    @property
    def source_ids(self) -> tuple[str, ...]:
        """Every load balancer name and target group ARN of the group."""
        return (*self.classics, *self.target_groups)

    @property
    def weighted(self) -> bool:
        return any(one.weight not in (None, 1) for one in self.overrides)

    def runs(self, process: str) -> bool:
        return process not in self.suspended_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance. lifecycle "Terminated", "Detached": no member of its group any more, EC2 still shows it.

    template holds the resolved version, as launched; both it and configuration None: attached by hand. image: where its
    override brought one; ami: of one that was attached. launched_at: EC2's LaunchTime; attached_at: of the interface.
    ec2, reason: EC2's state and code. app_up_at: when its application answers (inf: never); broken: not any more.
    """

    id: str
    group: str
    zone: str
    subnet: str = ""
    lifecycle: str = "Pending"
    health: str = "Healthy"
    template: TemplateRef | None = None
    configuration: str | None = None
    instance_type: str = "t3.micro"
    image: str | None = None
    ami: str = ""
    launched_at: float = 0.0
    attached_at: float = 0.0
    private_ip: str = ""
    public_ip: str | None = None
    ec2: str = "pending"
    in_service_at: float | None = None
    app_up_at: float = inf
    broken: bool = False
    protected: bool = False
    rebalances: bool = False
    forgotten: bool = False
    reason: str = ""

    @property
    def member(self) -> bool:
        return self.lifecycle not in ("Terminated", "Detached")

    @property
    def booting(self) -> bool:
        return self.lifecycle.startswith("Pending")

    @property
    def leaving(self) -> bool:
        return self.lifecycle.startswith("Terminat")

    @property
    def standby(self) -> bool:
        return self.lifecycle in ("Standby", "EnteringStandby")

    @property
    def retained(self) -> bool:
        """It stays, out of DesiredCapacity, until it is terminated once more."""
        return self.lifecycle.endswith(":Retained")

    @property
    def in_service(self) -> bool:
        return self.lifecycle == "InService"

    @property
    def counts(self) -> bool:
        """It holds a place in DesiredCapacity."""
        return self.booting or self.in_service

    def app_up(self, at: float) -> bool:
        """Whether its application really answers."""
        return self.ec2 == "running" and not self.broken and self.app_up_at <= at


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A target group (id: its ARN) or a Classic Load Balancer (id: its name, port None).

    delay: deregistration delay or draining timeout; drains False: a Classic one that cuts connections at once. terse: a
    Classic one whose texts come without the full stop. balancer: ARN of the load balancer whose listener uses the
    target group, None: no listener. zones: enabled there. shifted: those in zonal shift, whose targets take no traffic.
    by_address: its targets are IP addresses.
    """

    id: str
    name: str
    classic: bool
    port: int | None = None
    delay: float = 300.0
    drains: bool = True
    interval: float = 10.0
    healthy_threshold: int = 2
    unhealthy_threshold: int = 2
    terse: bool = False
    balancer: str | None = None
    zones: tuple[str, ...] = ()
    shifted: frozenset[str] = frozenset()
    by_address: bool = False
    slow_start: float = 0.0  # seconds, given back and not simulated

    @property
    def has_listener(self) -> bool:
        return self.classic or self.balancer is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One instance (and port) at one source, in the words of target groups: see words.classic_words for Classic.

    state: initial, healthy, unhealthy, unused, draining. gone_at: when a draining one leaves the listing.
    """

    source: str
    instance: str
    port: int | None
    state: str = "initial"
    reason: str = "Elb.RegistrationInProgress"
    at: float = 0.0
    streak: int = 0
    next_check: float = inf
    gone_at: float = inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One scaling activity, in AWS's words. ended_at None: in progress."""

    id: str
    group: str
    launch: bool
    description: str
    cause: str
    status: str
    started_at: float
    ended_at: float | None = None
    message: str = ""
    instance: str | None = None
    zone: str = ""
    subnet: str = ""
    progress: int = 0
