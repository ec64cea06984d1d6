"""What is said last says one time and one count everywhere; and what is cut is neither reason nor time left."""

from __future__ import annotations

import re
from collections.abc import Sequence

import anyio
import pytest

from async_rollout.core.events import Counted, Event, Waiting
from async_rollout.core.spec import RolloutSpec
from async_rollout.engine.fleet import roll_out
from async_rollout.render.board import folded
from async_rollout.render.plain import Plain
from async_rollout.render.rows import frame
from async_rollout.render.words import lasting
from async_rollout.sandbox.virtual import run_virtual
from support.fleets import Told, Wayward, world_of

TIME = re.compile(r"\b(?:\d+h)?\d+m\d\ds|\b\d+m\b")


def rolled(*names: str) -> Sequence[Event]:
    async def story() -> Sequence[Event]:
        told = Told()
        await roll_out(Wayward(world_of(*names)).groups(*names), RolloutSpec(), tell=told)
        return told.events

    return run_virtual(story)


@pytest.fixture(scope="module")
def events() -> Sequence[Event]:
    return rolled("web")


def last_rows(events: Sequence[Event], width: int) -> list[str]:
    board = folded(events)
    return [row.plain for row in frame(board, max(one.at for one in events), width, 24)]


@pytest.mark.parametrize("width", [80, 140])
def test_u8_headline_row_and_last_line_say_the_same_seconds(events: Sequence[Event], width: int) -> None:
    lines: list[str] = []
    view = Plain(lines.append, stamp=lambda at: "")
    for event in events:
        view.tell(event)
    headline, row = last_rows(events, width)
    (said,) = [line for line in lines if " done: " in line]
    times = {TIME.findall(text)[-1] for text in (headline, row, said)}
    assert len(times) == 1, (headline, row, said)


def test_u8_the_last_row_has_the_promise_as_it_was_kept(events: Sequence[Event]) -> None:
    counts = [one for one in events if isinstance(one, Counted)]
    least, most = min(one.available for one in counts), max(one.total for one in counts)
    assert f"{least}≥3 {most}≤4" in last_rows(events, 80)[1]
    assert f"least {least} (floor 3)  most {most} (ceiling 4)" in last_rows(events, 140)[1]


def test_u8_of_many_groups_the_headline_spans_them_all() -> None:
    events = rolled("web", "api")
    board = folded(events)
    whole = max(one.at for one in board.groups.values()) - min(one.first_at for one in board.groups.values())
    assert lasting(whole) in last_rows(events, 80)[0]


def test_u7_at_80_columns_nothing_that_matters_is_cut(events: Sequence[Event]) -> None:
    shown = 0
    for number, event in enumerate(events):
        if not isinstance(event, Waiting) or not event.waits:
            continue
        row = frame(folded(events[: number + 1]), event.at, 80, 24)[1].plain
        why = event.waits[0].why.split(",")[0][:12]
        if " left; " in row:
            left = row.index(" left; ")
            assert left < 45, row
            shown += 1
        assert re.sub(r"i-[0-9a-f]{6}[0-9a-f]+.*", "", why) in row, (row, event.waits[0])
    assert shown > 3


@pytest.mark.parametrize(("width", "most"), [(80, 26), (200, 85)])
def test_u7_the_time_left_stands_before_all_that_is_cut(events: Sequence[Event], width: int, most: int) -> None:
    rows = [
        frame(folded(events[: number + 1]), event.at, width, 24)[1].plain
        for number, event in enumerate(events)
        if isinstance(event, Waiting)
    ]
    lefts = [row.index(found[0]) for row in rows if (found := re.search(r"(?:about )?\d+m?\d*s? left", row))]
    assert lefts and max(lefts) <= most


def test_u7_the_reason_of_a_failure_stands_before_its_time(events: Sequence[Event]) -> None:
    async def story() -> Sequence[Event]:
        told = Told()
        world = world_of("web")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_meddle, world)
            await roll_out(Wayward(world).groups("web"), RolloutSpec(), tell=told)
            tasks.cancel_scope.cancel()
        return told.events

    row = last_rows(run_virtual(story), 80)[1]
    assert re.search(r"failed: .{20}", row), row
    assert len(row) < 80


async def _meddle(world: object) -> None:
    """An instance refresh of somebody's begins in the middle: a reason to halt."""
    await anyio.sleep(120.0)
    world.human_starts_refresh("web")  # type: ignore[attr-defined]
