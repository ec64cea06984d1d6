"""What the owner wants: one rollout's order, checked once, never changed afterwards.

Sits at the bottom of the core; everything else reads it. Durations are seconds as float.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from async_rollout.core.amounts import AmountLike, amount
from async_rollout.core.choices import MissedSchedules, Scaling, Standby
from async_rollout.core.durations import sensible
from async_rollout.core.others import ALLOWANCES
from async_rollout.core.policy import USUAL_INTERVAL
from async_rollout.errors import UsageError


class Scope(StrEnum):
    """Which instances are old. ALL: every one that is there at the beginning, and whatever is outdated.

    OUTDATED: only those whose launch template version or launch configuration is not what the group launches now.
    """

    ALL = "all"
    OUTDATED = "outdated"


class OnFailure(StrEnum):
    """What follows a failure. RESTORE: everything is put back.

    PAUSE: the run stops and leaves all as it is, recorded; alarms and scheduled actions run again, and the group
    launches from what it did before. ROLLBACK: all is put back, then what is new is replaced by what was there before.
    """

    RESTORE = "restore"
    PAUSE = "pause"
    ROLLBACK = "rollback"


class Protected(StrEnum):
    """What becomes of old instances that are protected from scale-in. SKIP: left. REPLACE: replaced all the same.

    WAIT: waited for up to an hour each, then left, and the exit code is 1.
    """

    WAIT = "wait"
    SKIP = "skip"
    REPLACE = "replace"


class LaunchCall(StrEnum):
    """By which call new instances are asked for. AUTO: as ANSWERED where that may be, else as DESIRED.

    ANSWERED: LaunchInstances, which names the zone and answers with ids or the reason why not.
    DESIRED: SetDesiredCapacity.
    """

    AUTO = "auto"
    ANSWERED = "answered"
    DESIRED = "desired"


class HookPoint(StrEnum):
    """The four places where the operator's own code runs.

    UP_CHECK: a new instance is healthy, and asked until it is up. BEFORE_DRAINING: an old one is the next to go, and
    serves still. BEFORE_TERMINATE: it is drained. AFTER_TERMINATE: it is gone.
    """

    UP_CHECK = "up-check"
    BEFORE_DRAINING = "before-draining"
    BEFORE_TERMINATE = "before-terminate"
    AFTER_TERMINATE = "after-terminate"

    @property
    def noun(self) -> str:
        """What people call its command."""
        return {
            "up-check": "up-check", "before-draining": "before-draining command",
            "before-terminate": "before-command", "after-terminate": "after-command",
        }[self]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """What a hook is told: of one instance, at one point.

    point: where in the rollout.
    group, instance: the Auto Scaling group's name, the instance's id.
    private_ip, public_ip: its addresses, None where it has none.
    attempt: which call for this instance and point it is in this process, from 1.
    resumed: a run that was killed had begun it already, and may have been through with it.
    """

    point: HookPoint
    group: str
    instance: str
    private_ip: str | None = None
    public_ip: str | None = None
    attempt: int = 1
    resumed: bool = False


AsyncHook = Callable[[HookCall], Awaitable[object]]
"""An async callable as hook: it succeeds unless it raises or returns False or a non-zero int."""
PlainHook = Callable[[HookCall], object]
"""A plain function as hook, run in a thread: it succeeds as an async one does. Nothing can end it at its limit."""
Hook = str | AsyncHook | PlainHook
"""A shell command (`sh -c`), an async callable or a plain function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """The operator's own steps: each a command, an async callable or a function given a `HookCall`; None: nothing.

    up_check: asked of each new instance that is healthy, once a check interval, until it succeeds.
    before_draining: run for an old instance that is the next to go, before it is deregistered anywhere; after a failure
        it serves on, and the rollout ends with code 6; an extra instance of ours goes all the same.
    before_terminate: run for an old instance when it is drained; a failure ends the rollout with code 6.
    after_terminate: run when it is gone; a failure ends the rollout with code 6.

    Raises UsageError for what is neither a command nor a callable.
    """

    up_check: Hook | None = None
    before_draining: Hook | None = None
    before_terminate: Hook | None = None
    after_terminate: Hook | None = None

    def __post_init__(self) -> None:
        for point in HookPoint:
            hook = self.at(point)
            if not (hook is None or isinstance(hook, str) or callable(hook)):
                raise UsageError(f"the {point.value} hook is a command, an async callable or a function, not {hook!r}")

    @property
    def points(self) -> tuple[HookPoint, ...]:
        """The points that have one."""
        return tuple(point for point in HookPoint if self.at(point) is not None)

    def at(self, point: HookPoint) -> Hook | None:
        """The hook of one point, or None: the field is named as the point is."""
        found: Hook | None = getattr(self, point.value.replace("-", "_"))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each wait may last, in seconds, 1 s to 30 days; what AWS itself adds is added (`core/RULES.md` §6).

    launch: from asked for to InService; 600.
    healthy: from InService to proven, the up-check included; 900.
    drain: draining, beside the longest deregistration delay; 300.
    hook: each hook of an old instance; 3600.
    terminate: from the terminate call to gone; 900.
    check_attempt: one attempt of the up-check; 60.
    credentials: how long expired credentials, or an AWS that does not answer, are waited for; 1800.
    total: the whole rollout of one group, which then removes no more and ends with code 7; None: no limit.

    The `RolloutSpec` that they are given to raises UsageError for what is out of range.
    """

    launch: float = 600.0
    healthy: float = 900.0
    drain: float = 300.0
    hook: float = 3600.0
    terminate: float = 900.0
    check_attempt: float = 60.0
    credentials: float = 1800.0
    total: float | None = None


KINDS = {
    "scope": Scope, "hooks": Hooks, "limits": Limits, "on_failure": OnFailure, "protected": Protected,
    "standby": Standby, "launch": LaunchCall, "missed_schedules": MissedSchedules,
    "scaling": Scaling,
}  # fmt: skip
"""Fields of a RolloutSpec that are of one class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSpec:
    """One order: what to replace, how many at a time, which hooks, how long to wait.

    scope: which instances are old; all of them.
    max_surge: new ones above the group's size, a number or a share (rounded up); 1.
    max_unavailable: serving ones that may be missing below it, a number or a share (rounded down); 0. Not both are 0.
    max_draining: old ones draining or terminating beside the surge; None: the larger of the two; 0: one after the
        other.
    max_failures: with so many new ones that left before they served, or got ill after they were proven, all is put
        back; a number or a share of the size as found (rounded up), at least 1; None: a tenth, at least 2.
    hooks: the operator's own steps; none.
    wait_before_terminate: seconds between drained, the hook before included, and terminate; 0.
    require_healthy_group: refuse a group that is not healthy, or whose processes are suspended; True. False, as
        `--force`: skip the health pre-checks and resume the processes that a rollout needs.
    require_healthy_targets: new ones have to be healthy in every load balancer and target group; True.
    check_interval: seconds between two looks, at least 0.1; None: they are timed by what the run learns.
    healthy_threshold: so many good looks in a row prove an instance, at least 1; 2.
    min_ready: seconds that a new one has to be ready before it makes room for an old one to go; None: the longest of
        the group's warmup, its target groups' slow start and, where nothing tells its health, its grace period.
    canary_wait: seconds that the first new one has to be ready before more of them come, one at a time till then; 120.
    limits: how long each wait may last.
    on_failure: what follows a failure; everything is put back.
    allow: what would else be refused, by names of `ALLOWANCES` (zonal-shift, eks, beanstalk, operator, batch,
        undrained); nothing.
    protected: what becomes of old ones that are protected from scale-in; they are waited for.
    standby: what becomes of old ones in Standby; they are left.
    launch: by which call new ones are asked for; LaunchInstances where that may be (AUTO).
    launch_template_version: what the group is to launch from, a number, $Latest or $Default of its launch template: the
        run sets it, and replaces what is not on it; None: as it is.
    launch_configuration: the same of a group with a launch configuration, by its name; None: as it is.
    pin: set a number in the place of $Latest or $Default, too; False.
    rollback_version: what to roll back to, a number of the group's launch template; None: what was found.
    scaling: what the group's scaling policies and scheduled actions do meanwhile; they are suspended.
    missed_schedules: what becomes of scheduled actions that fall due meanwhile; they are made up for at the end.
    without_commands: go on from a run that was given hooks, without them; False.
    stop_grace: seconds that a stop at once may take, at least 1; 5.

    Raises UsageError when it makes no sense.
    """

    scope: Scope = Scope.ALL
    max_surge: AmountLike = 1
    max_unavailable: AmountLike = 0
    max_draining: AmountLike | None = None
    max_failures: AmountLike | None = None
    hooks: Hooks = field(default_factory=Hooks)
    wait_before_terminate: float = 0.0
    require_healthy_group: bool = True
    require_healthy_targets: bool = True
    check_interval: float | None = None
    healthy_threshold: int = 2
    min_ready: float | None = None
    canary_wait: float = 120.0
    limits: Limits = field(default_factory=Limits)
    on_failure: OnFailure = OnFailure.RESTORE
    allow: frozenset[str] = frozenset()
    protected: Protected = Protected.WAIT
    standby: Standby = Standby.SKIP
    launch: LaunchCall = LaunchCall.AUTO
    launch_template_version: str | None = None
    launch_configuration: str | None = None
    pin: bool = False
    rollback_version: str | None = None
    scaling: Scaling = Scaling.HOLD
    missed_schedules: MissedSchedules = MissedSchedules.APPLY
    without_commands: bool = False
    stop_grace: float = 5.0

    def __post_init__(self) -> None:
        for name, kind in KINDS.items():
            if not isinstance(given := getattr(self, name), kind):
                raise UsageError(f"{name} is of the class {kind.__name__}, not {given!r}")
        if not amount(self.max_surge).value and not amount(self.max_unavailable).value:
            raise UsageError("max surge and max unavailable are both 0: then nothing can ever be replaced")
        amount(self.max_draining or 0)
        if self.max_failures is not None and not amount(self.max_failures).value:
            raise UsageError("max failures is at least 1: with so many all is put back")
        if self.launch_template_version is not None and self.launch_configuration is not None:
            raise UsageError("a group launches from a launch template or from a launch configuration, not from both")
        if not re.fullmatch(r"[1-9][0-9]{0,18}|\$Latest|\$Default", str(self.launch_template_version or "1")):
            raise UsageError(f"{self.launch_template_version!r} is no version: a number, $Latest or $Default")
        if not re.fullmatch(r"[1-9][0-9]{0,18}", str(self.rollback_version or "1")):
            raise UsageError(f"{self.rollback_version!r} is no version to roll back to: a number")
        if self.launch_configuration is not None and not self.launch_configuration.strip():
            raise UsageError("a launch configuration has a name")
        if self.healthy_threshold < 1:
            raise UsageError("the healthy threshold is a number of looks, at least 1")
        if strange := sorted({*self.allow} - {*ALLOWANCES}):
            raise UsageError(f"allow: {', '.join(map(repr, strange))} cannot be allowed, only {', '.join(ALLOWANCES)}")
        sensible("check interval", self.interval, 0.1)
        sensible("wait before terminate", self.wait_before_terminate, 0.0)
        sensible("canary wait", self.canary_wait, 0.0)
        sensible("min ready", self.min_ready or 0.0, 0.0)
        sensible("stop grace", self.stop_grace, 1.0)
        for name in ("launch", "healthy", "drain", "hook", "terminate", "check_attempt", "credentials", "total"):
            if (limit := getattr(self.limits, name)) is not None:
                sensible(f"{name} limit", limit, 1.0)

    @property
    def sets_template(self) -> bool:
        """Whether the owner has named what the group is to launch from."""
        return self.launch_template_version is not None or self.launch_configuration is not None

    @property
    def interval(self) -> float:
        """Seconds between two looks, or two attempts of the up-check, where nothing better is known."""
        return USUAL_INTERVAL if self.check_interval is None else self.check_interval

    def paced(self, seconds: float) -> float:
        """So many seconds, unless the owner has said how often to look."""
        return seconds if self.check_interval is None else self.check_interval

    @property
    def one_by_one(self) -> bool:
        """With a step of the operator's own on its way out, the next old one waits until this one is through."""
        return bool(self.wait_before_terminate) or any(point is not HookPoint.UP_CHECK for point in self.hooks.points)
