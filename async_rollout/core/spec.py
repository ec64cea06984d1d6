"""What the owner wants: one rollout's order, checked once, never changed afterwards.

Sits at the bottom of the core; everything else reads it. Durations are seconds as float.
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from async_rollout.core.others import ALLOWANCES
from async_rollout.errors import UsageError

USUAL = 5.0
"""Seconds between two looks: the original's."""
LONGEST = 30 * 86_400.0
"""No duration above 30 days: a typo in a unit must not become a wait without end."""


class Scope(StrEnum):
    """Which instances are old."""

    ALL = "all"
    OUTDATED = "outdated"


class OnFailure(StrEnum):
    """What follows a failure: put everything back, or leave the record and stop."""

    RESTORE = "restore"
    PAUSE = "pause"


class Protected(StrEnum):
    """What becomes of old instances protected from scale-in: waited for, left as they are, or replaced all the same."""

    WAIT = "wait"
    SKIP = "skip"
    REPLACE = "replace"


class Standby(StrEnum):
    """What becomes of old instances in Standby: left as they are, or terminated last."""

    SKIP = "skip"
    TERMINATE = "terminate"


class HookPoint(StrEnum):
    """The three places where the operator's own code runs."""

    UP_CHECK = "up-check"
    BEFORE_TERMINATE = "before-terminate"
    AFTER_TERMINATE = "after-terminate"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """What a hook is told. Addresses are None where the instance has none."""

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
    """The operator's own steps; each may be absent. Raises UsageError for what is neither a command nor a callable."""

    up_check: Hook | None = None
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
        """The hook of one point, or None."""
        return {
            HookPoint.UP_CHECK: self.up_check,
            HookPoint.BEFORE_TERMINATE: self.before_terminate,
            HookPoint.AFTER_TERMINATE: self.after_terminate,
        }[point]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number of instances or a share of the group: `3` or `25%`."""

    value: int
    percent: bool = False

    def up(self, base: int) -> int:
        """Rounded up, as a surge is: 25 % of 3 is 1."""
        return -(-base * self.value // 100) if self.percent else self.value

    def down(self, base: int) -> int:
        """Rounded down, as an allowed gap is: 25 % of 3 is 0."""
        return base * self.value // 100 if self.percent else self.value

    def __str__(self) -> str:
        return f"{self.value}%" if self.percent else str(self.value)


AmountLike = Amount | int | str


def amount(text: AmountLike) -> Amount:
    """Read `3`, `"3"` or `"25%"`. Raises UsageError on anything else, negatives and shares above 100 %."""
    if isinstance(text, Amount):
        return text
    found = re.fullmatch(r"(\d{1,6})(%?)", str(text).strip()) if not isinstance(text, bool) else None
    if not found or (found[2] and int(found[1]) > 100):
        raise UsageError(f"{text!r} is not a number of instances: write 3 or 25%")
    return Amount(value=int(found[1]), percent=bool(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each wait may last, in seconds (ROLLOUT: limits). What AWS itself adds is added to these."""

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
    "standby": Standby,
}  # fmt: skip
"""Fields of a RolloutSpec that are of one class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSpec:
    """One order: what to replace, how many at a time, which hooks, how long to wait.

    `max_draining` None means the larger of surge and unavailable. `check_interval`: seconds between looks; None: they
    are timed by what the run learns. `require_healthy_group` False is `--force`: skip the health pre-checks and reset
    the processes found suspended. `allow`: names of `ALLOWANCES`, what would else be refused. `without_commands`: go
    on from a run that was given hooks, without them. `stop_grace`: seconds that a stop at once may take. Raises
    UsageError when it makes no sense.
    """

    scope: Scope = Scope.ALL
    max_surge: AmountLike = 1
    max_unavailable: AmountLike = 0
    max_draining: AmountLike | None = None
    hooks: Hooks = field(default_factory=Hooks)
    wait_before_terminate: float = 0.0
    require_healthy_group: bool = True
    require_healthy_targets: bool = True
    check_interval: float | None = None
    healthy_threshold: int = 2
    limits: Limits = field(default_factory=Limits)
    on_failure: OnFailure = OnFailure.RESTORE
    allow: frozenset[str] = frozenset()
    protected: Protected = Protected.WAIT
    standby: Standby = Standby.SKIP
    without_commands: bool = False
    stop_grace: float = 5.0

    def __post_init__(self) -> None:
        for name, kind in KINDS.items():
            if not isinstance(given := getattr(self, name), kind):
                raise UsageError(f"{name} is of the class {kind.__name__}, not {given!r}")
        if not amount(self.max_surge).value and not amount(self.max_unavailable).value:
            raise UsageError("max surge and max unavailable are both 0: then nothing can ever be replaced")
        if self.max_draining is not None:
            amount(self.max_draining)
        if self.healthy_threshold < 1:
            raise UsageError("the healthy threshold is a number of looks, at least 1")
        if strange := sorted({*self.allow} - {*ALLOWANCES}):
            raise UsageError(f"allow: {', '.join(map(repr, strange))} cannot be allowed, only {', '.join(ALLOWANCES)}")
        _sensible("check interval", self.interval, 0.1)
        _sensible("wait before terminate", self.wait_before_terminate, 0.0)
        _sensible("stop grace", self.stop_grace, 1.0)
        for name in ("launch", "healthy", "drain", "hook", "terminate", "check_attempt", "credentials", "total"):
            if (limit := getattr(self.limits, name)) is not None:
                _sensible(f"{name} limit", limit, 1.0)

    @property
    def interval(self) -> float:
        """Seconds between two looks, or two attempts of the up-check, where nothing better is known."""
        return USUAL if self.check_interval is None else self.check_interval

    def paced(self, seconds: float) -> float:
        """So many seconds, unless the owner has said how often to look."""
        return seconds if self.check_interval is None else self.check_interval

    @property
    def one_by_one(self) -> bool:
        """With a step after the drain, the next old one waits until this one is through with it."""
        return bool(self.hooks.before_terminate or self.hooks.after_terminate or self.wait_before_terminate)


def _sensible(name: str, seconds: float, least: float) -> None:
    if not math.isfinite(seconds) or not least <= seconds <= LONGEST:
        raise UsageError(f"{name}: {seconds} s is not between {least:g} s and 30 days")
