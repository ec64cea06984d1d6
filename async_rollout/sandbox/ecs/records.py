"""What ECS keeps: clusters, hosts, task definitions, services, tasks. All frozen, words and times as AWS's.

Times are epoch seconds, durations seconds. A host is what AWS calls a container instance.
"""

from __future__ import annotations

from dataclasses import dataclass

BEFORE_RUNNING = ("PROVISIONING", "PENDING", "ACTIVATING")
"""What a task has before it runs (lastStatus)."""

Pairs = tuple[tuple[str, str], ...]
"""(name, value) of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A capacity provider of one Auto Scaling group.

    scaling, protection, draining: managed scaling, termination protection and draining are enabled. target: percent
    of the instances that shall be in use. update: AWS's updateStatus, empty: none.
    """

    name: str
    arn: str
    group: str
    status: str = "ACTIVE"
    update: str = ""
    scaling: bool = True
    protection: bool = False
    draining: bool = True
    target: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster; the instances of `groups` are told to join it. providers: names of capacity providers."""

    name: str
    arn: str
    groups: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One row of a container instance; an instance may have had others. It outlives its instance.

    cpu (units of 1,024 a processor), memory (MiB), ports: what it has; ports are those that are taken anyway.
    ended_at: when its instance ended, None: it has not. reason: AWS's statusReason.
    """

    arn: str
    cluster: str
    instance: str
    group: str
    zone: str
    status: str = "ACTIVE"
    connected: bool = True
    registered_at: float = 0.0
    cpu: int = 4096
    memory: int = 15_731
    ports: tuple[int, ...] = (22, 2375, 2376, 51678, 51679)
    attributes: Pairs = ()
    provider: str = ""
    reason: str = ""
    version: int = 1
    ended_at: float | None = None

    @property
    def takes(self) -> bool:
        """It may be given tasks."""
        return self.status == "ACTIVE" and self.connected


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One revision of a task definition, of one container.

    network: "bridge", "host" or "awsvpc". port: of the container, None: it serves none; host_port: a fixed one, None:
    a dynamic one. starts: from its place to RUNNING; quits: it goes so long after SIGTERM, but not longer than
    stop_timeout. lasts: it exits by itself so long after it began to run, None: never. fails: AWS's words for why no
    task of it starts, empty: they start.
    """

    arn: str
    family: str
    revision: int
    network: str = "bridge"
    cpu: int = 256
    memory: int = 512
    port: int | None = None
    host_port: int | None = None
    stop_timeout: float = 30.0
    starts: float = 8.0
    quits: float = 5.0
    lasts: float | None = None
    fails: str = ""

    @property
    def fixed_port(self) -> int | None:
        """On the host; in the network mode "host" it is the container's own."""
        return self.port if self.network == "host" else self.host_port


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One rollout of a service's task definition; the first of a service is its PRIMARY one."""

    id: str
    definition: str
    created_at: float
    updated_at: float
    rollout: str = "COMPLETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEvent:
    """A line of a service's events."""

    id: str
    at: float
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service. minimum, maximum: minimumHealthyPercent and maximumPercent. daemon: of the strategy DAEMON.

    needs: attributes that a host must have (memberOf); distinct: at most one task a host. target_group: ECS registers
    its tasks there. grace: healthCheckGracePeriodSeconds. provider: tasks wait for its capacity. deployments: newest
    first; events: newest first, 100 at the most. steady: it was when the scheduler last looked.
    """

    name: str
    arn: str
    cluster: str
    desired: int
    minimum: int = 100
    maximum: int = 200
    daemon: bool = False
    target_group: str | None = None
    needs: Pairs = ()
    distinct: bool = False
    grace: float = 0.0
    provider: str = ""
    created_at: float = 0.0
    deployments: tuple[Deployment, ...] = ()
    events: tuple[ServiceEvent, ...] = ()
    steady: bool = True

    @property
    def least(self) -> int:
        """So many stay healthy: 3 at 50 % are 2."""
        return -(-self.desired * self.minimum // 100)

    @property
    def most(self) -> int:
        """So many may be RUNNING or on their way there: 3 at 150 % are 4."""
        return self.desired * self.maximum // 100

    @property
    def definition(self) -> str:
        return self.deployments[0].definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task. desired, last: AWS's desiredStatus and lastStatus. group: "service:NAME" or "family:NAME".

    service: its ARN, None: a task that somebody ran by itself. host: a container instance's ARN, None: no place yet.
    port: on the host; ip: of its own network interface. reason, code: stoppedReason and stopCode. protected_until:
    its scale-in protection expires then.
    """

    arn: str
    cluster: str
    definition: str
    group: str
    service: str | None = None
    deployment: str = ""
    host: str | None = None
    desired: str = "RUNNING"
    last: str = "PROVISIONING"
    created_at: float = 0.0
    started_at: float | None = None
    stopping_at: float | None = None
    stopped_at: float | None = None
    port: int | None = None
    ip: str | None = None
    reason: str = ""
    code: str = ""
    started_by: str = ""
    protected_until: float | None = None

    @property
    def over(self) -> bool:
        """Nothing of it runs any more."""
        return self.last == "STOPPED"

    @property
    def wanted(self) -> bool:
        return self.desired == "RUNNING"

    @property
    def coming(self) -> bool:
        return self.wanted and self.last in BEFORE_RUNNING

    @property
    def runs(self) -> bool:
        """It is RUNNING and shall go on."""
        return self.wanted and self.last == "RUNNING"

    def is_protected(self, at: float) -> bool:
        return self.protected_until is not None and self.protected_until > at


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCensus:
    """The truth of one service at one moment, in tasks; `World.ecs.history` has one for each change.

    healthy: RUNNING and healthy wherever ECS asks for health. running, pending: as AWS counts them. stopping: asked to
    stop, and not STOPPED yet. old: wanted ones of an older deployment, or on hosts that are DRAINING.
    """

    at: float
    service: str
    desired: int
    healthy: int = 0
    running: int = 0
    pending: int = 0
    stopping: int = 0
    old: int = 0
