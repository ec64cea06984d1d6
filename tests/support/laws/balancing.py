"""Worlds in which load balancers go, or a zone of theirs is in zonal shift, while a rollout is under way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from math import inf

import anyio

from async_rollout.core import advance, back, observation, serving
from async_rollout.core.actions import Deregister, Needs, Registration
from async_rollout.core.belief import Belief
from async_rollout.core.journal import Departure
from async_rollout.core.observation import Instance, Observation, unfound
from async_rollout.core.snapshot import Stop
from async_rollout.engine.ports import Urgency
from async_rollout.sandbox.world import World
from support.laws.breaking import Sabotage, both, nothing, of_result, swap
from support.laws.meddling import when
from support.laws.ought import Ought
from support.laws.playing import Door, Part, play, small
from support.laws.promises import wrong
from support.laws.stories import RESTORED, SPEC
from support.storms.owners import GROUP
from support.storms.witness import Witness


def _drains(world: Witness) -> bool:
    return any(one.what == "deregister" and one.who == "owner" for one in world.record)


def _goes(world: Witness) -> None:
    world.delete_source(world.state.groups[GROUP].target_groups[0])


def target_group_goes() -> list[str]:
    """Deleted while the only old one drains: what is left is enough."""
    played = play(SPEC, build=partial(small, size=1, delay=60.0), others=when(_drains, _goes))
    return wrong(played, Ought(floor=1, ceiling=2, exist=3))


def goes_and_stops() -> list[str]:
    """The same, and told to stop then: the old one serves again, and nothing of ours is left."""
    build = partial(small, size=1, delay=60.0)
    played = play(SPEC, Part(stop=(135.0, Stop.FINISH)), build=build, others=when(_drains, _goes))
    return wrong(played, replace(RESTORED, floor=1, ceiling=2, exist=3))


class Mistaken(Door):
    """For a few seconds AWS does not find the target group, though it is there: when nobody but it knows the truth."""

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        seen = await super().look(group, needs, after, urgency)
        lost = self.world.state.groups[GROUP].target_groups[0]
        if not 75.0 <= self.world.now - self.world.log.wanted[0].at <= 100.0:
            return seen
        sources = (unfound(one) if one.id == lost else one for one in seen.sources)
        instances = tuple(
            replace(one, targets=tuple(target for target in one.targets if target.source != lost))
            for one in seen.instances
        )
        shown = (replace(one, seen_at=seen.at) if one.gone else one for one in sources)
        return replace(seen, sources=tuple(shown), instances=instances)


def mistaken() -> list[str]:
    """The target group is slow to call a newcomer healthy, and out of sight in between."""

    def build(world: World) -> None:
        small(world)
        for source in world.state.sources.values():
            world.put_source(source if source.classic else replace(source, interval=60.0))

    return wrong(play(SPEC, build=build, door=Mistaken), Ought())


def registered_at_what_is_gone(seen: Observation, departure: Departure) -> Iterator[Registration]:
    """As if each source were still there."""
    there = replace(seen, sources=tuple(replace(one, gone=False) for one in seen.sources))
    return WERE(there, departure)


WERE = back._were


async def _shifts(world: Witness) -> None:
    """As soon as the first old one drains, a zone in which another serves is in zonal shift for five minutes."""
    source, zone = world.state.groups[GROUP].target_groups[0], world.members(GROUP)[-1].zone
    while not _drains(world):
        await anyio.sleep(1.0)
    world.shift_zone(source, zone)
    await anyio.sleep(300.0)
    world.shift_zone(source, zone, active=False)


def shifted() -> list[str]:
    """One instance a zone: nothing goes out while a zone takes no traffic, and then all goes on."""
    played = play(SPEC, build=partial(small, size=3, zones=3), others=_shifts)
    began, *over = (one.at for one in played.world.record if one.what == "zonal shift")
    ended = min(over, default=inf)
    out = [deed for deed in played.deeds if isinstance(deed.action, Deregister) and began + 10.0 < deed.at < ended]
    lines = [f"law 1: one went at {out[0].at:.1f} in a zonal shift"] if out else []
    return lines + wrong(played, Ought(floor=3, ceiling=4, exist=5))


def passed_is_enough(one: Instance, source: str) -> bool:
    """Whether traffic comes is not asked."""
    return any(target.source == source and target.state in ("healthy", "shifted") for target in one.targets)


BALANCING = (
    Sabotage(name="what is gone is registered at", law="law 12:", story=goes_and_stops,
             spoil=swap(back, "_were", registered_at_what_is_gone)),
    Sabotage(name="one answer makes a source gone", law="law 1:", guard="", story=mistaken,
             spoil=swap(Belief, "doubted", nothing)),
    Sabotage(name="a zonal shift holds up nothing", law="law 1:", story=shifted,
             spoil=swap(advance, "held_up", lambda draft: None)),
    Sabotage(name="who takes no traffic serves", law="law 1: 2", story=shifted,
             spoil=both(swap(advance, "held_up", lambda draft: None), swap(serving, "healthy_at", passed_is_enough))),
    Sabotage(name="a source that is gone is waited for", law="law 12:", story=target_group_goes,
             spoil=of_result(observation, "unfound", has_listener=True)),
)  # fmt: skip
