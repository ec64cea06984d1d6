"""Worlds with members that take no part: they leave by others' doing, stand by, or are retained."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from async_rollout.core import begin, budget, departures
from async_rollout.core.actions import Terminate
from async_rollout.core.choices import Standby
from async_rollout.core.draft import Draft
from async_rollout.core.journal import Departure, Removal
from async_rollout.core.observation import Instance
from async_rollout.sandbox.records import Group, Hook
from async_rollout.sandbox.world import World
from support.laws.breaking import Sabotage, around, no, swap
from support.laws.ought import Ought
from support.laws.playing import play, small
from support.laws.promises import wrong
from support.laws.stories import SPEC


def _retaining(group: Group) -> Group:
    return replace(group, retains=True, hooks=(Hook(name="drain", launching=False, heartbeat=30.0),))


def retained() -> list[str]:
    """Nobody completes the hook of whoever goes: all old ones are retained, and that is their end."""
    lines = wrong(play(SPEC, build=partial(small, edit=_retaining)), Ought(replaced=False))
    return [line for line in lines if not line.startswith("law 7")]  # they stay, as the owner's policy says


def _aside(world: World, lifecycle: str, *, forgotten: bool = True) -> None:
    small(world, size=3)
    one = world.members("web")[0]
    world.put_instance(replace(one, lifecycle=lifecycle, forgotten=forgotten))
    for source in world.state.sources:
        world.put_registrations(source, one.id, ())
    world.put_group(replace(world.state.groups["web"], desired=2))
    world.settle()


def leaving() -> list[str]:
    """One is Terminating:Wait for hours when it begins."""
    return wrong(
        play(SPEC, build=partial(_aside, lifecycle="Terminating:Wait")), Ought(replaced=False, exist=5, draining=2)
    )


def standing_by() -> list[str]:
    """One stands by, and EC2 knows nothing of it."""
    return wrong(play(SPEC, build=partial(_aside, lifecycle="Standby")), Ought(replaced=False, exist=5))


def ended_last() -> list[str]:
    """One stands by and is to go as well: nobody that serves goes for it, and no place."""
    build = partial(_aside, lifecycle="Standby", forgotten=False)
    return wrong(play(replace(SPEC, standby=Standby.TERMINATE), build=build), Ought(exist=5))


def _placed(real: Any, one: Draft, departure: Departure) -> Draft:
    """The terminate of one in Standby takes a place out of desired."""
    done, instance = real(one, departure), one.observation.instance(departure.id)
    if done.acts == one.acts or instance is None or not instance.standby:
        return done
    return one.departure(replace(departure, removal=Removal.SHRINK)).act(Terminate(instance=departure.id, shrink=True))


ASIDE = (
    Sabotage(name="one that is retained is waited for", law="law 12:", story=retained,
             spoil=swap(Instance, "retained", False)),
    Sabotage(name="who leaves by others' doing moves", law="law 1", story=leaving,
             spoil=swap(Instance, "takes_part", True)),
    Sabotage(name="one in Standby takes a place along", law="law 7:", guard="law 3:", story=ended_last,
             spoil=around(departures, "_terminated", _placed)),
    Sabotage(name="those in Standby do not go", law="law 16:", story=ended_last, spoil=swap(budget, "is_to_end", no)),
    Sabotage(name="launch times of who stands by are waited for", law="law 1", story=standing_by,
             spoil=swap(begin, "_untold", lambda observation: tuple(
                 one.id for one in observation.instances if one.launched_at is None))),
)  # fmt: skip
