"""Worlds that lose instances while a rollout is put back: what is ours is then all that holds the floor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from async_rollout.core.actions import Deregister, Register, Terminate
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import Hooks
from async_rollout.sandbox.history import What
from support.laws.meddling import once
from support.laws.ought import Ought
from support.laws.playing import Part, Play, play, small
from support.laws.promises import wrong
from support.laws.stories import SPEC, slow
from support.storms.owners import GROUP
from support.storms.witness import Witness

PUT_BACK = Ought(code=130, floor=3, ceiling=4, exist=5, replaced=False, troubled=True)


def taken_below(played: Play, floor: int) -> Iterator[str]:
    """Law 1, asked of each deed: whoever serves is not taken out where the floor needs it, surplus or not."""
    for deed in played.deeds:
        match deed.action:
            case Deregister(registrations=ones):
                going = {one.instance for one in ones}
            case Terminate(instance=id):
                going = {id}
            case _:
                continue
        left = deed.serving - deed.out - going
        if going & deed.serving and len(left) < floor:
            yield f"law 1: {sorted(going)} went at {deed.at:.1f}, {len(left)} served without, the floor is {floor}"


def dies_beside_surplus() -> list[str]:
    """An old one's application has died when all is put back: the newcomer stays in its place, the dead one goes."""
    return _put_back(lambda world: world.break_app(world.members(GROUP)[1].id))


def sickens_beside_surplus() -> list[str]:
    """An old one's application does not answer for a while: until it does, the newcomer stays."""
    return _put_back(lambda world: world.break_app(world.members(GROUP)[1].id, mended_after=75.0))


def dies_on_its_way_out() -> list[str]:
    """The dead one is out already when all is put back: it cannot be registered again, and goes on."""

    def dies(world: Witness) -> None:
        (out,) = {one.instance for one in world.record if one.what is What.DEREGISTER}
        world.kill(out)

    return _put_back(dies, stop=90.5, at=84.5)


def _put_back(do: Callable[[Witness], object], stop: float = 79.5, at: float = 29.5) -> list[str]:
    """Told to stop when the newcomer has just come to serve; what is done before is seen by then."""
    played = play(SPEC, Part(stop=(stop, Stop.FINISH)), build=partial(small, size=3), others=once(at, do))
    return [*taken_below(played, 3), *wrong(played, PUT_BACK)]


def sickens_while_one_is_told() -> list[str]:
    """The newcomer's application breaks while the first old one's command runs: that one serves on."""
    spec = replace(SPEC, hooks=Hooks(before_draining=slow))

    def breaks(world: Witness) -> None:
        for one in sorted(world.members(GROUP), key=lambda one: one.attached_at)[3:]:
            world.break_app(one.id, mended_after=300.0)

    played = play(spec, build=partial(small, size=3), others=once(99.5, breaks))
    return [*taken_below(played, 3), *wrong(played, Ought(floor=3, ceiling=4, exist=5, troubled=True))]


def comes_back_and_is_needed() -> list[str]:
    """Stopped at once: what was only drained serves again. The newcomers die: the next run takes it out no sooner than
    another one is proven."""

    def die(world: Witness) -> None:
        for one in sorted(world.members(GROUP), key=lambda one: one.attached_at)[3:]:
            world.kill(one.id)

    parts = Part(stop=(84.5, Stop.NOW)), Part(run="two", at=139.5)
    played = play(SPEC, *parts, build=partial(small, size=3), others=once(109.5, die))
    back = [deed for deed in played.deeds if isinstance(deed.action, Register)]
    unseen = () if back else ("law 10: nothing was put back at the stop",)
    return [
        *taken_below(played, 3),
        *unseen,
        *wrong(played, replace(PUT_BACK, code=0, ceiling=5, replaced=True, quick=True)),
    ]
