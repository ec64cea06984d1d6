"""Forty groups: all stand there from the start, the question comes after about one screen, and lines are in order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from async_rollout.cli.confirm import _shown
from async_rollout.cli.plans import AtOnce, fleet_lines
from async_rollout.core.events import Event
from async_rollout.core.plan import Plan
from async_rollout.engine.fleet import roll_out
from async_rollout.engine.preview import plan
from async_rollout.render.board import Board, fold
from async_rollout.render.plain import Plain
from async_rollout.render.rows import frame
from async_rollout.sandbox.virtual import run_virtual
from support.fleets import Told, Wayward, world_of
from support.told import group_of

NAMES = tuple(f"web-{number:02}" for number in range(40))


def rolled(max_groups: int | None) -> Sequence[Event]:
    async def story() -> Sequence[Event]:
        told = Told()
        world = world_of(*NAMES, size=2)
        await roll_out(Wayward(world).groups(*NAMES), tell=told, max_groups=max_groups)
        return told.events

    return run_virtual(story)


def test_u6_all_groups_and_all_instances_stand_there_from_the_start() -> None:
    board, heads = Board(), []
    for event in rolled(4):
        board = fold(board, event)
        if len(board.groups) == len(NAMES):
            heads.append(frame(board, event.at, 200, 60)[0].plain)
    assert len({re.search(r"of (\d+) replaced", head)[1] for head in heads}) == 1  # type: ignore[index]
    assert all(head.startswith("40 groups: ") and " of 80 replaced" in head for head in heads)
    assert heads[0].startswith("40 groups: 40 not begun")


def test_u6_who_waits_for_its_turn_says_so_and_its_time_has_not_begun() -> None:
    board = Board()
    for event in rolled(1):
        board = fold(board, event)
        if len(board.groups) == len(NAMES):
            rows = [row.plain for row in frame(board, event.at, 80, 60)]
            assert sum("0/2" in row for row in rows) == 40
            assert sum("waits for its turn" in row for row in rows) >= 39
            break
    first, last = group_of(board, NAMES[0]), group_of(board, NAMES[-1])
    assert first.took >= last.took == 0.0


def test_u6_lines_are_in_the_order_of_their_times() -> None:
    stamps: list[float] = []

    def stamp(at: float) -> str:
        stamps.append(at)
        return ""

    view = Plain(lambda line: None, stamp=stamp)
    for event in rolled(None):
        view.tell(event)
    assert len(stamps) > 200 and stamps == sorted(stamps)


def plans() -> Sequence[Plan]:
    async def story() -> Sequence[Plan]:
        world = world_of(*NAMES, size=2)
        world.human_starts_refresh("web-07")
        return await plan(Wayward(world).groups(*NAMES))

    return run_virtual(story)


def test_u6_before_the_question_there_is_one_summary() -> None:
    shown = _shown(plans(), AtOnce(), verbose=False)
    assert len(shown) <= 20, "a screen of 24 lines has room for it, and for the question"
    assert "replaces 78 of 78 instances in 39 of 40 groups" in shown[0]
    assert any(line.startswith("refused: web-07: an instance refresh is active") for line in shown)
    assert shown[-1].startswith("40 groups, all at once: ")
    assert len(_shown(plans(), AtOnce(), verbose=True)) > 400, "-v has each by itself"


def test_u6_few_groups_are_shown_whole() -> None:
    few = plans()[:3]
    assert _shown(few, AtOnce(), verbose=False) == fleet_lines(few, AtOnce())
