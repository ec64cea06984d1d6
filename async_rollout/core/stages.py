"""The life of an instance, in walkthrough order, and where one stands in it.

`WALKTHROUGH` is the whole rollout as a person would tell it; the start page prints it. `stage_of` answers for one
instance from what is seen (observation), written down (journal) and remembered (streaks, hooks): it is derived anew on
every look, so there is no state to lose.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from async_rollout.core.journal import Departure, Journal, Mark, Removal
from async_rollout.core.observation import Instance, Observation
from async_rollout.core.policy import ILL
from async_rollout.core.serving import is_registered
from async_rollout.core.spec import RolloutSpec, Scope


class Stage(StrEnum):
    """New ones climb from launching to available; old ones fall from serving to gone. Ailing is not counted."""

    LAUNCHING = "launching"
    REGISTERING = "registering"
    CHECKING = "checking"
    AVAILABLE = "available"
    AILING = "ailing"
    SERVING = "serving"
    DRAINING = "draining"
    DRAINED = "drained"
    RESTING = "resting"
    SPENT = "spent"
    TERMINATING = "terminating"
    GONE = "gone"
    STANDBY = "standby"


YOUNG = (Stage.LAUNCHING, Stage.REGISTERING, Stage.CHECKING)
"""On its way to serve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the walkthrough; stage: the stage in which an instance waits there, if any."""

    phase: str
    text: str
    stage: Stage | None = None


WALKTHROUGH = (
    Step(phase="before", text="The group exists, and nothing else is at work on it"),
    Step(phase="before", text="No process that a rollout needs is suspended (unless `--force`)"),
    Step(phase="before", text="The group settles: every instance InService, as many as desired"),
    Step(phase="before", text="Every instance is healthy at every load balancer and target group (unless `--force`)"),
    Step(phase="before", text="What is found is written into the group's tags; from here a killed run can be resumed"),
    Step(phase="before", text="AZRebalance, AlarmNotification, ScheduledActions and ReplaceUnhealthy are suspended"),
    Step(phase="before", text="The maximum is raised as far as the surge and the draining need"),
    Step(
        phase="loop",
        text="Desired capacity is raised; a new instance boots until it is InService",
        stage=Stage.LAUNCHING,
    ),
    Step(
        phase="loop",
        text="It gets healthy at every load balancer and target group (unless `--skip-elb-health-check`)",
        stage=Stage.REGISTERING,
    ),
    Step(
        phase="loop",
        text="`--check-if-new-server-is-up-command` is repeated until it returns 0, and it stays healthy",
        stage=Stage.CHECKING,
    ),
    Step(phase="loop", text="The new instance is proven and counts", stage=Stage.AVAILABLE),
    Step(
        phase="loop",
        text="An old instance is deregistered from every load balancer and target group, and drains",
        stage=Stage.DRAINING,
    ),
    Step(
        phase="loop",
        text="`--run-before-server-going-down-command` runs; anything but 0 halts the rollout",
        stage=Stage.DRAINED,
    ),
    Step(phase="loop", text="`--wait-for-seconds` pass", stage=Stage.RESTING),
    Step(phase="loop", text="The old instance is terminated", stage=Stage.SPENT),
    Step(phase="loop", text="It shuts down and leaves the group", stage=Stage.TERMINATING),
    Step(
        phase="loop",
        text="`--run-after-server-going-down-command` runs; anything but 0 halts the rollout",
        stage=Stage.GONE,
    ),
    Step(phase="loop", text="And so on until no old instance is left"),
    Step(phase="after", text="Surplus instances of ours are drained and terminated; the group settles"),
    Step(
        phase="after", text="The maximum is put back, the processes that we suspended are resumed, our tags taken off"
    ),
)


@dataclass(frozen=True, slots=True)
class Streak:
    """How many looks in a row were good (or bad), and AWS's time of the last that counted."""

    good: int = 0
    bad: int = 0
    at: float = 0.0


NO_STREAK = Streak()
"""Of one that was not looked at yet."""


@dataclass(frozen=True, slots=True)
class Known:
    """What belief adds to the observation of one instance. passed: its up-check; proven: it was available once."""

    streak: Streak = NO_STREAK
    passed: bool = False
    proven: bool = False


def is_old(spec: RolloutSpec, journal: Journal, instance: Instance) -> bool:
    """Whether the instance is to be replaced, by the recorded cutoff (RULES: old, new, proven, dead)."""
    if journal.cutoff is None or instance.launched_at is None:
        return False
    before = instance.launched_at <= journal.cutoff
    return instance.outdated or (before and spec.scope is Scope.ALL)


def is_new(journal: Journal, instance: Instance) -> bool:
    """Whether it came after the cutoff, by whoever's doing."""
    return journal.cutoff is not None and instance.launched_at is not None and instance.launched_at > journal.cutoff


def is_clear(streak: Streak) -> bool:
    """Whether its looks say one thing: one or two bad ones in a row may be gaps in the answers."""
    return streak.bad == 0 or streak.bad >= ILL.looks


def stage_of(
    spec: RolloutSpec,
    observation: Observation,
    journal: Journal | None,
    instance: Instance,
    known: Known,
) -> Stage:
    """Where one instance stands."""
    departure = journal.departure(instance.id) if journal else None
    if instance.leaving:
        return Stage.TERMINATING
    if departure:
        return _falling(spec, instance, departure)
    if instance.standby:
        return Stage.STANDBY
    if not instance.in_service:
        return Stage.LAUNCHING
    if journal and is_new(journal, instance):
        return _climbing(spec, known)
    return Stage.SERVING if known.streak.good >= spec.healthy_threshold or journal is None else Stage.AILING


def _climbing(spec: RolloutSpec, known: Known) -> Stage:
    if known.streak.good >= spec.healthy_threshold and (known.passed or spec.hooks.up_check is None):
        return Stage.AVAILABLE
    if known.proven:
        return Stage.AILING
    return Stage.CHECKING if known.streak.good else Stage.REGISTERING


def _falling(spec: RolloutSpec, instance: Instance, departure: Departure) -> Stage:
    if departure.removal is not Removal.NOT:
        return Stage.SPENT
    if any(is_registered(target) for target in instance.targets):
        return Stage.DRAINING
    if spec.hooks.before_terminate is not None and departure.before is not Mark.ENDED:
        return Stage.DRAINED
    return Stage.RESTING
