"""K4: the host sleeps between the record and SetDesiredCapacity; meanwhile the group is restored and scaled to 20."""

from __future__ import annotations

from functools import partial

import anyio
import anyio.lowlevel
import pytest

from async_rollout.core.actions import SetCapacity
from async_rollout.core.journal import Goal
from async_rollout.engine.clocks import Moment, of_this_host
from async_rollout.sandbox.virtual import run_virtual
from support.laws.playing import Part, Play, play, small
from support.laws.sleeping import Lid
from support.laws.stories import SPEC
from support.storms.owners import GROUP
from support.storms.witness import Witness


async def scaled(world: Witness) -> None:
    """Once it is put back, somebody asks for 20."""
    await anyio.sleep(600.0)
    world.human_sets(GROUP, desired=20)


def slept() -> Play:
    build = partial(small, size=4, maximum=30)
    return play(SPEC, Part(), Part(run="two", at=200.0, goal=Goal.RESTORE), build=build, others=scaled, door=Lid)


def test_k4_what_was_asked_before_a_sleep_is_not_sent_after_it() -> None:
    played = slept()
    assert played.results["two"].verdict.code == 0
    assert played.world.state.groups[GROUP].desired == 20
    assert [deed for deed in played.deeds if deed.actor == "one" and isinstance(deed.action, SetCapacity)] == []


@pytest.mark.parametrize("clock", ["loop", "boot", "wall"])
def test_k4_an_age_is_told_by_the_clock_that_says_most(clock: str) -> None:
    then = {"loop": 5.0, "boot": 7.0, "wall": 9.0}
    later = Moment(**{**then, clock: then[clock] + 31.0})
    assert later.since(Moment(**then)) == 31.0


def test_k4_a_clock_that_was_set_back_proves_nothing() -> None:
    assert Moment(loop=6.0, boot=8.0, wall=-100.0).since(Moment(loop=5.0, boot=7.0, wall=9.0)) == 1.0


def test_k4_this_host_has_such_clocks() -> None:
    async def twice() -> float:
        before = of_this_host()
        await anyio.lowlevel.checkpoint()
        return of_this_host().since(before)

    assert 0.0 <= run_virtual(twice) < 5.0
