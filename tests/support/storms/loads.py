"""What befalls the load balancers in a storm: they are deleted under the group, or a zone of theirs is shifted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from async_rollout.sandbox import balancers, people
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.simulation import HUMAN
from support.storms.owners import GROUP
from support.storms.witness import Witness


def lost(world: Witness, luck: float) -> None:
    """A target group or load balancer is deleted, now and then all of them; later somebody takes it off the group."""
    sources = [id for id in world.state.groups[GROUP].source_ids if id in world.state.sources]
    for source in sources if luck > 0.8 else sources[int(luck / 0.8 * len(sources)) :][:1]:
        world.delete_source(source)
    world.after(30.0 + 2_000.0 * luck, partial(unhooked, world))


def unhooked(world: Witness) -> None:
    """Of what is deleted."""

    def without(group: Group) -> Group:
        kept = world.state.sources
        return replace(
            group,
            classics=tuple(id for id in group.classics if id in kept),
            target_groups=tuple(id for id in group.target_groups if id in kept),
        )

    if GROUP in world.state.groups and world.state.gone_sources(GROUP):
        people.edits(world, GROUP, without, HUMAN, "detached")


def shifted(world: Witness, luck: float) -> None:
    """A zone of the load balancer is in zonal shift for a while: half a minute, or most of an hour."""
    sources = [id for id in world.state.groups[GROUP].target_groups if id in world.state.sources]
    if sources:
        zones = world.state.groups[GROUP].zones
        source, zone = sources[int(luck * len(sources))], zones[int(luck * 7) % len(zones)]
        world.shift_zone(source, zone)
        world.after(30.0 + 2_500.0 * luck * luck, partial(unshifted, world))


def unshifted(world: Witness) -> None:
    """Every shift is over."""
    for source in list(world.state.sources.values()):
        for zone in source.shifted:
            balancers.shift(world, source.id, zone, HUMAN, active=False)
