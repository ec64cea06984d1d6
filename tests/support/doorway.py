"""A play against the port door of a scenario, in virtual time."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from async_rollout.core.actions import Need
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.faults import Fault, Faults
from async_rollout.sandbox.scenarios import build
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World

T = TypeVar("T")
GROUP, TARGETS = frozenset[Need](), frozenset({Need.TARGETS})
EVERYTHING = frozenset(Need)


def through(
    play: Callable[[World, PortCloud], Awaitable[T]], *, faults: tuple[Fault, ...] = (), scenario: str = "below-max"
) -> T:
    """Play against the port door of a scenario, in virtual time."""

    async def main() -> T:
        world = build(scenario, seed=2, clock=loop_clock())
        return await play(world, PortCloud(world, faults=Faults(world, faults)))

    return run_virtual(main)
