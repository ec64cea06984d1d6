"""Worlds that lose instances while a rollout is put back: what is ours is then all that holds the floor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from async_rollout.core.actions import Deregister, Terminate
from async_rollout.core.sight import Stop
from meddling import once
from ought import Ought
from playing import Part, Play, play, small
from promises import wrong
from stories import SPEC
from witness import GROUP, Witness

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
    """An old one has died when all is put back: the newcomer stays in its place, the dead one goes."""
    return _put_back(lambda world: world.kill(world.members(GROUP)[1].id))


def sickens_beside_surplus() -> list[str]:
    """An old one's application does not answer for a while: until it does, the newcomer stays."""
    return _put_back(lambda world: world.break_app(world.members(GROUP)[1].id, mended_after=75.0))


def dies_on_its_way_out() -> list[str]:
    """The dead one is out already when all is put back: it cannot be registered again, and goes on."""
    return _put_back(lambda world: world.kill(world.members(GROUP)[1].id), stop=92.0)


def _put_back(do: Callable[[Witness], object], stop: float = 90.0) -> list[str]:
    """Told to stop when the newcomer has just come to serve; what is done before is seen by then."""
    played = play(SPEC, Part(stop=(stop, Stop.FINISH)), build=partial(small, size=3), others=once(40.0, do))
    return [*taken_below(played, 3), *wrong(played, PUT_BACK)]
