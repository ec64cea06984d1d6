"""Worlds in which broken code shows: others act, calls go wrong, conductors die or meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import anyio

from async_rollout.core.actions import Deregister, SetCapacity, Terminate
from async_rollout.core.journal import Goal
from async_rollout.core.spec import RolloutSpec
from async_rollout.sandbox.simulation import HUMAN
from support.laws.ought import Ought
from support.laws.playing import Others, Part, Play, play, small
from support.laws.promises import wrong
from support.laws.stories import RESTORED, SPEC
from support.storms.owners import GROUP
from support.storms.witness import Witness


def once(at: float, do: Callable[[Witness], object]) -> Others:
    """Somebody does one thing at one moment."""

    async def others(world: Witness) -> None:
        await anyio.sleep(at)
        do(world)

    return others


def when(ready: Callable[[Witness], bool], do: Callable[[Witness], object]) -> Others:
    """Somebody does one thing as soon as something is the case."""

    async def others(world: Witness) -> None:
        while not ready(world):
            await anyio.sleep(1.0)
            world.advance()
        do(world)

    return others


def _lifted(world: Witness) -> bool:
    return world.state.groups[GROUP].desired == 3 and all(one.in_service for one in world.members(GROUP))


def _moves(world: Witness, **sizes: int) -> None:
    group = world.state.groups[GROUP]
    world.human_sets(GROUP, **{name: getattr(group, name) + by for name, by in sizes.items()})


def raised() -> list[str]:
    """Someone raises desired by one, and it is to stay."""
    played = play(SPEC, others=once(60.0, partial(_moves, desired=1)))
    return wrong(played, Ought(floor=2, ceiling=4, exist=5, base=3, threshold=4.0))


def lowered() -> list[str]:
    """Someone lowers desired by one while it is lifted: that eats our lift, not the owner's base."""
    played = play(SPEC, others=when(_lifted, partial(_moves, desired=-1)))
    return wrong(played, Ought(base=2, troubled=True))


def higher_minimum() -> list[str]:
    """The owner's new minimum is above the base, and the field stands there already."""

    def sets(world: Witness) -> None:
        world.human_sets(GROUP, minimum=3)

    played = play(SPEC, others=when(_lifted, sets), limit=900.0)
    lines = wrong(played, Ought(ceiling=4, exist=5, base=3))
    return [line for line in lines if "(3, 3, 6)" not in line]


def minimum_beyond() -> list[str]:
    """The owner's new minimum is above desired too: what AWS adds to desired for it is not one more that he wants."""

    def sets(world: Witness) -> None:
        world.human_sets(GROUP, minimum=4)

    played = play(replace(SPEC, check_interval=40.0), others=when(_lifted, sets), limit=3000.0)
    lines = wrong(played, Ought(ceiling=5, exist=6, base=4, threshold=40.0))
    return [line for line in lines if "(4, 4, 6)," not in line and "nothing was said" not in line]


def own_maximum() -> list[str]:
    """The owner sets a maximum of his own while ours stands, and two more that it allows: it is his that stays."""

    def sets(world: Witness) -> None:
        world.human_sets(GROUP, maximum=6, desired=world.state.groups[GROUP].desired + 2)

    played = play(SPEC, build=partial(small, maximum=2), others=when(_lifted, sets), limit=900.0)
    lines = wrong(played, Ought(ceiling=5, exist=6, base=4))
    return [line for line in lines if "(1, 4, 6)," not in line]


def refreshed() -> list[str]:
    """Somebody starts an instance refresh: from a minute later on nobody else is taken out."""
    return _beside(100.0, code=1)


def refreshing() -> list[str]:
    """An instance refresh is active when the run begins: refused."""
    return _beside(0.0, code=3)


def _beside(at: float, code: int) -> list[str]:
    others = once(at, lambda world: world.human_starts_refresh(GROUP))
    played = play(SPEC, Part(at=1.0), build=partial(small, size=3), others=others)
    since = played.world.log.wanted[0].at + at + 80.0 * (at > 0)
    late = [deed for deed in played.deeds if deed.at > since and removes(deed.action, played)]
    lines = [f"law 11: {late[0].at:.1f}: it acted beside an instance refresh"] if late else []
    return lines + wrong(played, Ought(floor=3, ceiling=5, exist=5, code=code, replaced=False))


def removes(action: object, played: Play) -> bool:
    """An act that takes an old one out, or makes room for another."""
    match action:
        case Terminate(instance=id):
            return id in played.run.found_ids
        case Deregister(registrations=ones):
            return any(one.instance in played.run.found_ids for one in ones)
        case SetCapacity(desired=int() as desired):
            return desired > played.run.found.desired
    return False


def released() -> list[str]:
    """A new version of the template appears during the run: it stops, and does not exit with 0."""
    others = once(100.0, lambda world: world.human_releases("web-template"))
    return wrong(
        play(SPEC, build=partial(small, size=3), others=others),
        Ought(floor=3, ceiling=5, exist=5, code=1, replaced=False),
    )


def resumed() -> list[str]:
    """Somebody lets ReplaceUnhealthy run again mid-run: nobody goes until it is suspended again."""
    others = once(75.0, lambda world: world.resume(GROUP, ["ReplaceUnhealthy"], who=HUMAN))
    return wrong(play(SPEC, others=others), Ought())


def resumed_twice() -> list[str]:
    """Somebody does so again and again: two masters, it stops."""

    async def others(world: Witness) -> None:
        for _ in range(20):
            await anyio.sleep(40.0)
            world.resume(GROUP, ["ReplaceUnhealthy"], who=HUMAN)

    played = play(SPEC, build=partial(small, size=3), others=others)
    suspended = sum(type(deed.action).__name__ == "Suspend" for deed in played.deeds)
    lines = [f"law 11: it fought {suspended} times with another master"] if suspended > 2 else []
    return lines + wrong(played, Ought(floor=3, ceiling=5, exist=5, code=1, replaced=False, as_found=False))


def registered_nowhere() -> list[str]:
    """Somebody takes every newcomer out of every source at once: it is healthy nowhere, and nothing says so."""

    async def meddle(world: Witness) -> None:
        old = {one.id for one in world.members(GROUP)}
        while True:
            await anyio.sleep(1.0)
            for one in world.members(GROUP):
                for source in world.state.groups[GROUP].source_ids:
                    if one.id not in old and world.state.registered(source, one.id):
                        world.deregister(source, one.id, who=HUMAN)

    played = play(SPEC, others=meddle, limit=300.0)
    return [line for line in wrong(played, Ought()) if line.startswith(("law 1:", "law 5"))]


def two_out() -> list[str]:
    """Two old ones are out at once while desired is one above the base: somebody's maximum was in the way."""

    def sets(world: Witness) -> None:
        world.human_sets(GROUP, maximum=4)

    spec = replace(SPEC, max_unavailable=1, max_draining=2)
    others = when(lambda world: world.state.groups[GROUP].desired == 4, sets)
    others = once(70.0, sets)
    played = play(spec, build=partial(small, size=3), others=others)
    return [line for line in wrong(played, Ought(floor=2, ceiling=4, exist=6, draining=2)) if "(1, 3, 4)" not in line]


def outage_in_place() -> list[str]:
    """The same without a surge: one may be unavailable, and is; nobody else goes."""
    return _outage(
        replace(SPEC, max_surge=0, max_unavailable=1), Ought(floor=2, ceiling=3, exist=4, troubled=True, surge=False)
    )


def outage() -> list[str]:
    """Every load balancer calls everybody unhealthy for some minutes: nobody may be taken out meanwhile."""
    return _outage(SPEC, Ought(floor=3, ceiling=4, exist=5, troubled=True))


def _outage(spec: RolloutSpec, ought: Ought) -> list[str]:

    async def meddle(world: Witness) -> None:
        await anyio.sleep(40.0)
        while world.now - world.log.wanted[0].at < 400.0:
            for one in world.members(GROUP):
                if not one.broken and one.in_service:
                    world.break_app(one.id, mended_after=400.0 - world.now + world.log.wanted[0].at)
            await anyio.sleep(2.0)

    played = play(spec, build=partial(small, size=3), others=meddle)
    begun, ended = (played.world.log.wanted[0].at + at for at in (70.0, 400.0))
    bad = [deed for deed in played.deeds if begun < deed.at < ended and removes(deed.action, played)]
    bad = [deed for deed in bad if not isinstance(deed.action, SetCapacity)]
    lines = [f"law 1: one was taken out at {bad[0].at:.1f} while nobody served"] if bad else []
    return lines + wrong(played, ought)


def dead_one() -> list[str]:
    """An old instance's application dies mid-run: it is the next to go, and the healthy ones hold the floor."""

    def kill(world: Witness) -> None:
        world.break_app(world.members(GROUP)[2].id)

    spec = replace(SPEC, max_unavailable=1)
    played = play(spec, build=partial(small, size=3), others=once(45.0, kill))
    first = next(deed.action for deed in played.deeds if isinstance(deed.action, Deregister))
    assert isinstance(first, Deregister)
    dead = {one.instance for one in played.world.record if one.what == "died"}
    lines = (
        [] if dead & {one.instance for one in first.registrations} else ["law 4: the dead one was not the first to go"]
    )
    return lines + wrong(played, Ought(floor=2, ceiling=4, exist=5, troubled=True))


def sick_newcomer() -> list[str]:
    """A newcomer's application breaks for good after it was proven: it is replaced in its turn."""

    def sicken(world: Witness) -> None:
        fresh = [one for one in world.members(GROUP) if one.attached_at > world.log.wanted[0].at]
        world.break_app(fresh[0].id)

    played = play(SPEC, others=once(125.0, sicken))
    ill = [one.instance for one in played.world.record if one.what == "died"]
    lines = [f"law 16: {id} is sick and was left" for id in ill if id in played.run.members and not played.overdue]
    return lines + wrong(played, Ought(troubled=True, exist=5, ceiling=4))


def flapping() -> list[str]:
    """Newcomers serve for moments only, before they stay well: a moment is no proof."""

    async def meddle(world: Witness) -> None:
        seen: set[str] = {one.id for one in world.members(GROUP)}
        while True:
            await anyio.sleep(0.5)
            world.advance()
            for id in (world.log.serving[-1][1] if world.log.serving else frozenset()) - seen:
                seen.add(id)
                world.break_app(id, mended_after=45.0)

    spec = replace(SPEC, check_interval=20.0)
    lines = wrong(play(spec, others=meddle), Ought(threshold=18.0))
    return [line for line in lines if not line.startswith("law 12: nothing")]


def untagged() -> list[str]:
    """Another tool strips our tags once: the record is written again."""

    def strip(world: Witness) -> None:
        world.delete_tags(GROUP, [tag.key for tag in world.state.groups[GROUP].tags], who=HUMAN)

    lines = wrong(play(SPEC, others=once(60.0, strip)), Ought())
    return [line for line in lines if not line.startswith("law 12: nothing")]


def ordered_to_stop() -> list[str]:
    """`restore` from another machine stops a live run and puts all back."""
    then = Part(run="two", at=49.5, goal=Goal.RESTORE)
    played = play(SPEC, Part(), then)
    code = played.results["one"].verdict.code if "one" in played.results else None
    return ([f"law 10: the run that was told to stop ended with {code}"] if code != 130 else []) + wrong(
        played, replace(RESTORED, code=0)
    )
