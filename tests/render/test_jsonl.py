"""The view for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from async_rollout.core.events import Event, HookSaid
from async_rollout.render.jsonl import Jsonl, encode
from support.told import BAD, EVERYTHING, EVIL, GOOD, NEW, OLD, T

Golden = Callable[[str, list[str]], None]


def written(events: tuple[Event, ...], code: int = 0, error: str = "") -> list[str]:
    lines: list[str] = []
    view = Jsonl(lines.append)
    for event in events:
        view.tell(event)
    view.end(code, error)
    return lines


def read(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def test_two_groups_that_end_badly(golden: Golden) -> None:
    golden("events", written(BAD, 10))


def test_each_line_is_one_object_with_type_schema_and_number() -> None:
    events = read(written(EVERYTHING))
    assert [one["seq"] for one in events] == list(range(1, len(EVERYTHING) + 2))
    assert {one["schema"] for one in events} == {2}
    assert {one["type"] for one in events} == {
        "rollout_started", "stage_changed", "replaced", "acted", "hook_started", "hook_said", "hook_ended", "waiting",
        "capacity_changed", "counted", "goal_changed", "warned", "throttled", "rollout_ended", "fleet_ended", "called",
        "summary", "enrolled", "canary_passed", "newcomer_failed",
    }  # fmt: skip


def test_the_last_line_is_the_summary() -> None:
    summary = read(written(GOOD + BAD, 10))[-1]
    assert (summary["type"], summary["exit_code"]) == ("summary", 10)
    web, api, other = summary["groups"]
    assert (web["failed"], web["parked"], other["failed"], other["parked"]) == ([], [], [NEW], [OLD])
    assert (web["group"], web["replaced"][0], web["missed"]) == ("web", OLD, ["nightly-scale-out"])
    assert (api["group"], api["run"], api["exit_code"]) == ("api", "9f", 10)


def test_a_run_that_could_not_begin_says_why_in_the_summary() -> None:
    assert read(written((), 3, "no such group: wbe")) == [
        {"type": "summary", "schema": 2, "seq": 1, "account": "", "region": "", "exit_code": 3,
         "error": "no such group: wbe", "groups": []}
    ]  # fmt: skip


def test_what_a_hook_says_is_kept_and_is_no_order() -> None:
    line = written((HookSaid(group="web", at=T, instance=OLD, point="up-check", line=EVIL),))[0]
    assert json.loads(line)["line"] == EVIL
    assert "##" not in line
    assert line.isascii() and line.isprintable()


@given(st.text())
def test_any_text_comes_back_as_it_was(text: str) -> None:
    line = encode({"text": text})
    assert json.loads(line) == {"text": text}
    assert "##" not in line and line.isascii() and line.isprintable()
