"""Somebody marks members Unhealthy that serve: stories, and the ways to break what is done about it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from async_rollout.core import budget, finish, fold, serving
from async_rollout.core.marks import is_accused
from async_rollout.core.observation import Instance, Observation
from async_rollout.core.spec import RolloutSpec
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.simulation import AWS, HUMAN
from support.laws.breaking import Sabotage, no, swap
from support.laws.meddling import when
from support.laws.ought import Ought
from support.laws.playing import play, small
from support.laws.promises import wrong
from support.laws.stories import SPEC
from support.storms.owners import GROUP
from support.storms.witness import Witness


def _marks(world: Witness, *, all_of_them: bool) -> None:
    serving = [one for one in world.members(GROUP) if one.in_service]
    for one in serving if all_of_them else serving[-1:]:
        world.set_health(one.id, "Unhealthy", who=HUMAN)


def _by_elb(group: Group) -> Group:
    return replace(group, health_check_type="ELB", grace=60.0)


def _suspended(world: Witness) -> bool:
    return "ReplaceUnhealthy" in world.state.groups[GROUP].suspended_names


def _newer(world: Witness) -> int:
    began = world.log.wanted[0].at
    return sum(one.attached_at > began and one.in_service for one in world.members(GROUP))


def all_marked() -> list[str]:
    """Everybody is marked as soon as we are at work: each serves on until its successor is ready."""
    others = when(_suspended, partial(_marks, all_of_them=True))
    return wrong(play(SPEC, build=partial(small, edit=_by_elb), others=others), Ought())


def newest_marked() -> list[str]:
    """The first new one is marked when it serves: one more comes for it, and AWS finds nobody to replace."""

    def one_new_serves(world: Witness) -> bool:
        return _newer(world) >= 1 and world.census(GROUP).serving >= 3

    others = when(one_new_serves, partial(_marks, all_of_them=False))
    played = play(SPEC, build=partial(small, edit=_by_elb), others=others)
    theirs = [one for one in played.world.record if one.what is What.TERMINATE and one.who == AWS]
    return wrong(played, Ought()) + [f"law 4: AWS terminated {one.instance} at {one.at:.1f}" for one in theirs]


def _as_before(spec: RolloutSpec, observation: Observation, one: Instance) -> bool:
    """Who is marked is not ready, whatever the sources say."""
    return not one.marked_unhealthy and serving.is_ready(spec, observation, one)


MARKED = (
    Sabotage(name="what others marked is marked healthy", law="law 8:", story=all_marked,
             spoil=swap(finish, "is_ours_to_take_off", lambda belief, observation, one: is_accused(observation, one))),
    Sabotage(name="who is only marked counts for nobody", law="law 12:", story=all_marked,
             spoil=swap(fold, "is_ready", _as_before)),
    Sabotage(name="a marked new one is left to AWS", law="law 4:", story=newest_marked,
             spoil=swap(budget, "is_accused", no)),
)  # fmt: skip
