"""What a plan says beside its steps: how new ones are asked for, what does not scale meanwhile, what is assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from async_rollout.core.choices import MissedSchedules, Scaling
from async_rollout.core.min_ready import min_ready, to_stay, why_so_long
from async_rollout.core.observation import Observation
from async_rollout.core.open_launches import way_told
from async_rollout.core.policy import BOOT, HELD_LONG, SHUTDOWN
from async_rollout.core.spec import RolloutSpec
from async_rollout.core.survey import missed
from async_rollout.core.switching import set_and_back

FOLLOW = "--scaling follow lets scaling policies and scheduled actions run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """The rollout played to its end. seconds: expected, and worst. evened: more for even zones."""

    seconds: float
    worst: float
    ended: bool
    evened: int = 0
    suspends: bool = False


def notes(spec: RolloutSpec, observation: Observation, played: Played) -> tuple[str, ...]:
    """A line each."""
    lines = [*set_and_back(spec, observation.group), *way_told(spec, observation.group)]
    lines += [_uneven(played.evened)] if played.evened else []
    lines += [*_held(spec, played), *_scheduled(spec, observation, played.seconds)]
    if to_stay(spec, observation) > min_ready(spec, observation):
        lines.append(f"the first new instance has to stay well for {spec.canary_wait:.0f} s before more of them come")
    if why := why_so_long(spec, observation):
        lines.append(f"a new instance has to be ready for {why}, before an old one goes for it")
    if spec.hooks.before_terminate is not None:
        lines.append("if a before-command fails, its instance is put into Standby and the run turns back, exit code 6")
    lines += [f"times assume {BOOT:.0f} s from launch to healthy and {SHUTDOWN:.0f} s to shut down"]
    return (*lines, *(() if played.ended else ("the plan did not come to an end: please report it",)))


def _held(spec: RolloutSpec, played: Played) -> Iterator[str]:
    """How long nothing scales out."""
    if spec.scaling is Scaling.HOLD and played.suspends:
        times = f"about {_minutes(played.seconds)}, at worst {_minutes(played.worst)}"
        yield f"nothing scales out meanwhile, {times}{f': {FOLLOW}' if played.seconds > HELD_LONG else ''}"


def _minutes(seconds: float) -> str:
    return f"{max(1, round(seconds / 60))} min"


def _scheduled(spec: RolloutSpec, observation: Observation, seconds: float) -> Iterator[str]:
    known = observation.survey.scheduled if observation.survey and spec.scaling is Scaling.HOLD else ()
    fires = {one.name: one.at for one in known if one.at is not None}
    then = "is made up for at its end" if spec.missed_schedules is MissedSchedules.APPLY else "does not fire"
    for name in missed(fires, observation.at, observation.at + seconds):
        yield f"scheduled action {name} falls into the run and {then}"


def _uneven(number: int) -> str:
    more = "1 more instance comes" if number == 1 else f"{number} more instances come"
    return f"{more} at the end to even out the zones, and as many of the fullest go: counted in the times"
