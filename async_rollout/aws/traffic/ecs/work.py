"""What runs in a cluster: tasks and services, as small records, with ECS's own arithmetic of how many may move."""

from __future__ import annotations

from dataclasses import dataclass

OVER = ("STOPPED", "DELETED")
"""Last statuses of a task of which nothing runs any more."""
REPLICA, DAEMON = "REPLICA", "DAEMON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task. host: ARN of its container instance, empty where it has none. service: empty for a standalone one.

    family: of its task definition. status: its last status. ports: of the host, TCP and UDP alike, that lead to it.
    protected_until: epoch seconds to which it is protected from scale-in, infinity where no end is told, None where it
    is not protected or was not asked.
    """

    arn: str
    host: str = ""
    service: str = ""
    family: str = ""
    status: str = "RUNNING"
    ports: frozenset[int] = frozenset()
    protected_until: float | None = None

    @property
    def over(self) -> bool:
        """Nothing of it runs any more. One that has been told to stop may still answer requests."""
        return self.status in OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One deployment of a service, or task set of one that something else deploys.

    rollout: COMPLETED, IN_PROGRESS or FAILED, empty where ECS does not say. reason: ECS's words for it.
    """

    rollout: str = "COMPLETED"
    reason: str = ""


STEADY = (Deployment(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service. status: ACTIVE, or DRAINING while it is being deleted. scheduling: REPLICA or DAEMON.

    desired, running, pending: tasks. minimum_percent, maximum_percent: of the desired ones, what it may fall or rise to
    while tasks move. unplaced: the text of its newest event that says that a task finds no host, empty where it has
    been steady since. target_groups: ARNs, each with the container's port. distinct: whether each of its tasks needs a
    host of its own. fixed_ports: of the host, that each of its tasks takes.
    """

    name: str
    status: str = "ACTIVE"
    scheduling: str = REPLICA
    desired: int = 1
    running: int = 1
    pending: int = 0
    minimum_percent: int = 100
    maximum_percent: int = 200
    deployments: tuple[Deployment, ...] = STEADY
    unplaced: str = ""
    target_groups: tuple[tuple[str, int | None], ...] = ()
    distinct: bool = False
    fixed_ports: frozenset[int] = frozenset()

    @property
    def daemon(self) -> bool:
        """One task on each host."""
        return self.scheduling == DAEMON

    @property
    def least(self) -> int:
        """Tasks that ECS keeps running while others move: rounded up, so 50 % of 3 are 2."""
        return -(-self.desired * self.minimum_percent // 100)

    @property
    def most(self) -> int:
        """Tasks that ECS lets run or start at a time: rounded down, so 150 % of 3 are 4."""
        return self.desired * self.maximum_percent // 100

    @property
    def stuck(self) -> bool:
        """None of its tasks can ever leave a draining host: none may stop before another runs, and none may start."""
        return self.desired > 0 and self.least >= self.desired >= self.most

    @property
    def moving_percents(self) -> tuple[int, int]:
        """The highest minimum and the lowest maximum by either of which a task can move; of a service that has some."""
        return (self.desired - 1) * 100 // self.desired, -(-(self.desired + 1) * 100 // self.desired)
