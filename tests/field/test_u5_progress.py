"""Progress counts from the record: also after a resume, a Ctrl-C, a restore, and whoever watches only the last run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import anyio
import pytest

from async_rollout.core.events import Event, Replaced, RolloutEnded, RolloutStarted
from async_rollout.core.snapshot import Stop
from async_rollout.engine.fleet import restore, roll_out
from async_rollout.engine.halt import Halt
from async_rollout.engine.result import GroupResult
from async_rollout.render.board import folded
from async_rollout.render.plain import Plain
from async_rollout.sandbox.virtual import run_virtual
from support.fleets import Told, Wayward, ids, world_of
from support.simulation import UNWATCHED
from support.told import group_of

COUNT = re.compile(r"\((\d) of (\d)\)(?:, (\d) to go)?|(\d) of (\d) replaced")


@dataclass(kw_only=True)
class Ran:
    """The second of two runs: what was told of it, its end, and how many old ones are left in the world."""

    told: Told
    result: GroupResult
    left: int
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        view = Plain(self.lines.append, stamp=lambda at: "")
        for event in self.told.events:
            view.tell(event)

    @property
    def events(self) -> list[Event]:
        return self.told.events


def after_a_kill(at: float, *, verb: str = "run", halt: Halt | None = None, stop: float | None = None) -> Ran:
    """A run of three is killed; another takes over (and is stopped after so many seconds of its own)."""
    halt = halt or Halt()

    async def story() -> Ran:
        world, told = world_of("web"), Told()
        found, cloud = ids(world, "web"), Wayward(world)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(roll_out, cloud.groups("web"), UNWATCHED)
            await anyio.sleep(at)
            cloud.close()
            tasks.cancel_scope.cancel()
        await anyio.sleep(200.0)

        async def stops() -> None:
            while stop is not None and not told.of(Replaced):
                await anyio.sleep(1.0)
            if stop is not None:
                await anyio.sleep(stop)
                halt.request(Stop.FINISH, "Ctrl-C")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stops)
            way = Wayward(world).groups("web")
            if verb == "run":
                summary = await roll_out(way, UNWATCHED, tell=told, halt=halt)
            else:
                summary = await restore(way, tell=told, halt=halt)
            tasks.cancel_scope.cancel()
        return Ran(told=told, result=summary.results[0], left=len(found & ids(world, "web")))

    return run_virtual(story)


@pytest.mark.parametrize("at", [90.0, 140.0, 190.0, 225.0])
def test_u5_after_a_resume_it_counts_from_the_record(at: float) -> None:
    ran = after_a_kill(at)
    (begun,), (ended,) = ran.told.of(RolloutStarted), ran.told.of(RolloutEnded)
    assert begun.resumed and begun.total == 3
    assert begun.replaced_before + len(begun.old) == 3, "whoever is on its way out is still to go"
    counts = [(int(one[1]), int(one[2]), int(one[3])) for line in ran.lines for one in COUNT.finditer(line) if one[3]]
    assert counts and all(done + left == total == 3 for done, total, left in counts), ran.lines
    assert ended.total == ran.result.total == 3
    assert ran.result.replaced_before + len(ran.result.replaced) == 3
    board = group_of(folded(ran.events), "web")
    assert (board.done, board.total) == (3, 3)
    assert any("3 of 3 replaced" in line for line in ran.lines)


@pytest.mark.parametrize("stop", [0.0, 20.0])
def test_u5_after_ctrl_c_the_count_is_the_truth_and_nothing_is_to_go(stop: float) -> None:
    ran = after_a_kill(130.0, stop=stop)
    board = group_of(folded(ran.events), "web")
    assert board.total == 3
    assert board.done == 3 - ran.left, "as many as are gone in the world"
    turned = next(number for number, line in enumerate(ran.lines) if "turns back" in line)
    assert not any("to go" in line for line in ran.lines[turned:])
    assert any(f"{board.done} of 3 replaced" in line for line in ran.lines[turned:])


def test_u5_a_restore_counts_what_the_run_before_it_replaced() -> None:
    ran = after_a_kill(200.0, verb="restore")
    board = group_of(folded(ran.events), "web")
    assert board.done == 3 - ran.left and board.total == 3
    assert board.done >= 1


def test_u5_both_runs_in_one_recording_count_each_once() -> None:
    ran = after_a_kill(200.0)
    board = group_of(folded([*ran.events, *ran.events]), "web")
    assert (board.done, board.total) == (3, 3)
