"""A rollback in every view: that it is to come, that it is under way, and of how many."""

from __future__ import annotations

from async_rollout.core.events import Event, GoalChanged, Replaced, RolloutStarted
from async_rollout.render.board import Key, folded
from async_rollout.render.github import Github
from async_rollout.render.lines import lines
from async_rollout.render.rows import frame, kind
from async_rollout.render.timeline import Timeline, add

BACK = "lt-0abc:41"
STORY: tuple[Event, ...] = (
    RolloutStarted(group="web", at=1.0, base=4, floor=4, ceiling=5, old=("i-1", "i-2", "i-3", "i-4"), total=4),
    Replaced(group="web", at=60.0, instance="i-1", left=3),
    GoalChanged(group="web", at=100.0, cause="2 new instances failed", code=1, toward=BACK),
    RolloutStarted(group="web", at=130.0, base=4, floor=4, ceiling=5, old=("i-5",), total=1, toward=BACK),
)


def test_lines_say_that_it_comes_and_that_it_is_there() -> None:
    told = list[str]()
    for number, event in enumerate(STORY):
        before, after = (folded(STORY[:end]).of(event) for end in (number, number + 1))
        told += lines(before, after, event, verbose=False)
    assert any("everything is put back, then rolled back to version 41 of lt-0abc" in line for line in told)
    assert "rolls back to version 41 of lt-0abc: 1 to go, floor 4, ceiling 5" in told


def test_a_row_says_so_and_counts_what_is_left_of_it() -> None:
    board = folded(STORY)
    (group,) = board.groups.values()
    assert (kind(group), group.total, group.done, group.restoring) == ("back", 1, 0, False)
    shown = "\n".join(line.plain for line in frame(board, 140.0, 120, 20))
    assert "rolls back" in shown


def test_the_pages_and_annotations_name_it() -> None:
    written: list[str] = []
    view = Github(written.append, stamp=lambda at: "")
    for event in STORY:
        view.tell(event)
    assert any("then rolled back to version 41 of lt-0abc: 2 new instances failed" in line for line in written)
    known = dict[Key, Timeline]()
    for event in STORY:
        add(known, event)
    notes = [text for line in known.values() for _, text in line.notes]
    assert "turned back: 2 new instances failed; then to be rolled back to version 41 of lt-0abc" in notes
    assert "rolls back to version 41 of lt-0abc" in notes
