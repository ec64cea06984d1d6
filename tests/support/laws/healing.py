"""Days on which instances die by EC2's word, and the ways to break what heals them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import anyio

from async_rollout.core import advance, heal
from async_rollout.core.actions import Terminate
from async_rollout.core.draft import Draft
from async_rollout.core.events import Warned
from async_rollout.core.journal import Removal
from async_rollout.core.observation import Instance
from async_rollout.core.serving import departure_of
from async_rollout.engine.telling import OBJECTED
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.history import What
from async_rollout.sandbox.records import Physics
from async_rollout.sandbox.world import World
from support.laws.breaking import Sabotage, draft_as_it_is, swap
from support.simulation import BY_NUMBER, Run, simulate

SEEN = 45.0
"""So long after the mark a look and the call have come, in calm weather."""


def dead_ones_go(run: Run) -> Iterator[str]:
    """Law 20: whom EC2 does not run, and who was on no way out, is ended at once, and its place stays."""
    world = run.world
    for one in (each for each in world.record if each.what is What.DIED and not each.detail):
        deeds = [each for each in world.record if each.instance == one.instance and each.at >= one.at]
        marked = next((each.at for each in deeds if each.what is What.MARK), None)
        ended = next((each for each in deeds if each.what is What.TERMINATE), None)
        if marked is not None and (ended.at if ended else world.now) - marked > SEEN:
            yield f"law 20: {one.instance} was dead for more than {SEEN:.0f} s"
        if ended is not None and ended.who == "owner" and ended.detail == "decrement" and ended.at - one.at < 2 * SEEN:
            yield f"law 20: {one.instance} took its place along"


def nobody_drains_below(run: Run, floor: int) -> Iterator[str]:
    """Law 20: nobody who drained and could serve again was terminated while fewer than the floor served."""
    for one in run.world.record:
        if one.what is not What.TERMINATE or one.who != "owner":
            continue
        mine = (each for each in run.world.record if each.instance == one.instance)
        drained = [each.at for each in mine if each.what is What.DEREGISTER]
        if not drained or one.at - drained[-1] < SEEN:
            continue
        served = [each.serving for each in run.history if one.at - SEEN <= each.at <= one.at]
        if served and max(served) < floor:
            yield f"law 20: {one.instance} only drained, and went at {one.at:.1f} when {max(served)} served"


def who_runs_is_replaced_first(run: Run) -> Iterator[str]:
    """Law 5: nobody whom EC2 runs is ended so that AWS launches another in his place: there is a surge."""
    dead = {one.instance for one in run.world.record if one.what is What.DIED and not one.detail}
    for one in run.world.record:
        kept = one.what is What.TERMINATE and one.who == "owner" and one.detail != "decrement"
        if kept and one.instance not in dead:
            yield f"law 5: {one.instance} went before its successor was there"


def _told(run: Run, floor: int) -> list[str]:
    noes = (one.text for one in run.events if isinstance(one, Warned) and one.text.startswith(OBJECTED))
    guards = ["guard law " + text.partition("against law ")[2] for text in noes]
    ended = (one for one in run.world.record if one.what is What.TERMINATE and one.who == "owner")
    healed = sum(one.detail != "decrement" for one in ended)
    most = 2 * max(run.found.maximum, *(one.exist for one in run.history)) + 3
    many = [f"law 6: {healed} were ended, each for a launch, {most} are the most"] if healed > most else []
    return [*dead_ones_go(run), *who_runs_is_replaced_first(run), *nobody_drains_below(run, floor), *many, *guards]


def third() -> list[str]:
    """Every third dies, before anybody is on a way out."""

    async def dies(world: World) -> None:
        await anyio.sleep(30.0)
        for one in world.members("web")[::3]:
            world.kill(one.id)

    return _told(simulate(partial(a_group, size=12, maximum=24, delay=20.0), BY_NUMBER, others=dies), 12)


def beside_a_drain() -> list[str]:
    """Three die while one drains, and others take long to boot."""

    async def dies(world: World) -> None:
        while not any(one.what is What.DEREGISTER for one in world.record):
            await anyio.sleep(1.0)
            world.advance()
        out = {one.instance for one in world.record if one.what is What.DEREGISTER}
        for one in [each for each in world.members("web") if each.in_service and each.id not in out][:3]:
            world.kill(one.id)

    build = partial(a_group, size=6, maximum=12, delay=90.0, physics=Physics(boot=240.0))
    return _told(simulate(build, BY_NUMBER, others=dies), 6)


def sickly() -> list[str]:
    """Two applications break, and their load balancers have Auto Scaling mark them: EC2 runs them."""

    async def breaks(world: World) -> None:
        await anyio.sleep(30.0)
        for one in world.members("web")[:2]:
            world.break_app(one.id)

    def build(world: World) -> object:
        elb = partial(replace, health_check_type="ELB", grace=0.0)
        return a_group(world, size=4, maximum=8, delay=20.0, edit=elb)

    return _told(simulate(build, BY_NUMBER, others=breaks), 4)


def plague() -> list[str]:
    """Whoever comes into service dies."""

    async def dies(world: World) -> None:
        for _ in range(60):
            await anyio.sleep(15.0)
            for one in world.members("web"):
                if one.in_service:
                    world.kill(one.id)

    spec = replace(BY_NUMBER, max_failures=1000)
    run = simulate(partial(a_group, size=2, maximum=2, delay=20.0), spec, others=dies)
    return [line for line in _told(run, 0) if not line.startswith("law 20")]


def shrinks(draft: Draft, lost: Instance) -> Draft:
    departure = replace(departure_of(draft.observation, lost), removal=Removal.SHRINK)
    return draft.departure(departure).act(Terminate(instance=lost.id, shrink=True))


def whoever_is_marked(draft: Draft) -> Draft:
    for one in draft.observation.instances:
        if one.in_service and one.marked_unhealthy and not draft.journal.departure(one.id):
            draft = heal._ended(draft, one)
    return draft


def _one_at_a_time(draft: Any) -> int:
    return 1 - len(draft.journal.departures)


HEALING = (
    Sabotage(name="whom EC2 does not run is waited for", law="law 20:", story=third,
             spoil=swap(advance, "healed", draft_as_it_is)),
    Sabotage(name="the dead go one after the other", law="law 20:", story=third,
             spoil=swap(heal, "_most", _one_at_a_time)),
    Sabotage(name="a dead one takes its place along", law="law 20:", story=third, spoil=swap(heal, "_ended", shrinks)),
    Sabotage(name="whoever is marked is dead", law="law 5:", guard="law 1:", story=sickly,
             spoil=swap(advance, "healed", whoever_is_marked)),
    Sabotage(name="who only drains goes on below the floor", law="law 20:", guard="law 20:", story=beside_a_drain,
             spoil=swap(advance, "called_back", draft_as_it_is)),
    Sabotage(name="launches for the dead have no bound", law="law 6:", guard="law 6:", story=plague,
             spoil=swap(heal, "launches_most", lambda journal, observation: 10**6)),
)  # fmt: skip
