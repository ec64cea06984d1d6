"""Everything about one storm, drawn from its seed: the world, the order, the faults, the people, the kills."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

from async_rollout.core.amounts import AmountLike
from async_rollout.core.journal import Goal
from async_rollout.core.spec import Hook, Hooks, LaunchCall, Limits, RolloutSpec
from async_rollout.sandbox.doors.containers import DRAIN_TIMEOUT
from async_rollout.sandbox.faults import Fault, FaultKind
from async_rollout.sandbox.readings import Readings
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.records import Hook as LifecycleHook
from support.storms.clusters import Hosting
from support.storms.scalers import Scalers

READS = "^(autoscaling|elb|elbv2|ec2):Describe"
SUSPENDABLE = ("AZRebalance", "AlarmNotification", "ScheduledActions")
RETRIES = 60.0
"""The aws layer repeats a call for so long; the port door's calls come or do not come."""
LOSSES = (FaultKind.THROTTLE, FaultKind.ERROR_500, FaultKind.HTML_503, FaultKind.RESET, FaultKind.LOST_ANSWER)


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What somebody else does: at so many seconds, of a kind; luck chooses among what is there then."""

    at: float
    kind: str
    luck: float


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What AWS's own side does badly: so many launches fail, come sick, die booting or die soon; drains outlast their
    delay by so many seconds. words: AWS's own for a launch that failed. dry: the first so many zones cannot launch, in
    the words of each; quota: so many more than there are may run; settling: for so long no launch comes to be.
    """

    failing: int = 0
    words: str = ""
    lingering: float = 0.0
    sick: int = 0
    dying: int = 0
    short_lived: int = 0
    dry: tuple[str, ...] = ()
    quota: int | None = None
    quota_words: str = ""
    settling: float = 0.0
    settling_words: str = ""


@dataclass(frozen=True, kw_only=True)
class Errand:
    """How commands behave: how long they take at most, how often they fail or hang, how much they say."""

    seconds: float = 1.0
    failing: float = 0.0
    hanging: float = 0.0
    lines: int = 0


@dataclass(frozen=True, kw_only=True)
class Weather:
    """One storm. calm_at: from then on no fault strikes and nobody meddles (liveness). second_at: another conductor
    begins then. kills: after so many acts each conductor but the last is killed. naps: after so many calls the
    host of a conductor sleeps for so many seconds. one_host: all run on this very computer, in namespaces of their own.
    readings, answering: of launches that are answered, see `Readings` and `Troubles`. relapse, relapse_share: of a bad
    release, as in `Troubles`, relapsing: of which versions; struck: when every application fails, and for how many
    seconds. version: what the group names, None: the default one. scalers: what moves desired by itself.
    told_after: so long the group's health check takes to find that EC2 does not run one. hosting: the cluster that the
    group's instances are hosts of, None: of none.
    """

    seed: int
    size: int
    minimum: int
    maximum: int
    zones: int
    classic: int
    target_groups: int
    delay: float
    outdated: int
    health: str
    suspended: tuple[str, ...]
    lifecycle: tuple[LifecycleHook, ...]
    spec: RolloutSpec
    goals: tuple[Goal, ...]
    kills: tuple[int, ...]
    second_at: float | None
    faults: tuple[Fault, ...]
    deeds: tuple[Deed, ...]
    trouble: Trouble
    errand: Errand
    calm_at: float | None
    wire: bool
    naps: tuple[tuple[int, float], ...] = ()
    one_host: bool = False
    readings: Readings = field(default_factory=Readings)
    answering: float = 0.0
    relapse: float | None = None
    relapse_share: float = 1.0
    struck: tuple[float, float] | None = None
    version: str | None = None
    relapsing: frozenset[str] | None = None
    scalers: Scalers | None = None
    told_after: float = 10.0
    hosting: Hosting | None = None

    @property
    def lag(self) -> float:
        """How much older than it looks an answer may be, and how long a call may take on top."""
        stale = [one.seconds for one in self.faults if one.kind is FaultKind.STALE]
        slow = [2 * one.seconds for one in self.faults if one.kind is FaultKind.DELAY]
        slow += [2 * one.silent for one in self.faults if one.silent]
        slow += [self.answering]
        return max(stale, default=0.0) + max(slow, default=0.0) + (RETRIES if self.wire else 0.0)

    @property
    def patience(self) -> float:
        """How long a conductor may take in calm: each member may have to boot, get healthy, drain and go once."""
        drain = self.spec.limits.drain + self.delay + self.trouble.lingering
        drain += 0.0 if self.hosting is None else DRAIN_TIMEOUT + self.spec.limits.drain
        asleep = sum(seconds for _, seconds in self.naps)
        each = self.spec.limits.launch + self.spec.limits.healthy + drain
        return 3600.0 + asleep + (each + self.spec.limits.hook * 2 + self.spec.limits.terminate) * (self.size + 4)

    def shaped(self, group: Group) -> Group:
        """The further edits of the group's record."""
        named = (
            group.template
            if self.version is None or group.template is None
            else replace(group.template, version=self.version)
        )
        physics = replace(group.physics, look=self.told_after)
        found = replace(group, health_check_type=self.health, grace=60.0, hooks=self.lifecycle, template=named)
        return replace(found, physics=physics)


async def placeholder(call: Any) -> int:
    """Stands for a command; the storm's own runner decides how it ends."""
    return 0


def drawn(seed: int, *, liveness: bool = False, wire: bool = False) -> Weather:
    """The storm of this seed."""
    rng = random.Random(f"storm {seed} {liveness}")
    size = rng.choice([0, 1, 1, 2, 3, 3, 3, 4, 5, 6])
    classic, target_groups = rng.choice([0, 1, 1]), rng.choice([0, 1, 2, 2])
    people = rng.random() < 0.5
    calm = rng.uniform(60.0, 900.0) if liveness else None
    kills = tuple(rng.randrange(60) for _ in range(rng.choice([0, 0, 1, 1, 2, 3])))
    return Weather(
        seed=seed,
        size=size,
        minimum=rng.choice([0, size, max(0, size - 1)]),
        maximum=size + rng.choice([0, 0, 1, 3]),
        zones=rng.choice([1, 2, 3]),
        classic=classic,
        target_groups=target_groups,
        delay=rng.choice([0.0, 30.0, 30.0, 120.0, 300.0]),
        outdated=rng.choice([0, 0, size // 2, size]),
        health=rng.choice(["EC2", "ELB"]),
        suspended=tuple(name for name in SUSPENDABLE if rng.random() < 0.15),
        lifecycle=_lifecycle(rng),
        spec=_spec(rng, blind=not classic and not target_groups),
        goals=tuple(rng.choice([Goal.REPLACE, Goal.REPLACE, Goal.RESTORE]) for _ in kills),
        kills=kills,
        second_at=rng.uniform(0.0, 400.0) if rng.random() < 0.15 and not wire else None,
        faults=_faults(rng, calm),
        deeds=_deeds(rng, calm or 1200.0) if people else (),
        trouble=_trouble(rng),
        errand=_errand(rng),
        calm_at=calm,
        wire=wire,
    )


def _lifecycle(rng: random.Random) -> tuple[LifecycleHook, ...]:
    """Somebody completes them in time; or nobody does, and they end by their heartbeat."""
    ends = rng.choice([20.0, 20.0, None])
    result = rng.choice(["CONTINUE", "ABANDON"])
    kinds = [launching for launching in (True, False) if rng.random() < 0.12]
    return tuple(
        LifecycleHook(
            name=f"hook-{launching}", launching=launching, heartbeat=120.0, default_result=result, completes_after=ends
        )
        for launching in kinds
    )


def _spec(rng: random.Random, *, blind: bool) -> RolloutSpec:
    surges: tuple[AmountLike, ...] = (0, 1, 1, 1, 2, 3, "25%", "100%")
    surge = rng.choice(surges)
    hook: Hook | None = placeholder
    hooks = Hooks(
        up_check=hook if blind or rng.random() < 0.3 else None,
        before_terminate=hook if rng.random() < 0.3 else None,
        after_terminate=hook if rng.random() < 0.3 else None,
    )
    return RolloutSpec(
        max_surge=surge,
        max_unavailable=rng.choice([0, 0, 1, 2]) if surge else rng.choice([1, 1, 2]),
        max_draining=rng.choice([None, None, 0, 1, 3]),
        hooks=hooks,
        wait_before_terminate=rng.choice([0.0, 0.0, 30.0]),
        check_interval=rng.choice([None, None, 5.0, 15.0]),
        healthy_threshold=rng.choice([1, 2, 2, 3]),
        require_healthy_group=rng.random() < 0.9,
        limits=Limits(healthy=300.0, hook=120.0),
        launch=LaunchCall.DESIRED,
        canary_wait=0.0,
    )


def _faults(rng: random.Random, calm: float | None) -> tuple[Fault, ...]:
    """Each kind of fault is there or not, at its own rate; losses in bursts and for long."""
    end = calm if calm is not None else 1e9
    rules: list[Fault] = []
    for kind in LOSSES:
        if rng.random() < 0.3:
            rules.append(Fault(kind=kind, probability=rng.choice([0.005, 0.02, 0.05]), window=(0.0, end)))
    if rng.random() < 0.2:
        begins = rng.uniform(0.0, 600.0)
        burst = (begins, min(end, begins + rng.choice([20.0, 120.0, 600.0])))
        rules.append(Fault(kind=rng.choice(LOSSES), probability=0.7, window=burst))
    for action in ("^autoscaling:Describe", "^(elb|elbv2):Describe"):
        if rng.random() < 0.3:
            seconds, often = rng.choice([2.0, 10.0, 30.0, 60.0, 120.0]), rng.choice([0.05, 0.3, 0.6])
            old = Fault(kind=FaultKind.STALE, action=action, probability=often, seconds=seconds, window=(0.0, end))
            rules.append(old)
    if rng.random() < 0.2:
        slow = rng.choice([2.0, 10.0, 20.0])
        rules.append(Fault(kind=FaultKind.DELAY, probability=rng.choice([0.02, 0.1]), seconds=slow, window=(0.0, end)))
    if rng.random() < 0.15:
        rules.append(Fault(kind=FaultKind.GAP, action=READS, probability=rng.choice([0.02, 0.1]), window=(0.0, end)))
    if rng.random() < 0.1:
        begins = rng.uniform(0.0, 600.0)
        ends = min(end, begins + rng.choice([60.0, 600.0, 2400.0]))
        rules.append(Fault(kind=FaultKind.EXPIRED, window=(begins, ends)))
    return tuple(rules)


KINDS = (
    "raise", "raise", "lower", "minimum", "maximum", "suspend", "resume", "protect", "terminate", "kill", "break",
    "flap", "flap", "deregister", "attach", "template", "refresh", "untag", "forge", "standby",
)  # fmt: skip


def _deeds(rng: random.Random, until: float) -> tuple[Deed, ...]:
    kinds = rng.choices(KINDS, k=rng.choice([1, 1, 2, 3, 6]))
    if rng.random() < 0.05:
        kinds.append("delete")
    return tuple(sorted((Deed(at=rng.uniform(1.0, until), kind=kind, luck=rng.random()) for kind in kinds), key=_when))


def _when(deed: Deed) -> float:
    return deed.at


def _trouble(rng: random.Random) -> Trouble:
    if rng.random() < 0.7:
        return Trouble()
    return Trouble(
        failing=rng.choice([0, 1, 2, 100]),
        sick=rng.choice([0, 0, 1, 100]),
        dying=rng.choice([0, 0, 1, 2]),
        short_lived=rng.choice([0, 0, 1]),
    )


def _errand(rng: random.Random) -> Errand:
    if rng.random() < 0.6:
        return Errand(seconds=rng.choice([0.1, 5.0, 60.0]))
    return Errand(
        seconds=rng.choice([1.0, 60.0]),
        failing=rng.choice([0.0, 0.05, 0.3]),
        hanging=rng.choice([0.0, 0.05]),
        lines=rng.choice([0, 300]),
    )
