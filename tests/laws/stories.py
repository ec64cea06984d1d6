"""Worlds in which broken code shows. Each rolls and gives back the laws that its ground truth finds broken.

A story is clean with the code as it is; `sabotages` names the story for each way to break it.
"""

from __future__ import annotations

from functools import partial

import anyio

from async_rollout.core import budget
from async_rollout.core.spec import HookCall, Hooks, RolloutSpec
from async_rollout.sandbox.virtual import run_virtual
from async_rollout.sandbox.world import World
from simulation import Run, conductor, new_world
from simulation import simulate as simulated
from truth import broken

simulate = partial(simulated, limit=3_000.0)
"""A clean run of these worlds takes 400 s; broken code may never end."""


def verdict_of(run: Run, spec: RolloutSpec, *, replaced: bool = True) -> list[str]:
    """What the ground truth says, and what the guard said if it stopped the run."""
    limits = budget.bounds(spec, run.found.desired)
    true = budget.Bounds(floor=LIMITS[0], ceiling=LIMITS[1], exist=LIMITS[2], draining=limits.draining)
    why = run.result.verdict.why
    said = [why[why.index("law ") :]] if "law " in why else []
    ended = [f"law 16: it ended with {run.result.verdict.code}"] if run.result.verdict.code and not said else []
    return [*said, *ended, *broken(run, true, replaced=replaced)]


LIMITS = (3, 4, 5)
"""Floor, ceiling and what may exist for 3 instances, surge 1: written down here, not asked of the broken code."""


def plain() -> list[str]:
    spec = RolloutSpec()
    return verdict_of(simulate("below-max", spec), spec)


def at_max() -> list[str]:
    spec = RolloutSpec()
    return verdict_of(simulate("at-max", spec), spec)


def in_place() -> list[str]:
    limits = budget.Bounds(floor=2, ceiling=3, exist=4, draining=1)
    return broken(simulate("below-max", RolloutSpec(max_surge=0, max_unavailable=1)), limits, surge=False)


def registered_nowhere() -> list[str]:
    """Somebody takes every newcomer out of every source at once: it is healthy nowhere, and nothing says so."""

    async def meddle(world: World) -> None:
        old = {one.id for one in world.members("web")}
        while True:
            await anyio.sleep(1.0)
            for one in world.members("web"):
                for source in world.state.groups["web"].source_ids:
                    if one.id not in old and world.state.registered(source, one.id):
                        world.deregister(source, one.id, who="human")

    run = simulate("health-ec2", RolloutSpec(), others=meddle)
    limits = budget.Bounds(floor=3, ceiling=4, exist=5, draining=1)
    return [line for line in broken(run, limits, replaced=False) if line.startswith(("law 1", "law 5"))]


def owners_suspensions() -> list[str]:
    spec = RolloutSpec()
    return verdict_of(simulate("suspended", spec), spec)


def sick_version() -> list[str]:
    spec = RolloutSpec()
    run = simulate("never-healthy", spec)
    limits = budget.Bounds(floor=3, ceiling=4, exist=5, draining=1)
    return broken(run, limits, replaced=False)


def with_gap() -> list[str]:
    """Surge 1 and one unavailable: the floor alone would let an old one go at once."""
    spec = RolloutSpec(max_unavailable=1)
    limits = budget.Bounds(floor=2, ceiling=4, exist=5, draining=1)
    return broken(simulate("below-max", spec), limits)


def creeping() -> list[str]:
    spec = RolloutSpec()
    run = simulated("below-max", spec, limit=450.0)
    return verdict_of(run, spec)


def autoscaler() -> list[str]:
    """Someone raises desired by one and it is to stay."""

    async def more(world: World) -> None:
        await anyio.sleep(60.0)
        world.human_sets("web", desired=world.state.groups["web"].desired + 1)

    run = simulate("below-max", RolloutSpec(), others=more)
    limits = budget.Bounds(floor=3, ceiling=5, exist=6, draining=1)
    return broken(run, limits, base=4)


def bad_before_command() -> list[str]:
    async def bad(call: HookCall) -> int:
        return 3

    run = simulate("below-max", RolloutSpec(hooks=Hooks(before_terminate=bad)))
    gone = run.found_ids - run.members
    return [f"walkthrough: {sorted(gone)} went though its before-command failed"] if gone else []


def two_conductors() -> list[str]:
    async def story() -> list[str]:
        world = new_world("below-max")
        codes: dict[str, int] = {}

        async def roll(name: str, after: float) -> None:
            await anyio.sleep(after)
            codes[name] = (await conductor(world, name).run()).verdict.code

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(roll, "one", 0.0)
            tasks.start_soon(roll, "two", 40.0)
        return [] if codes == {"one": 0, "two": 5} else [f"law 11: the conductors ended with {codes}"]

    return run_virtual(story)
