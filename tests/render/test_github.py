"""The view for GitHub Actions: folds, annotations, a summary, and nothing that anybody else says is a command."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from async_rollout.core.events import Event, HookSaid, Warned
from async_rollout.render.board import folded
from async_rollout.render.github import ANNOTATIONS_MAX, Github, summary
from support.told import BAD, EVERYTHING, EVIL, GOOD, OLD, T

Golden = Callable[[str, list[str]], None]


def shown(events: Sequence[Event], code: int = 0, error: str = "") -> list[str]:
    lines: list[str] = []
    seen = Github(lines.append, stamp=lambda at: time.strftime("%H:%M:%S", time.gmtime(at)))
    for event in events:
        seen.tell(event)
    seen.end(code, error)
    return lines


def commands(lines: list[str]) -> list[str]:
    return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


def test_groups_that_end_well_and_badly(golden: Golden) -> None:
    golden("github", shown((*GOOD[:8], *GOOD[-4:], *BAD), 10))


def test_the_summary_is_a_table(golden: Golden) -> None:
    golden("github-summary", summary(folded(EVERYTHING)).splitlines())


def test_a_single_group_needs_no_fold() -> None:
    assert not [line for line in commands(shown(GOOD)) if "group::" in line]


def test_a_run_that_could_not_begin_is_an_error() -> None:
    assert shown((), 3, "no such group: a%b")[-1] == "::error title=async-rollout::no such group: a%25b"


def test_so_many_annotations_as_are_shown() -> None:
    lines = shown([Warned(group=f"g{number}", at=T, text="x") for number in range(30)])
    assert sum(line.startswith("::warning") for line in lines) == ANNOTATIONS_MAX


def test_a_line_that_is_said_is_no_command() -> None:
    lines: list[str] = []
    seen = Github(lines.append)
    seen.say("::add-mask::x")
    seen.say("error: no such group")
    assert lines == ["| ::add-mask::x", "error: no such group"]


@given(st.lists(st.sampled_from(EVERYTHING), max_size=30), st.text(max_size=60))
def test_nothing_from_outside_is_a_command(events: list[Event], text: str) -> None:
    said = [HookSaid(group=f"{text}{EVIL}", at=T, instance=OLD, point="up-check", line=f"{text}::error::{EVIL}")]
    told = [*events, *said, Warned(group=text, at=T, text=f"\n::error::{text}")]
    for line in commands(shown(told)):
        assert line.startswith(("::error title=", "::warning title=", "::group::", "::endgroup::"))
        assert "\n" not in line and "\r" not in line


@given(st.text(max_size=80))
def test_a_cell_is_neither_markdown_nor_html(name: str) -> None:
    text = summary(folded([Warned(group=f"a{name}|<b>[x](y)", at=T, text="x")]))
    row = text.splitlines()[4]
    assert row.count("|") == 6
    assert not set("<>[]`*") & set(row)
