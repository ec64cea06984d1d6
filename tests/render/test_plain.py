"""The plain view: what people read, and that nothing in it can do anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from async_rollout.core.events import Event, FleetEnded, GroupEnd, HookSaid, Throttled, Warned
from async_rollout.render import RENDERERS, stream, view
from async_rollout.render.plain import Plain
from support.told import BAD, EVERYTHING, EVIL, GOOD, NEW, T, moved, waiting

Golden = Callable[[str, list[str]], None]


def utc(at: float) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(at))


def shown(events: Sequence[Event], *, verbose: bool = False, code: int = 0) -> list[str]:
    lines: list[str] = []
    plain = Plain(lines.append, verbose=verbose, stamp=utc)
    for event in events:
        plain.tell(event)
    plain.end(code)
    return lines


def test_a_group_that_ends_well(golden: Golden) -> None:
    golden("plain-good", shown(GOOD))


def test_groups_that_end_badly(golden: Golden) -> None:
    golden("plain-bad", shown(BAD, code=10))


def test_verbose_leaves_nothing_out(golden: Golden) -> None:
    golden("plain-verbose", shown(GOOD, verbose=True))


def test_every_kind_of_event_is_in_the_story() -> None:
    assert {type(event) for event in EVERYTHING} == set(Event.__args__)


@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_an_order_to_a_terminal_or_a_ci(*, verbose: bool) -> None:
    lines = shown(EVERYTHING, verbose=verbose)
    assert any("error::boo" in line for line in lines)
    assert not [line for line in lines if line.startswith("::") or "##[" in line]
    assert all(letter.isprintable() for line in lines for letter in line)


def test_a_group_whose_name_is_an_order_still_begins_with_the_time() -> None:
    event = FleetEnded(at=T, code=1, ends=(GroupEnd(group="::error::x", code=1), GroupEnd(group="b", code=0)))
    assert shown([Warned(group="::error::x", at=T, text="y"), event]) == [
        "08:00:00 ::error::x warning: y",
        "08:00:00 all groups 1 of 2 ended well; exit codes: ::error::x 1",
    ]


@given(st.text(max_size=80))
def test_whatever_a_hook_says_is_one_line_that_begins_with_its_group_and_instance(said: str) -> None:
    (line,) = shown([HookSaid(group="web", at=T, instance=NEW, point="up-check", line=said)])
    assert line.startswith(f"08:00:00 web {NEW} up-check |")
    assert line.isprintable()


def test_what_is_waited_for_is_said_again_after_half_a_minute_only() -> None:
    waits = [waiting(at, "x booting", f"Pending {at}", since=0, limit=600) for at in range(0, 91, 10)]
    assert [line[:8] for line in shown(waits)] == ["08:00:00", "08:00:30", "08:01:00", "08:01:30"]


def test_a_new_wait_is_not_told_right_after_the_change_that_brought_it() -> None:
    change = moved(1, NEW, "launching", None)
    assert len(shown([change, waiting(2, "x booting", "Pending")])) == 1
    assert len(shown([change, waiting(2, "x booting", "Pending"), waiting(32, "x booting", "Pending")])) == 2
    assert len(shown([change, waiting(7, "x booting", "Pending")])) == 2


def test_another_group_that_talks_does_not_hide_a_wait() -> None:
    assert len(shown([moved(1, NEW, "launching", None, group="api"), waiting(2, "x booting", "Pending")])) == 2


def test_a_throttled_call_is_told_once_in_half_a_minute() -> None:
    calls = [Throttled(group="", at=T + at, call="Describe", why="slow", again_in=1.0) for at in (0, 5, 10, 40)]
    assert [line[:8] for line in shown(calls)] == ["08:00:00", "08:00:40"]
    assert len(shown(calls, verbose=True)) == 4


def test_before_the_first_look_the_clock_of_this_machine_gives_the_time() -> None:
    (line,) = shown([Warned(group="web", at=0.0, text=EVIL)])
    assert line[:8] <= utc(time.time())
    assert line[:8] != "00:00:00"


def test_each_view_opens_by_its_name() -> None:
    for name in (one.name for one in RENDERERS):
        lines: list[str] = []
        opened = view(name, lines.append)
        opened.tell(GOOD[0])
        opened.end(0)
        assert lines
        assert stream(name) == ("stdout" if name == "json" else "stderr")
    with pytest.raises(KeyError):
        view("opera", print)
