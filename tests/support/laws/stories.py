"""Worlds in which broken code shows: what the tool does by itself. Each plays and gives back the laws that it broke.

A story is clean with the code as it is; `sabotages` names the story for each way to break it. `meddling` holds the
stories in which others act or calls go wrong.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import inf

import anyio

from async_rollout.core.journal import Goal
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import HookCall, Hooks, Limits
from async_rollout.sandbox.records import Group
from async_rollout.sandbox.words import NO_CAPACITY, NO_IMAGE
from async_rollout.sandbox.world import World
from support.laws.ought import Ought
from support.laws.playing import Part, play, small
from support.laws.promises import wrong
from support.simulation import BY_NUMBER
from support.storms.witness import Witness

SPEC = replace(BY_NUMBER, check_interval=5.0)
RESTORED = Ought(code=130, replaced=False, ceiling=4)
"""What a restore turns round counts again: only what exists is bounded then."""


def by_elb(group: Group) -> Group:
    return replace(group, health_check_type="ELB", grace=60.0)


def plain() -> list[str]:
    return wrong(play(SPEC), Ought())


def at_max() -> list[str]:
    return wrong(play(SPEC, build=partial(small, maximum=2)), Ought())


def three() -> list[str]:
    """Three at once, surge 1: the floor allows one at a time."""
    return wrong(play(SPEC, build=partial(small, size=3)), Ought(floor=3, ceiling=4, exist=5))


def strictly() -> list[str]:
    """A drain uses the surge's own place."""
    return wrong(play(replace(SPEC, max_draining=0)), Ought(exist=3))


def strictly_with_gap() -> list[str]:
    """Two drain in place of one surge: whoever keeps its place goes when the other has gone."""
    spec = replace(SPEC, max_unavailable=2, max_draining=0)
    return wrong(play(spec), Ought(floor=0, exist=3, draining=2))


def wide() -> list[str]:
    """Surge 2, but one at a time may be on its way out."""
    spec = replace(SPEC, max_surge=2, max_draining=1)
    return wrong(play(spec, build=partial(small, size=3)), Ought(floor=3, ceiling=5, exist=6))


def brief() -> list[str]:
    """For code that would grow without end."""
    return wrong(play(SPEC, looks=120), Ought())


def slow_source() -> list[str]:
    """The target group looks once a minute, the Classic Load Balancer each ten seconds."""

    def build(world: World) -> None:
        small(world)
        for source in world.state.sources.values():
            world.put_source(source if source.classic else replace(source, interval=60.0))

    return wrong(play(SPEC, build=build), Ought())


def with_gap() -> list[str]:
    """The floor alone would let an old one go at once."""
    spec = replace(SPEC, max_unavailable=1)
    return wrong(play(spec, build=partial(small, size=3)), Ought(floor=2, ceiling=4, exist=5))


def in_place() -> list[str]:
    spec = replace(SPEC, max_surge=0, max_unavailable=1)
    return wrong(play(spec), Ought(floor=1, ceiling=2, exist=3, surge=False))


def owners_suspensions() -> list[str]:
    return wrong(play(SPEC, build=partial(small, suspended=("ScheduledActions", "AZRebalance"))), Ought())


def long_drain() -> list[str]:
    """Nothing to do for longer than a lease lasts."""
    return wrong(play(SPEC, build=partial(small, size=1, delay=400.0)), Ought(floor=1, ceiling=2, exist=3))


async def _fine(call: HookCall) -> int:
    return 0


async def bad(call: HookCall) -> int:
    return 3


async def slow(call: HookCall) -> int:
    await anyio.sleep(40.0)
    return 0


def commands() -> list[str]:
    """A before-command that takes longer than some looks, a wait, an after-command."""
    hooks = Hooks(before_terminate=slow, after_terminate=_fine)
    return wrong(play(replace(SPEC, hooks=hooks, wait_before_terminate=30.0)), Ought())


def told_first() -> list[str]:
    """It is told before it is taken out, which takes longer than some looks."""
    return wrong(play(replace(SPEC, hooks=Hooks(before_draining=slow))), Ought())


def bad_before_draining() -> list[str]:
    """The first one's command fails: it serves on, nothing is replaced, all is as found."""
    spec = replace(SPEC, hooks=Hooks(before_draining=bad))
    return wrong(play(spec), Ought(code=6, replaced=False))


def bad_before_command() -> list[str]:
    """It is parked: all else is as found."""
    spec = replace(SPEC, hooks=Hooks(before_terminate=bad))
    return wrong(play(spec), Ought(code=6, replaced=False))


def late_up_check() -> list[str]:
    """The load balancers call a newcomer healthy a minute before its own check does."""

    def up(call: HookCall, world: Witness) -> bool:
        one = world.state.instances[call.instance]
        return world.now > (one.in_service_at or world.now) + 75.0

    return wrong(play(replace(SPEC, hooks=Hooks(up_check=_fine)), up=up), Ought())


def sick_version() -> list[str]:
    """No newcomer ever gets healthy."""

    def build(world: World) -> None:
        small(world, outdated=2)
        world.troubles["web"].sick_versions = frozenset({"2"})

    spec = replace(SPEC, limits=Limits(healthy=120.0))
    return wrong(play(spec, build=build), Ought(code=1, replaced=False))


def sick_in_place() -> list[str]:
    """The same without a surge, where AWS itself marks each newcomer unhealthy: a dead one may go, and comes again."""

    def build(world: World) -> None:
        small(world, size=3, outdated=3, edit=by_elb)
        world.troubles["web"].sick_versions = frozenset({"2"})

    spec = replace(SPEC, max_surge=0, max_unavailable=1)
    ought = Ought(code=1, floor=2, ceiling=3, exist=5, replaced=False, as_found=False, surge=False, troubled=True)
    return wrong(play(spec, build=build), ought)


def _dying(world: World) -> None:
    small(world)
    world.troubles["web"].dying_launches = 10**6


def dying() -> list[str]:
    """Every newcomer dies while it boots. One that AWS itself ends may still leave while our surplus goes."""
    return wrong(play(SPEC, build=_dying, limit=700.0), Ought(code=1, replaced=False, as_found=False, draining=2))


def _failing(world: World, message: str) -> None:
    small(world)
    world.troubles["web"].failing_launches, world.troubles["web"].launch_message = 10**6, message


def no_image() -> list[str]:
    """A launch error that waiting cannot mend."""
    return wrong(play(SPEC, build=partial(_failing, message=NO_IMAGE)), Ought(code=1, replaced=False))


def no_capacity() -> list[str]:
    """Launches fail for want of capacity until the limit; then the lift is given back."""
    spec, build = replace(SPEC, limits=Limits(launch=120.0)), partial(_failing, message=NO_CAPACITY)
    return wrong(play(spec, build=build), Ought(code=1, replaced=False))


def stopped_booting() -> list[str]:
    """Told to stop while the first newcomer boots: it is surplus."""
    return wrong(play(SPEC, Part(stop=(50.0, Stop.FINISH)), build=partial(small, maximum=2)), RESTORED)


def stopped_draining() -> list[str]:
    """Told to stop while the first old one drains: it goes back."""
    build = partial(small, maximum=2, delay=60.0, edit=by_elb)
    return wrong(play(SPEC, Part(stop=(130.0, Stop.FINISH)), build=build), RESTORED)


def stopped_in_command() -> list[str]:
    """Told to stop while the before-command of the first old one runs: it left its cluster and is finished."""
    spec = replace(SPEC, hooks=Hooks(before_terminate=slow))
    return wrong(play(spec, Part(stop=(134.5, Stop.FINISH))), replace(RESTORED, exist=4))


def stopped_now() -> list[str]:
    """SIGTERM while the first old one drains: what fits into five seconds, and a record; then `restore`."""
    first, then = Part(stop=(130.0, Stop.NOW)), Part(run="two", at=135.0, goal=Goal.RESTORE)
    played = play(SPEC, first, then, build=partial(small, delay=60.0))
    out = next(sorted(deed.out & played.run.found_ids) for deed in played.deeds if deed.actor == "two")
    lines = [f"law 7: SIGTERM left {out[0]} out of its load balancers"] if out else []
    ends = played.ended.get("one", inf) - played.began["one"]
    lines += [f"law 12: SIGTERM was answered after {ends - 130.0:.1f} s"] if ends > 135.0 else []
    return lines + wrong(played, replace(RESTORED, code=0, quick=True))


def odd_ports() -> list[str]:
    """One old instance is registered under a second port, and not in the Classic Load Balancer; then a stop."""

    def build(world: World) -> None:
        small(world, size=1, delay=60.0, target_groups=2)
        group, (id,) = world.state.groups["web"], world.state.rosters["web"]
        world.register(group.target_groups[0], id, 9000, who="human")
        for source, port in ((group.target_groups[0], 9000), (group.target_groups[0], 8080)):
            held = {one.port: one for one in world.state.registered(source, id)}
            held[port] = replace(held[port], state="healthy", reason="", next_check=float("inf"))
            world.put_registrations(source, id, tuple(held.values()))
        world.settle()

    return wrong(
        play(SPEC, Part(stop=(130.0, Stop.FINISH)), build=build), replace(RESTORED, floor=1, ceiling=3, exist=3)
    )


def odd_places() -> list[str]:
    """A target group without a listener, from which the owner took the instance; then a stop."""

    def build(world: World) -> None:
        small(world, size=1, delay=60.0, unheard=1)
        group, (id,) = world.state.groups["web"], world.state.rosters["web"]
        world.put_registrations(group.target_groups[-1], id, ())
        world.settle()

    return wrong(
        play(SPEC, Part(stop=(130.0, Stop.FINISH)), build=build), replace(RESTORED, floor=1, ceiling=3, exist=3)
    )


def stopped_at_once() -> list[str]:
    """Told to stop before the record stands: not even a probe is left."""
    return wrong(play(SPEC, Part(stop=(5.6, Stop.FINISH))), RESTORED)


def misfit() -> list[str]:
    """A zone of the group is not enabled on its load balancer: refused, nothing touched."""

    def build(world: World) -> None:
        small(world)
        for source in world.state.sources.values():
            world.put_source(replace(source, zones=("eu-west-1z",)))

    played = play(SPEC, build=build)
    sized = [deed for deed in played.deeds if deed.now.desired != deed.group.desired]
    lines = [f"law 6: {deed.actor} launched what can never serve" for deed in sized[:1]]
    return lines + wrong(played, Ought(code=3, replaced=False))
