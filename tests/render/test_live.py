"""The live view: rows that fit, lines that stay, and a last frame; a terminal emulator shows what people would see."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.core.actions import Outcome, Verdict
from async_rollout.core.events import Counted, Event, HookSaid, Replaced, RolloutEnded, RolloutStarted, Waiting
from async_rollout.render import view
from async_rollout.render.board import folded
from async_rollout.render.live import Live
from async_rollout.render.rows import ASCII, FINE, Glyphs, frame
from support.screen import Terminal
from support.told import BAD, EVERYTHING, EVIL, GOOD, NEW, OLD, T, waiting

Golden = Callable[[str, list[str]], None]


def rows(events: Sequence[Event], width: int, height: int, now: float = T + 125, glyphs: Glyphs = FINE) -> list[str]:
    return [row.plain for row in frame(folded(events), now, width, height, glyphs)]


MIDDLE = GOOD[:-5]
"""One old one terminates."""
TOLD = (*MIDDLE, *BAD[:6], *BAD[7:], *BAD[6:7])


@pytest.mark.parametrize(("width", "height"), [(40, 10), (80, 24), (200, 50)])
def test_the_rows_of_three_groups(golden: Golden, width: int, height: int) -> None:
    golden(f"rows-{width}", rows(TOLD, width, height))


def test_a_terminal_without_utf_8_has_its_own_signs(golden: Golden) -> None:
    found = rows(TOLD, 80, 24, glyphs=ASCII)
    assert all(row.isascii() for row in found)
    golden("rows-ascii", found)


def many(count: int) -> list[Event]:
    """Groups that begin; every tenth has failed, every third of the others is done."""
    events: list[Event] = []
    for number in range(count):
        name = f"service-{number:03}"
        start = RolloutStarted(group=name, at=T, run="1", base=2, floor=2, ceiling=3, old=(OLD, "i-0c"))
        code = 1 if number % 10 == 0 else 0
        outcome = Outcome.FAILED if code else Outcome.DONE
        end = RolloutEnded(group=name, at=T + 9, verdict=Verdict(outcome=outcome, code=code, why="x"), seconds=9.0)
        events += [start, end] if number % 10 == 0 or number % 3 == 0 else [start]
    return events


def test_a_hundred_groups_fit_on_24_lines_failures_first() -> None:
    found = rows(many(100), 80, 24)
    assert len(found) <= 20
    assert all(row.startswith("\u2716 service") for row in found[1:11])
    assert "100 groups: 10 failed, 60 under way, 30 done" in found[0]
    assert found[-1].strip() == "\u2026 and 82 more: 52 under way, 30 done"


def test_a_long_name_keeps_both_ends() -> None:
    assert {row.split()[1] for row in rows(many(11), 40, 24)[1:]} == {
        f"servi\u2026-{number:03}" for number in range(11)
    }


@pytest.mark.parametrize("height", [1, 2, 3, 5, 10])
def test_a_low_screen_is_never_overfilled(height: int) -> None:
    assert len(rows(many(30), 80, height)) <= max(1, height - 1)


def test_what_happens_scrolls_by_and_stays(golden: Golden) -> None:
    seen = Terminal(100, 30).see(EVERYTHING)
    seen.painter.end(10)
    golden("live", seen.all_lines())


def test_how_often_it_is_painted_changes_nothing_that_stays() -> None:
    often, seldom = Terminal(100, 30).see(EVERYTHING), Terminal(100, 30).see(EVERYTHING, paint=7)
    for one in (often, seldom):
        one.now = 99.0  # it took its time, and the last frame does not show it
        one.painter.end(0)
    assert often.all_lines() == seldom.all_lines()


def test_the_rows_are_drawn_over_themselves_once_a_second() -> None:
    seen = Terminal(80, 24).see(MIDDLE)
    before = seen.shown()
    seen.painter.paint()
    drawn = len(seen.chunks)
    seen.painter.paint()
    assert len(seen.chunks) == drawn, "nothing changed, nothing is written"
    seen.now = 5.0
    seen.painter.paint()
    after = seen.shown()
    assert len(before) == len(after) and before[:-2] == after[:-2] and before[-2:] != after[-2:]


def test_what_somebody_types_spoils_no_row() -> None:
    """A terminal shows the ^C of who presses Ctrl-C, where the cursor stands."""
    seen = Terminal(80, 24).see(MIDDLE)
    before = seen.shown()[-2:]
    seen.typed("^C")
    seen.painter.say("stopping")
    seen.painter.paint()
    assert seen.shown()[-3:] == ["stopping", *before]


def test_long_lines_break_between_words_but_commands_stay_in_one_piece() -> None:
    line = HookSaid(group="web", at=T, instance=OLD, point="up-check", line="many words " * 9)
    seen = Terminal(60, 24).see([line])
    _, *rest = seen.shown()[:-2]
    assert rest and all(one.startswith("    ") and " word " not in f"{one} " for one in rest)
    end = RolloutEnded(group="web" * 9, at=T, verdict=Verdict(outcome=Outcome.PAUSED, code=1, why="x", next="run"))
    assert f"next: async-rollout run -a {'web' * 9}" in "\n".join(Terminal(40, 24).see([end]).chunks)


def test_a_promise_that_does_not_hold_is_seen() -> None:
    low = Counted(group="web", at=T, available=1, floor=2, total=4, ceiling=3, out=0)
    (_, row) = frame(folded([*MIDDLE, low]), T, 80, 24)
    assert "1<2 4>3" in row.plain
    assert [str(span.style) for span in row.spans if row.plain[span.start : span.end] in ("1<2", "4>3")] == [
        "bold red"
    ] * 2
    assert "healthy 1 (floor 2)  total 4 (ceiling 3)" in rows([*MIDDLE, low], 130, 24)[1]


def test_stopped_as_ordered_is_no_failure_unless_something_is_left() -> None:
    def ended(*left: str) -> Event:
        return RolloutEnded(group="w", at=T, verdict=Verdict(outcome=Outcome.STOPPED, code=130, why="x", left=left))

    assert "1 stopped" in rows([ended()], 80, 24)[0] and rows([ended()], 80, 24)[1].startswith("\u25a0")
    assert "1 failed" in rows([ended("maximum is 5")], 80, 24)[0]


def test_the_time_left_of_all_is_at_least_that_of_those_that_know_theirs() -> None:
    through = [*GOOD[:3], Replaced(group="web", at=T + 112, instance=OLD, left=1)]
    other = RolloutStarted(group="api", at=T, run="1", base=2, floor=2, ceiling=3, old=(OLD,))
    assert rows(through, 80, 24, T + 112)[0].endswith("about 1m40s left")
    assert rows([*through, other], 80, 24, T + 112)[0].endswith("more than 1m40s left")


def test_a_terminal_without_utf_8_gets_no_other_letter_and_no_longer_row() -> None:
    wait = replace(waiting(1, "ü booting", "für " * 40), group="gräße")
    found = rows([wait], 60, 24, glyphs=ASCII)
    assert all(row.isascii() and len(row) < 60 for row in found)
    assert "gr\\xe4\\xdfe" in found[1]


def test_a_terminal_that_gets_narrower_keeps_no_rest_of_a_row() -> None:
    seen = Terminal(100, 30).see(MIDDLE)
    seen.painter.paint()
    before = rows(MIDDLE, 100, 30, now=T + 115)
    seen.size = 20, 30
    seen.now = 3.0
    seen.painter.paint()
    wrapped = sum(-(-len(row) // 20) for row in before)
    assert wrapped > len(before)
    assert f"\x1b[{wrapped}A\x1b[J" in seen.chunks[-1]


def test_a_line_of_its_own_scrolls_by_too() -> None:
    seen = Terminal(80, 24).see(MIDDLE)
    seen.painter.say("stopping: no more removals")
    seen.painter.paint()
    assert seen.shown()[-3] == "stopping: no more removals"


def test_what_a_hook_says_neither_steers_nor_styles() -> None:
    said = HookSaid(group=f"we[b]{EVIL}", at=T, instance=f"{OLD}[red]", point="up-check", line=EVIL)
    wait = waiting(1, f"[blink]{EVIL}", EVIL)
    seen = Terminal(200, 10, color="truecolor").see([said, replace(wait, group=said.group)])
    text = "\n".join(seen.chunks)
    assert "[bold]x[/]" in text and "[blink]" in text
    assert "\x1b[31mred" not in text and "\u202e" not in text
    assert not [line for line in seen.all_lines() if line.startswith("::")]


def test_without_colours_no_colour_is_written() -> None:
    styled = re.compile(r"\x1b\[[0-9;]*m")
    assert not [chunk for chunk in Terminal(80, 24).see(EVERYTHING).chunks if styled.search(chunk)]
    assert [chunk for chunk in Terminal(80, 24, color="standard").see(EVERYTHING).chunks if styled.search(chunk)]


@given(st.lists(st.sampled_from(EVERYTHING), max_size=40), st.integers(1, 200), st.integers(1, 60))
def test_any_events_on_any_screen_are_rows_that_fit(events: list[Event], width: int, height: int) -> None:
    found = frame(folded(events), T + 200, width, height)
    assert all(row.cell_len < max(2, width) for row in found)
    assert len(found) <= max(1, height - 1)


def test_the_thread_draws_and_ends_with_the_last_frame() -> None:
    lines: list[str] = []
    live = view("live", lines.append)
    assert isinstance(live, Live) and not live.in_place
    for event in EVERYTHING:
        live.tell(event)
    live.say("a word")
    live.end(0)
    text = "\n".join(lines)
    assert live.in_place and "a word" in text and "3 groups" in lines[-1]
    assert "live view" not in {one.name for one in threading.enumerate()}


def test_frames_are_left_out_while_the_terminal_is_behind() -> None:
    lines: list[str] = []
    live = view("live", lines.append, behind=lambda: True)
    for event in EVERYTHING:
        live.tell(event)
    assert lines == []
    live.end(0)
    assert len(lines) == 1 and "all groups" in lines[0]


def test_a_wait_without_end_and_a_hook_of_no_group_are_shown() -> None:
    wait = Waiting(group="w", at=T, waits=waiting(0, "AWS", "no answer").waits)
    assert "AWS: no answer, 2m05s" in rows([wait], 80, 24)[1]
    assert NEW[:8] in rows(MIDDLE[:9], 80, 24)[1]
