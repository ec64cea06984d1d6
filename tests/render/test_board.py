"""The board: one picture a group, folded from events alone."""

from __future__ import annotations

from async_rollout.core.actions import Outcome
from async_rollout.render.board import Board, Sizes, fold, folded
from support.told import BAD, EVERYTHING, GOOD, NEW, OLD, T, moved, waiting


def test_nothing_said_is_an_empty_picture() -> None:
    web = Board().group("web")
    assert (web.total, web.counts, web.verdict) == (0, {}, None)


def test_the_picture_in_the_middle() -> None:
    web = folded(GOOD[:21]).group("web")
    assert (web.base, web.floor, web.ceiling, web.total, web.replaced) == (2, 2, 3, 2, ())
    assert web.stages == {NEW: "available", OLD: "draining"}
    assert web.counts["draining"] == 1
    assert web.sizes == Sizes(minimum=2, desired=3, maximum=4)
    assert web.began_at == T + 12


def test_what_is_gone_is_forgotten_and_what_is_replaced_is_counted() -> None:
    web = folded(GOOD[:-2]).group("web")
    assert web.stages == {NEW: "available"}
    assert web.replaced == (OLD,)


def test_the_end_leaves_nothing_to_wait_for() -> None:
    board = folded(EVERYTHING)
    assert [one.waits for one in board.groups.values()] == [(), (), ()]
    assert board.group("api").verdict is not None
    assert board.group("web").missed == ("nightly-scale-out",)


def test_turning_back_is_seen() -> None:
    api = folded(BAD[:6]).group("api")
    assert api.restoring and api.cause.startswith("the command failed")
    assert api.verdict is None


def test_groups_keep_the_order_in_which_they_were_heard_of() -> None:
    assert list(folded(EVERYTHING).groups) == ["web", "api", "b c"]


def test_a_fold_changes_no_board_but_gives_another() -> None:
    before = folded([moved(1, NEW, "launching", None)])
    after = fold(before, moved(2, NEW, "checking", "launching"))
    assert before.group("web").stages == {NEW: "launching"}
    assert after.group("web").stages == {NEW: "checking"}


def test_the_last_waits_are_shown() -> None:
    web = folded([waiting(1, "a", "b"), waiting(2, "c", "d")]).group("web")
    assert [wait.on for wait in web.waits] == ["c"]


def test_the_verdict_is_the_engines() -> None:
    verdict = folded(GOOD).group("web").verdict
    assert verdict is not None and verdict.outcome is Outcome.DONE
