"""Rollouts that are rolled back: ordered by others, killed anywhere and started again by a supervisor who sees nothing.

And what may not come of it, by the world's own record: law 21.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import anyio

from async_rollout.core import decide, finish, lease, restore, switched
from async_rollout.core.actions import Outcome, Verdict
from async_rollout.core.belief import Me
from async_rollout.core.events import Warned
from async_rollout.core.journal import Goal, Journal
from async_rollout.core.snapshot import Stop
from async_rollout.core.spec import LaunchCall, Limits, RolloutSpec
from async_rollout.core.templates import Back
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import GroupResult
from async_rollout.engine.rollout import Rollout
from async_rollout.engine.telling import OBJECTED
from async_rollout.sandbox.history import What
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.laws.breaking import Sabotage, around, both, draft_as_it_is, nothing, swap, yes
from support.simulation import InstantHooks, MortalCloud, Run, ours, simulate
from support.switches import ROLLS, SET, launches_from, pinned, versions


def set_to(world: World, version: int) -> list[float]:
    """When the group was told to launch from that version."""
    told = (one for one in world.record if one.what is What.TEMPLATE and one.group)
    return [one.at for one in told if one.detail.endswith(f":{version}")]


async def conducted(world: World, run: str, spec: RolloutSpec, goal: Goal, **more: bool) -> GroupResult:
    me = Me(run=run, holder=f"host-{run}/boot/1", intent=goal, **more)
    rollout = Rollout(MortalCloud(world), "web", spec, me, hooks=InstantHooks(), tell=lambda _: None, halt=Halt())
    return await rollout.run()


def meeting(
    *steps: tuple[float, str, Goal, bool],
    build: Callable[[World], object],
    spec: RolloutSpec = SET,
    kills: Mapping[str, int] = MappingProxyType({}),
) -> tuple[World, dict[str, GroupResult]]:
    """Several conductors, each from a machine of its own, each at its time. kills: who is killed, before which act."""

    async def main() -> tuple[World, dict[str, GroupResult]]:
        world, ends = World(1, loop_clock()), dict[str, GroupResult]()
        build(world)

        async def one(at: float, name: str, goal: Goal, rollback: bool) -> None:
            await anyio.sleep(at)
            if name not in kills:
                ends[name] = await conducted(world, name, spec, goal, rollback=rollback)
            elif (end := await killed(world, name, spec, lives=kills[name])) is not None:
                ends[name] = end

        with anyio.fail_after(20_000.0):
            async with anyio.create_task_group() as tasks:
                for step in steps:
                    tasks.start_soon(one, *step)
        return world, ends

    return run_virtual(main)


LIVE = (0.0, "a1", Goal.REPLACE, False)
"""A run from the beginning on, for `meeting`."""


async def killed(world: World, run: str, spec: RolloutSpec, *, lives: int) -> GroupResult | None:
    """One that is killed before so many acts, or ends before that. Its successor is on another machine."""
    cloud = MortalCloud(world)
    cloud.lives, cloud.killed, found = lives, anyio.Event(), list[GroupResult]()
    me = Me(run=run, holder=f"host-{run}/boot/1")
    rollout = Rollout(cloud, "web", spec, me, hooks=InstantHooks(), tell=lambda _: None, halt=Halt())
    async with anyio.create_task_group() as tasks:

        async def die() -> None:
            await cloud.killed.wait()
            tasks.cancel_scope.cancel()

        tasks.start_soon(die)
        found.append(await rollout.run())
        tasks.cancel_scope.cancel()
    return found[0] if found else None


def supervised(
    build: Callable[[World], object], spec: RolloutSpec, lives: Callable[[], int]
) -> tuple[World, GroupResult]:
    """A blind supervisor: whatever is killed is started again with the same order, until one comes to its end."""

    async def main() -> tuple[World, GroupResult]:
        world = World(1, loop_clock())
        build(world)
        for number in range(100):
            end = await killed(world, f"run{number}", spec, lives=lives())
            if end is not None:
                return world, end
            erased = not ours(world.group("web"))
            if erased and set_to(world, 1):
                return world, GroupResult(group="web", verdict=_OVER)  # what begins after that is a new order
        raise AssertionError("no end")

    return run_virtual(main)


_OVER = Verdict(outcome=Outcome.FAILED, code=1, why="over")


def wrong(world: World, end: GroupResult) -> list[str]:
    """What may not be, by the world's own record."""
    first, lines = min(set_to(world, 1), default=None), []
    if first is not None and any(at > first for at in set_to(world, 2)):
        lines.append("law 21: it went forward again")
    if end.verdict.code and launches_from(world) != "1":
        lines.append(f"law 21: it has ended with {end.verdict.code} and launches version {launches_from(world)}")
    if end.verdict.code == 1 and versions(world) != ["1"] * len(versions(world)):
        lines.append(f"law 21: rolled back, and there are {versions(world)}")
    if ours(world.group("web")) or world.group("web").suspended:
        lines.append(f"law 7: left: {ours(world.group('web'))} {world.group('web').suspended}")
    return lines


def drawn(seed: int) -> list[str]:
    rng = random.Random(f"rolled back {seed}")
    size = rng.choice([1, 2, 3, 4, 6])
    how = {"bad": True} if rng.random() < 0.2 else {"fails": rng.uniform(0.0, 200.0)}
    limits = Limits(healthy=rng.uniform(120.0, 400.0), launch=600.0)
    spec = replace(
        ROLLS,
        max_surge=rng.choice(["1", "2", "50%"]),
        max_failures=rng.choice([None, 1, 2]),
        limits=limits,
        launch=rng.choice([*LaunchCall]) if rng.random() < 0.5 else LaunchCall.DESIRED,
        canary_wait=rng.choice([0.0, 0.0, 60.0]),
    )
    mean = rng.choice([6, 15, 30, 80])
    world, end = supervised(
        partial(pinned, size=size, **how),
        spec,
        lambda: 1 + int(rng.expovariate(1.0 / mean)),
    )
    return wrong(world, end)


def _story(run: Run) -> list[str]:
    """What is wrong with one that did not end whole, and what a guard objected to."""
    noes = (one.text for one in run.events if isinstance(one, Warned) and one.text.startswith(OBJECTED))
    found = ["guard law " + text.partition("against law ")[2] for text in noes]
    if run.result.verdict.code and launches_from(run.world) != "1":
        found.append(f"law 21: it has ended with {run.result.verdict.code}, and launches version 2")
    return found


def failing() -> list[str]:
    """The release fails, and all is put back."""
    return _story(simulate(partial(pinned, size=2, fails=30.0), replace(SET, max_failures=1)))


def stopped_at_once() -> list[str]:
    """SIGTERM while the first old one drains."""

    async def order(world: World, halt: Halt) -> None:
        await anyio.sleep(80.0)
        halt.request(Stop.NOW)

    return _story(simulate(partial(pinned, size=2), SET, halt=order))


def killed_in_it() -> list[str]:
    """Killed while it rolls back, and started again."""
    lives = iter((45, 10_000))
    return wrong(*supervised(partial(pinned, size=4, fails=60.0), ROLLS, lambda: next(lives)))


def _forward(spec: RolloutSpec, ours: Journal, observation: object) -> Journal:
    """As if the order that is given again were a new one."""
    assert ours.templates is not None
    one = replace(ours.templates, back=Back.NOT, toward="")
    return replace(ours, goal=Goal.REPLACE, cause=None, cutoff=None, templates=one)


ROLLING = (
    Sabotage(name="what was set is not set back", law="law 21:", guard="law 21:", story=failing,
             spoil=both(swap(restore, "put_in_place", draft_as_it_is), swap(finish, "is_settled", yes))),
    Sabotage(name="a stop at once leaves the release", law="law 21:", story=stopped_at_once,
             spoil=swap(decide, "as_found", nothing)),
    Sabotage(name="the release is set where all is put back", law="law 21:", guard="law 21:", story=failing,
             spoil=both(around(switched, "put_back", lambda real, draft: real(
                 draft.write(replace(draft.journal, goal=Goal.REPLACE)))), swap(finish, "is_settled", yes))),
    Sabotage(name="who takes a rollback over begins anew", law="law 21:", story=killed_in_it,
             spoil=swap(lease, "_rolled_on", _forward)),
)  # fmt: skip
