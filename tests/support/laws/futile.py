"""Worlds in which launches fail, in AWS's own words, and the ways to break how these are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from async_rollout.core import launch_failures, lease, trouble
from async_rollout.core.launch_failures import Failure
from async_rollout.sandbox.history import What
from async_rollout.sandbox.troubles import Troubles
from async_rollout.sandbox.words import NOT_OFFERED, OVER_QUOTA, WRONG_ARCHITECTURE
from async_rollout.sandbox.world import World
from support.laws.breaking import Sabotage, swap
from support.laws.ought import Ought
from support.laws.playing import play, small
from support.laws.promises import wrong
from support.laws.stories import SPEC
from support.storms.owners import GROUP

UNHEARD_OF = "Something that nobody has seen yet."


def _refused(world: World, words: str, *, zones: int, of: int) -> None:
    """So many of the group's zones refuse with these words, for ever."""
    small(world, zones=of)
    world.troubles[GROUP].zone_words = dict.fromkeys(world.state.groups[GROUP].zones[:zones], words)


def dry_zones() -> list[str]:
    """Two of three zones do not offer the type: AWS comes to the third after two minutes, each time."""
    return wrong(play(SPEC, build=partial(_refused, words=NOT_OFFERED, zones=2, of=3)), Ought())


def every_second_fails() -> list[str]:
    """Each launch fails once, for good as it seems, and then comes to be in the other zone."""
    return wrong(play(SPEC, build=partial(_refused, words=WRONG_ARCHITECTURE, zones=1, of=2)), Ought())


def wrong_architecture() -> list[str]:
    """No launch can ever come to be."""
    build = partial(_refused, words=WRONG_ARCHITECTURE, zones=2, of=2)
    return wrong(play(SPEC, build=build), Ought(code=1, replaced=False))


def full_quota() -> list[str]:
    """One instance more than there are is one too many for the account."""

    def build(world: World) -> None:
        small(world)
        world.troubles[GROUP].quota, world.troubles[GROUP].quota_words = 2, OVER_QUOTA

    return wrong(play(SPEC, build=build), Ought(code=1, replaced=False))


def found_uneven() -> list[str]:
    """0/2, as nothing can be launched in the first zone; in words that do not say so."""

    def build(world: World) -> None:
        small(world)
        group = world.state.groups[GROUP]
        dry = f"{world.region}f"
        world.put_group(replace(group, zones=(dry, *group.zones), subnets=("subnet-0", *group.subnets)))
        for source in world.state.sources.values():
            world.put_source(replace(source, zones=(dry, *source.zones)))
        world.troubles[GROUP].zone_words = {dry: UNHEARD_OF}

    played = play(SPEC, build=build)
    found = played.run.found_ids
    fresh = sum(one.what is What.LAUNCH and one.instance not in found for one in played.world.record)
    lines = [f"law 6: {fresh} launches to replace {len(found)}"] if fresh > len(found) else []
    return lines + wrong(played, Ought())


def last_one_fails() -> list[str]:
    """All are replaced, in one zone; the one that is to even that out cannot be launched anywhere."""

    def build(world: World) -> None:
        _refused(world, UNHEARD_OF, zones=1, of=2)
        old = {one.id for one in world.state.members(GROUP)}
        _when(world, lambda: not old.intersection(one.id for one in world.state.members(GROUP)), _for_good)

    return wrong(play(SPEC, build=build), Ought(troubled=True))  # AWS's own rebalancing fails on, afterwards


def _when(world: World, holds: Callable[[], bool], happen: Callable[[Troubles], None]) -> None:
    def look() -> None:
        if holds():
            happen(world.troubles[GROUP])
        else:
            world.after(1.0, look)

    world.after(1.0, look)


def _for_good(troubles: Troubles) -> None:
    troubles.failing_launches, troubles.launch_message, troubles.zone_words = 10**6, WRONG_ARCHITECTURE, {}


def _all_permanent(message: str) -> Failure:
    return Failure.PERMANENT


LAUNCHING = (
    Sabotage(name="a zone's words end the run", law="law 16:", story=dry_zones,
             spoil=swap(launch_failures, "failure_of", _all_permanent)),
    Sabotage(name="one failure is enough", law="law 16:", story=every_second_fails,
             spoil=swap(launch_failures, "FAILED_TWICE", 1)),
    Sabotage(name="what is for good is waited for", law="law 6:", story=wrong_architecture,
             spoil=swap(launch_failures, "FAILED_TWICE", 10**6)),
    Sabotage(name="a full quota is waited out", law="law 6:", story=full_quota,
             spoil=swap(launch_failures, "QUOTA_LASTS", float("inf"))),
    Sabotage(name="a group as uneven as found is evened", law="law 6:", story=found_uneven,
             spoil=swap(lease, "spread", lambda counts: 0)),
    Sabotage(name="a launch that evens out fails the rollout", law="law 16:", story=last_one_fails,
             spoil=swap(trouble, "_newcomers", trouble.failing_newcomers)),
)  # fmt: skip
