"""C16: two hundred groups in one account. A group waits for its turn; what comes late anyhow strikes no limit.

Here it is a few groups on a small share of the buckets; two and four hundred are rows of the bench (`fits`).
"""

from __future__ import annotations

import anyio

from async_rollout.aws.calls import autoscaling
from async_rollout.aws.clock import AwsClock
from async_rollout.aws.room import Room
from async_rollout.aws.throttle import Throttle
from async_rollout.cli.plans import AtOnce, together_line
from async_rollout.core.actions import Needs
from async_rollout.core.events import Enrolled, Event, FleetEnded, RolloutEnded, Waiting
from async_rollout.core.observation import Observation
from async_rollout.engine.fleet import roll_out
from async_rollout.engine.ports import Urgency
from async_rollout.engine.preview import plan
from async_rollout.engine.telling import TELL_AGAIN
from async_rollout.errors import UnseenError
from async_rollout.render.board import Board, GroupBoard, fold
from async_rollout.render.lines import lines
from async_rollout.render.rows import frame
from async_rollout.sandbox.doors.port import PortCloud
from async_rollout.sandbox.groups import a_group
from async_rollout.sandbox.records import Physics
from async_rollout.sandbox.virtual import loop_clock, run_virtual
from async_rollout.sandbox.world import World
from support.bench.direct import cloud
from support.laws.crowded import crowd
from support.laws.queued import Wire
from support.simulation import ASKED, ours
from support.told import group_of

UNSEEN, SEEN = 500.0, 60.0
SLOW = Physics(boot=800.0)
"""Slower than the launch limit of 600 s, but for what nobody looked at."""


class Queue(PortCloud):
    """No look gets through for so many seconds once a launch was asked for and seen."""

    def __init__(self, world: World, seconds: float) -> None:
        super().__init__(world, latency=(0.1, 0.1))
        self._seconds = seconds

    async def look(self, group: str, needs: Needs, after: float, urgency: Urgency = Urgency.USUAL) -> Observation:
        first = next((one.at for one in self.world.record if one.what in ASKED), None)
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


def test_c16_every_group_ends_well_later_and_says_what_it_waits_for() -> None:
    came = crowd(6)
    assert [result.verdict.code for result in came.summary.results] == [0] * 6
    assert came.world.buckets is not None
    assert came.world.buckets.throttled.total() == 0
    assert came.waited
    assert all(one.why.endswith("under way use the calls this account allows") for one in came.waited)


def test_c16_a_stop_while_it_waits_leaves_the_group_untouched() -> None:
    came = crowd(6, stopped=60.0)
    ends = {result.group: result.verdict for result in came.summary.results}
    begun = {one.group for one in came.told if not isinstance(one, (Enrolled, RolloutEnded, FleetEnded))}
    waited = ends.keys() - begun
    assert len(waited) >= 2
    assert {(ends[name].code, ends[name].why) for name in waited} == {(130, "stopped; nothing was changed")}
    assert [one for one in came.world.record if one.who == "owner" and one.group in waited] == []
    assert all(not ours(group) and not group.suspended for group in came.world.state.groups.values())


def test_c16_waiting_for_a_turn_ages_nothing() -> None:
    """A group's time begins with its turn; so do all of its limits, which are made with its run."""
    came = crowd(6)
    seconds = {one.group: one.seconds for one in came.told if isinstance(one, RolloutEnded)}
    assert max(seconds[one.group] for one in came.waited) <= came.ended - TELL_AGAIN


def test_c16_a_plan_counts_who_waits_for_a_turn() -> None:
    async def main() -> str:
        world = World(0, loop_clock())
        names = [f"web-{number}" for number in range(5)]
        for name in names:
            a_group(world, name=name, size=1, outdated=1)
        one = cloud(world, api_share=0.02)
        plans = await plan(one.groups(*names))
        await one.close()
        return together_line(plans, AtOnce(carried=one.groups_at_once))

    assert run_virtual(main).startswith(
        "5 groups, at most 2 at once (3 wait for a turn: the calls this account allows): "
    )


def test_c16_so_many_are_carried_as_can_be_looked_at_while_a_look_is_young() -> None:
    """Ten calls a second, less what is kept back: half of them give 145 in 30 s, two a group or as many as sources."""

    async def main() -> tuple[list[bool], list[bool]]:
        wire, widths = Wire(), list[int]()
        throttle = Throttle(wire.send, clock=AwsClock(), share=0.5)
        room = Room(throttle, lambda: widths)
        narrow = [room.carries(72), room.carries(79), room.carries(80)]
        await anyio.sleep(31.0)
        grown = [room.carries(86), room.carries(87)]
        widths.extend([4] * 10)
        return [*narrow, *grown], [room.carries(36), room.carries(60)]

    assert run_virtual(main) == ([True, True, False, True, False], [True, False])


def test_c16_none_begins_while_calls_wait_and_fewer_after_they_have() -> None:
    async def main() -> list[bool]:
        throttle = Throttle(Wire().send, clock=AwsClock(), share=0.5)
        room = Room(throttle, lambda: [1])
        allowed = [room.carries(73)]
        async with anyio.create_task_group() as tasks:
            for number in range(60):
                tasks.start_soon(throttle.ask, autoscaling("DescribeTags", Number=number))
            await anyio.sleep(0.1)
            allowed.append(room.carries(2))
        allowed.append(room.carries(73))
        await anyio.sleep(25.0)
        return [*allowed, room.carries(73), room.carries(72)]

    assert run_virtual(main) == [True, False, True, False, True]


def test_c16_no_more_are_let_in_where_calls_have_begun_to_wait() -> None:
    """A second is long before looks come late; whoever is under way by then stays so for long."""

    async def main() -> tuple[bool, float]:
        throttle = Throttle(Wire().send, clock=AwsClock(), share=0.5)
        room = Room(throttle, lambda: [1])
        assert room.carries(73)
        await anyio.sleep(10.0)
        asked = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            for number in range(24):
                tasks.start_soon(throttle.ask, autoscaling("DescribeTags", Number=number))
        took = anyio.current_time() - asked
        await anyio.sleep(28.0)
        return room.carries(80), took

    let_in, took = run_virtual(main)
    assert 0.5 < took < 2.0
    assert not let_in


def test_c16_views_say_what_a_group_waits_for_to_begin() -> None:
    told = Enrolled(group="web", at=1.0, old=2, why="72 groups under way use the calls this account allows")
    board = fold(Board(), told)
    said = "waits for its turn: 72 groups under way use the calls this account allows"
    assert list(lines(GroupBoard(name="web"), group_of(board, "web"), told, verbose=False)) == [said]
    assert any(said in row.plain for row in frame(board, 1.0, 200, 60))
    assert group_of(board, "web").took == 0.0
