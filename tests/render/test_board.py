"""The board: one picture a group, folded from events alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from async_rollout.core.actions import Outcome
from async_rollout.core.events import RolloutEnded
from async_rollout.render.board import Board, Sizes, fold, folded
from support.told import BAD, EVERYTHING, GOOD, NEW, OLD, T, group_of, moved, waiting


def test_nothing_said_is_an_empty_picture() -> None:
    web = Board().of(GOOD[0])
    assert (web.total, web.counts, web.verdict) == (0, {}, None)


def test_the_picture_in_the_middle() -> None:
    web = group_of(folded(GOOD[:21]), "web")
    assert (web.base, web.floor, web.ceiling, web.total, web.replaced) == (2, 2, 3, 2, ())
    assert web.stages == {NEW: "available", OLD: "draining"}
    assert web.counts["draining"] == 1
    assert web.sizes == Sizes(minimum=2, desired=3, maximum=4)
    assert web.began_at == T + 12


def test_what_is_gone_is_forgotten_and_what_is_replaced_is_counted() -> None:
    web = group_of(folded(GOOD[:-2]), "web")
    assert web.stages == {NEW: "available"}
    assert web.replaced == (OLD,)


def test_the_end_leaves_nothing_to_wait_for() -> None:
    board = folded(EVERYTHING)
    assert [one.waits for one in board.groups.values()] == [(), (), ()]
    assert group_of(board, "api").verdict is not None
    assert group_of(board, "web").missed == ("nightly-scale-out",)


def test_turning_back_is_seen() -> None:
    api = group_of(folded(BAD[:6]), "api")
    assert api.restoring and api.cause.startswith("the command failed")
    assert api.verdict is None


def test_groups_keep_the_order_in_which_they_were_heard_of() -> None:
    assert [one.name for one in folded(EVERYTHING).groups.values()] == ["web", "api", "b c"]


def test_a_fold_changes_no_board_but_gives_another() -> None:
    before = folded([moved(1, NEW, "launching", None)])
    after = fold(before, moved(2, NEW, "checking", "launching"))
    assert group_of(before, "web").stages == {NEW: "launching"}
    assert group_of(after, "web").stages == {NEW: "checking"}


def test_the_last_waits_are_shown() -> None:
    web = group_of(folded([waiting(1, "a", "b"), waiting(2, "c", "d")]), "web")
    assert [wait.on for wait in web.waits] == ["c"]


@pytest.mark.parametrize("named", [True, False], ids=["as the end has them", "of a release whose end named nobody"])
def test_who_failed_and_who_is_parked_is_known_at_the_end(named: bool) -> None:
    lines = [replace(one, failed=(), parked=()) if isinstance(one, RolloutEnded) else one for one in BAD]
    end = replace(lines[-3], failed=("i-x",), parked=("i-y",)) if named else lines[-3]
    group = group_of(folded([*lines[:-3], end]), "b c")
    assert (group.failed, group.parked) == ((("i-x",), ("i-y",)) if named else ((NEW,), (OLD,)))


def test_the_verdict_is_the_engines() -> None:
    verdict = group_of(folded(GOOD), "web").verdict
    assert verdict is not None and verdict.outcome is Outcome.DONE
