"""What happened in a world and whose doing it was, and the ground truth in numbers after each change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class What(StrEnum):
    """What can happen; the first word of a Happening."""

    SET_DESIRED = "set desired"
    SET_SIZES = "set sizes"
    SUSPEND = "suspend"
    RESUME = "resume"
    TAG = "tag"
    UNTAG = "untag"
    REGISTER = "register"
    DEREGISTER = "deregister"
    DRAINED = "drained"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    MARK = "mark"
    TERMINATE = "terminate"
    LAUNCH = "launch"
    LAUNCH_INSTANCES = "launch instances"
    LAUNCH_FAILED = "launch failed"
    IN_SERVICE = "in service"
    GONE = "gone"
    DIED = "died"
    SCHEDULED = "scheduled action"
    SCHEDULED_LOST = "scheduled action lost"
    ALARM = "alarm"
    ALARM_IGNORED = "alarm ignored"
    PROTECT = "protect"
    STANDBY = "standby"
    ATTACH = "attach"
    DETACH = "detach"
    TEMPLATE = "template"
    EDIT = "edit"
    REFRESH = "refresh"
    DELETE = "delete"
    SHIFT = "zonal shift"
    HOOK = "lifecycle hook"
    HOST = "host"
    AGENT = "agent"
    TASK = "task"
    TASK_LOST = "task lost"
    UNPLACED = "task unplaced"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened. who: "owner" (through a door), "aws", "human" or another outsider's name.

    detail of LAUNCH_INSTANCES: "TOKEN ZONE COUNT: IDS" of what came, or "TOKEN again" where it was told once more.
    Of ECS, with the host's group and instance where there is one. HOST: "CLUSTER STATUS"; AGENT: "connected" or "gone";
    TASK: "TASK'S GROUP LASTSTATUS ARN" and why it stops; TASK_LOST: its host ended while it had that lastStatus, in
    the same words; UNPLACED, SERVICE: "SERVICE'S NAME: WORDS".
    """

    at: float
    what: What
    who: str
    group: str = ""
    instance: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """The ground truth of one group at one moment; `World.history` has one for each change.

    serving: InService, not on its way out, healthy wherever there is a listener (nowhere: its application answers).
    pending: rows Pending*; coming: in DesiredCapacity and not yet a row; warming: InService, never served yet;
    ailing: InService, served once, not on its way out, does not serve now; draining: InService, deregistered from a
    source where it was; leaving: Terminating*; standby, or retained; exist: all rows but retained ones. healthy: per
    source, InService and healthy.
    """

    at: float
    group: str
    minimum: int
    desired: int
    maximum: int
    serving: int = 0
    pending: int = 0
    coming: int = 0
    warming: int = 0
    ailing: int = 0
    draining: int = 0
    leaving: int = 0
    standby: int = 0
    exist: int = 0
    healthy: tuple[tuple[str, int], ...] = ()

    @property
    def booting(self) -> int:
        """Asked for, and not serving for the first time yet."""
        return self.pending + self.coming + self.warming

    @property
    def out(self) -> int:
        """On its way out, gone not yet."""
        return self.draining + self.leaving
