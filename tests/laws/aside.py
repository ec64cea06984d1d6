"""Worlds with members that take no part: they leave by others' doing, stand by, or are retained."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from async_rollout.core import begin
from async_rollout.core.sight import Instance
from async_rollout.sandbox.records import Group, Hook
from async_rollout.sandbox.world import World
from breaking import Sabotage, swap
from ought import Ought
from playing import play, small
from promises import wrong
from stories import SPEC


def _retaining(group: Group) -> Group:
    return replace(group, retains=True, hooks=(Hook(name="drain", launching=False, heartbeat=30.0),))


def retained() -> list[str]:
    """Nobody completes the hook of whoever goes: all old ones are retained, and that is their end."""
    lines = wrong(play(SPEC, build=partial(small, edit=_retaining)), Ought(replaced=False))
    return [line for line in lines if not line.startswith("law 7")]  # they stay, as the owner's policy says


def _aside(world: World, lifecycle: str) -> None:
    small(world, size=3)
    one = world.members("web")[0]
    world.put_instance(replace(one, lifecycle=lifecycle, forgotten=True))
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


ASIDE = (
    Sabotage(name="one that is retained is waited for", law="law 12:", story=retained,
             spoil=swap(Instance, "retained", False)),
    Sabotage(name="who leaves by others' doing moves", law="law 1", story=leaving,
             spoil=swap(Instance, "takes_part", True)),
    Sabotage(name="launch times of who stands by are waited for", law="law 1", story=standing_by,
             spoil=swap(begin, "_untold", lambda sight: tuple(
                 one.id for one in sight.instances if one.launched_at is None))),
)  # fmt: skip
