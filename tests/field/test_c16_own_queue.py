"""C16: two hundred groups in one account. Looks come late through our own queue, and no limit strikes for that."""

from __future__ import annotations

import anyio

from async_rollout.core.actions import Needs
from async_rollout.core.events import Event, Waiting
from async_rollout.core.sight import Sight
from async_rollout.engine.fleet import roll_out
from async_rollout.engine.ports import Urgency
from async_rollout.errors import UnseenError
from async_rollout.sandbox.chronicle import What
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Physics
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from simulation import ours

UNSEEN, SEEN = 500.0, 60.0
SLOW = Physics(boot=800.0)
"""Slower than the launch limit of 600 s, but for what nobody looked at."""


class Queue(PortCloud):
    """No look gets through for so many seconds once a launch was asked for and seen."""

    def __init__(self, world: World, seconds: float) -> None:
        super().__init__(world, latency=(0.1, 0.1))
        self._seconds = seconds

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Sight:
        first = next((one.at for one in self.world.record if one.what is What.SET_DESIRED), None)
        if first is not None and SEEN < self.world.now - first < SEEN + self._seconds:
            await anyio.sleep(25)
            raise UnseenError("the queue for looks is long")
        return await super().look(group, needs, after, urgency)


def starved(seconds: float) -> tuple[World, list[Event], str]:
    """A rollout that sees nothing for so long after its first launch: its world, what it told, and why it failed."""

    async def main() -> tuple[World, list[Event], str]:
        world, told = World(0, loop_clock()), list[Event]()
        a_group(world, name="web", size=1, physics=SLOW)
        summary = await roll_out(Queue(world, seconds).groups("web"), tell=told.append)
        return world, told, summary.results[0].verdict.why if summary.code else ""

    return run_virtual(main)


def test_c16_no_limit_strikes_for_time_in_which_nobody_looked() -> None:
    world, _, why = starved(UNSEEN)
    assert not why
    assert not [*world.state.groups["web"].suspended, *ours(world.state.groups["web"])]


def test_c16_what_was_looked_at_counts_as_ever() -> None:
    _, _, why = starved(0.0)
    assert "--launch-timeout" in why


def test_c16_the_limit_that_is_shown_is_the_one_that_strikes() -> None:
    _, told, _ = starved(UNSEEN)
    waits = [wait for event in told if isinstance(event, Waiting) for wait in event.waits]
    spans = {round(wait.until - wait.since) for wait in waits if wait.option == "--launch-timeout" and wait.until}
    assert max(spans) > min(spans) + 400, spans
