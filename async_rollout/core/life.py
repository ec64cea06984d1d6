"""The life of an instance as data: four courses, a row a step.

A newcomer climbs, an old one goes its way out, one that was only drained may come its way back, and who is parked does
none of it. Where one stands is the first step of its course that is not over, derived anew from what is seen, written
down and remembered: there is no state to lose. What is done there says `moves`; here stands only what is so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from async_rollout.core import limits
from async_rollout.core.journal import Departure, Mark
from async_rollout.core.let_go import has_let_go
from async_rollout.core.lives import Life
from async_rollout.core.observation import Instance, Observation, Survey
from async_rollout.core.protection import is_shielded
from async_rollout.core.spec import HookPoint, RolloutSpec
from async_rollout.core.stages import Stage, is_new
from async_rollout.core.standby import is_to_end


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row. stage: its name, as events tell it; text: a sentence for people.

    done: whether it is over, so that the next one's turn has come. serves: whether one that stands there counts for
    the floor. limit: seconds that it may last, with what AWS adds; two steps of one limit share it, from the first of
    them on. option: how the operator sets it. hook: the operator's command that runs there, if one was given.
    """

    stage: Stage
    text: str
    done: Callable[[Life], bool]
    serves: bool = False
    limit: limits.Limit | None = None
    option: str = ""
    hook: HookPoint | None = None


def _never(life: Life) -> bool:
    return False


def _is_up(life: Life) -> bool:
    return life.is_well and (life.history.passed or life.spec.hooks.up_check is None)


def _goes(life: Life) -> bool:
    return life.departure is not None or life.has_left


def _is_drained(life: Life) -> bool:
    """Once it was believed, a look in which AWS does not find some source does not make it untrue."""
    departure, last = life.departure, life.history.stage
    if life.is_sent or departure is None or life.is_down:
        return life.is_sent or life.is_down
    doubted = life.doubted and (last is None or last.stage not in (Stage.DRAINED, Stage.RESTING))
    return not doubted and has_let_go(life.observation, departure, life.history)


def _is_prepared(life: Life) -> bool:
    ended = life.departure is not None and life.departure.before is Mark.ENDED
    return life.is_sent or ended or life.spec.hooks.before_terminate is None


def _is_gone(life: Life) -> bool:
    """Out of sight often enough; one that is retained goes no further."""
    return life.history.is_gone if life.instance is None else life.instance.retained


AILING = "It has served before and is not well: it does not count until it is"

NEWCOMER = (
    Step(
        stage=Stage.LAUNCHING,
        text="Desired capacity is raised; a new instance boots until it is InService",
        done=lambda life: life.instance is not None and life.instance.in_service,
        limit=limits.launch,
        option="--launch-timeout",
    ),
    Step(
        stage=Stage.AILING,
        text=AILING,
        done=lambda life: not life.history.proven or _is_up(life),
    ),
    Step(
        stage=Stage.REGISTERING,
        text="It gets healthy at every load balancer and target group (unless `--skip-elb-health-check`)",
        done=lambda life: life.history.streak.good > 0,
        limit=limits.healthy,
        option="--healthy-timeout",
    ),
    Step(
        stage=Stage.CHECKING,
        text="`--check-if-new-server-is-up-command` is repeated until it returns 0, and it stays healthy",
        done=_is_up,
        limit=limits.healthy,
        option="--healthy-timeout",
        hook=HookPoint.UP_CHECK,
    ),
    Step(
        stage=Stage.READY,
        text="It serves and holds the floor; when it has been ready for `--min-ready` it makes room for an old one",
        done=lambda life: life.is_seasoned,
        serves=True,
        limit=limits.ready,
        option="--min-ready",
    ),
    Step(stage=Stage.AVAILABLE, text="The new instance is available, and counts", done=_never, serves=True),
)
"""What was launched since the rollout began, and whatever boots."""

WAY_OUT = (
    Step(
        stage=Stage.AILING,
        text=AILING,
        done=lambda life: _goes(life) or life.journal is None or life.is_well,
    ),
    Step(stage=Stage.SERVING, text="An old instance serves until its turn comes", done=_goes, serves=True),
    Step(
        stage=Stage.PREPARING,
        text="`--run-before-draining-command` runs; anything but 0 and it serves on, and the rollout halts",
        done=lambda life: life.is_sent or (life.departure is not None and life.departure.draining is Mark.ENDED),
        limit=limits.hook,
        option="--hook-timeout",
        hook=HookPoint.BEFORE_DRAINING,
    ),
    Step(
        stage=Stage.DRAINING,
        text="An old instance is deregistered from every load balancer and target group, and drains",
        done=_is_drained,
        limit=limits.drain,
        option="--drain-timeout",
    ),
    Step(
        stage=Stage.DRAINED,
        text="`--run-before-server-going-down-command` runs; anything but 0 parks it in Standby and halts the rollout",
        done=_is_prepared,
        limit=limits.hook,
        option="--hook-timeout",
        hook=HookPoint.BEFORE_TERMINATE,
    ),
    Step(
        stage=Stage.RESTING,
        text="`--wait-for-seconds` pass",
        done=lambda life: life.is_sent,
        limit=limits.rest,
    ),
    Step(
        stage=Stage.SPENT,
        text="The old instance is terminated",
        done=lambda life: life.has_left,
        limit=limits.terminate,
        option="--terminate-timeout",
    ),
    Step(
        stage=Stage.TERMINATING,
        text="It shuts down and leaves the group",
        done=_is_gone,
        limit=limits.terminate,
        option="--terminate-timeout",
    ),
    Step(
        stage=Stage.GONE,
        text="`--run-after-server-going-down-command` runs; anything but 0 halts the rollout",
        done=_never,
        limit=limits.hook,
        option="--hook-timeout",
        hook=HookPoint.AFTER_TERMINATE,
    ),
)
"""Old ones, what is one too many, and whatever leaves the group."""

WAY_BACK = (
    Step(
        stage=Stage.RETURNING,
        text="One that was only drained is registered back, until every source calls it healthy",
        done=_never,
        limit=limits.healthy,
        option="--healthy-timeout",
    ),
)
"""Where everything is put back, or its owner has protected it since."""

PARKED = (
    Step(
        stage=Stage.STANDBY,
        text="Its owner has put it into Standby: it takes no part",
        done=lambda life: not life.is_owners,
    ),
    Step(
        stage=Stage.STRANDED,
        text="It is out of its load balancers, and its command was not given: it neither comes back nor goes",
        done=lambda life: life.is_to_park,
    ),
    Step(
        stage=Stage.PARKING,
        text="Its before-command failed, or the floor does not let it go: it is put into Standby",
        done=lambda life: life.is_parked,
        limit=limits.terminate,
        option="--terminate-timeout",
    ),
    Step(stage=Stage.PARKED, text="It is in Standby, for its owner to bring back or to end", done=_never),
)
"""Who neither comes nor goes."""


def stage_of(life: Life) -> Stage:
    """Where one instance stands: the first step of its course that is not over."""
    return next(step.stage for step in course_of(life) if not step.done(life))


def course_of(life: Life) -> tuple[Step, ...]:
    """Which of the four it is on."""
    if life.instance is None or life.is_sent:
        return WAY_OUT
    if life.departure is not None:
        return _course_out(life, life.instance, life.departure)
    if life.instance.standby:
        return PARKED
    new = life.journal is not None and is_new(life.journal, life.instance)
    return NEWCOMER if new or not life.instance.in_service else WAY_OUT


def _course_out(life: Life, instance: Instance, departure: Departure) -> tuple[Step, ...]:
    """Its way out is recorded and its terminate is not."""
    if life.is_owners:
        ends = life.journal is not None and not life.is_put_back and is_to_end(life.spec, life.journal, instance)
        return WAY_OUT if ends and not is_shielded(life.spec, life.observation.group, instance) else PARKED
    if life.comes_back:
        return WAY_BACK if departure.draining is Mark.ENDED else WAY_OUT
    return PARKED if life.lacks or life.is_to_park else WAY_OUT


COURSES = (NEWCOMER, WAY_OUT, WAY_BACK, PARKED)
STEPS = {step.stage: step for course in COURSES for step in course}
"""Each stage's step; of the two that are ailing the old one's, which differ in when they are over."""


def limit_of(stage: Stage, spec: RolloutSpec, observation: Observation, survey: Survey | None) -> float:
    """Seconds that an instance may stand there, what AWS adds included; 0 where there is no limit."""
    limit = STEPS[stage].limit
    return limit(spec, observation, survey or Survey(at=observation.at)) if limit else 0.0


def longest(spec: RolloutSpec, observation: Observation, survey: Survey | None) -> float:
    """Seconds from the launch of one to the end of the one it replaces: every limit but those of its commands."""
    timed = {step.limit: step.stage for step in (*NEWCOMER, *WAY_OUT) if step.limit not in (None, limits.hook)}
    return sum(limit_of(stage, spec, observation, survey) for stage in timed.values())
